import CollimatorCore
import Cryptography
import DICOMweb
import Hummingbird

/// The JSON object in the body of a request that changes who may call.
struct AccessBody: Sendable {
    private let members: [String: StrictJSON]

    /// The most bytes that such a body may have where nothing else is said.
    static let bytesMax = 16 * 1024

    /// Reads the body; one that is not there is an object without members where that is allowed.
    ///
    /// - Throws: `unsupported-media-type`, `too-large`, or `invalid-input` for what is no object or has a member that is
    ///   not known: nobody sets a member that is not theirs to set.
    static func read(
        _ request: Request,
        known: Set<String>,
        isOptional: Bool = false,
        bytesMax: Int = Self.bytesMax,
        tooLarge: StaticString = "The body has more than 16 KiB.",
        detail: StaticString
    ) async throws -> AccessBody {
        let bytes = try await Self.collect(request.body, bytesMax: bytesMax, tooLarge: tooLarge)
        if bytes.isEmpty, isOptional { return AccessBody(members: [:]) }
        try Self.refuseOtherMedia(request)
        guard case .object(let members)? = StrictJSON(parsing: bytes), members.keys.allSatisfy(known.contains) else {
            throw CollimatorError(.invalidInput, "a body is not as it should be", publicDetail: detail)
        }
        return AccessBody(members: members)
    }

    /// Reads the body as one JSON value, whatever is in it.
    ///
    /// - Throws: `unsupported-media-type`, `too-large`, or `invalid-input` for what is no JSON.
    static func document(
        _ request: Request,
        bytesMax: Int,
        tooLarge detail: StaticString
    ) async throws -> StrictJSON {
        let bytes = try await Self.collect(request.body, bytesMax: bytesMax, tooLarge: detail)
        try Self.refuseOtherMedia(request)
        guard let document = StrictJSON(parsing: bytes, bytesMax: bytesMax) else {
            throw CollimatorError(
                .invalidInput,
                "a body cannot be parsed",
                publicDetail: "The body is not JSON, or an object in it names a member twice."
            )
        }
        return document
    }

    /// A member that is a text; nil where it is absent or null.
    func text(_ name: String, fault: StaticString) throws(CollimatorError) -> String? {
        switch self.members[name] {
        case nil, .null: return nil
        case .string(let text): return text
        default: throw CollimatorError(.invalidInput, "a member of a body is no text", publicDetail: fault)
        }
    }

    /// A member that is a whole number in a range; nil where it is absent or null.
    func integer(_ name: String, in range: ClosedRange<Int>, fault: StaticString) throws(CollimatorError) -> Int? {
        switch self.members[name] {
        case nil, .null: return nil
        case .integer(let number) where range.contains(Int(number)): return Int(number)
        default: throw CollimatorError(.invalidInput, "a member of a body is out of range", publicDetail: fault)
        }
    }

    /// A member that is a list of texts; nil where it is absent or null.
    func texts(_ name: String, max: Int, fault: StaticString) throws(CollimatorError) -> [String]? {
        switch self.members[name] {
        case nil, .null: return nil
        case .array(let elements) where elements.count <= max:
            let texts = elements.compactMap(\.text)
            if texts.count == elements.count { return texts }
        default: break
        }
        throw CollimatorError(.invalidInput, "a member of a body is no list of texts", publicDetail: fault)
    }

    /// A member that is true or false; nil where it is absent or null.
    func flag(_ name: String, fault: StaticString) throws(CollimatorError) -> Bool? {
        switch self.members[name] {
        case nil, .null: return nil
        case .boolean(let flag): return flag
        default: throw CollimatorError(.invalidInput, "a member of a body is no flag", publicDetail: fault)
        }
    }

    /// A member that is an object of texts; nil where it is absent or null.
    func textsByName(_ name: String, max: Int, fault: StaticString) throws(CollimatorError) -> [String: String]? {
        switch self.members[name] {
        case nil, .null: return nil
        case .object(let members) where members.count <= max:
            let texts = members.compactMapValues(\.text)
            if texts.count == members.count { return texts }
        default: break
        }
        throw CollimatorError(.invalidInput, "a member of a body is no object of texts", publicDetail: fault)
    }

    /// A member as it is; nil where it is absent or null.
    func value(_ name: String) -> StrictJSON? {
        self.members[name].flatMap { $0 == .null ? nil : $0 }
    }

    /// Whether a member is there and null.
    func isNull(_ name: String) -> Bool { self.members[name] == .null }

    private static func refuseOtherMedia(_ request: Request) throws(CollimatorError) {
        guard let type = request.headers[.contentType].flatMap({ DICOMweb.MediaType(parsing: $0) }),
            type.essence == "application/json"
        else {
            throw CollimatorError(
                .unsupportedMediaType,
                "a body is no JSON",
                publicDetail: "The body is application/json."
            )
        }
    }

    /// The bytes of a body.
    ///
    /// - Throws: `too-large`, or `invalid-input` for a body that ends early.
    static func collect(
        _ body: RequestBody,
        bytesMax: Int,
        tooLarge detail: StaticString
    ) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        do {
            for try await chunk in body {
                guard bytes.count + chunk.readableBytes <= bytesMax else {
                    throw CollimatorError(.tooLarge, "a body is too long", publicDetail: detail)
                }
                bytes.append(contentsOf: chunk.readableBytesView)
            }
        } catch let error as CollimatorError {
            throw error
        } catch {
            throw CollimatorError(
                .invalidInput,
                "a body ended early",
                publicDetail: "The body ended before its length.",
                cause: error
            )
        }
        return bytes
    }
}
