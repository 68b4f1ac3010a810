import CollimatorCore
import Cryptography
import DICOMweb
import Hummingbird

/// A search in the body of a request, for filters that must not be seen in an address.
///
/// A JSON object with the names of the query's parameters: texts, the limit as a number, and lists of texts where a
/// parameter may be repeated.
enum StudySearchBody {
    /// The most bytes that such a body may have.
    static let bytesMax = 64 * 1024

    /// Throws `unsupported-media-type`, `too-large` or `invalid-input`.
    static func read(_ request: Request) async throws -> QueryParameters {
        guard let type = request.headers[.contentType].flatMap({ DICOMweb.MediaType(parsing: $0) }),
            type.essence == "application/json"
        else {
            throw CollimatorError(
                .unsupportedMediaType,
                "a search body is no JSON",
                publicDetail: "The body of a search is application/json."
            )
        }
        return try Self.parse(await Self.collect(request.body))
    }

    private static func collect(_ body: RequestBody) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        do {
            for try await chunk in body {
                guard bytes.count + chunk.readableBytes <= Self.bytesMax else { throw Self.tooLarge }
                bytes.append(contentsOf: chunk.readableBytesView)
            }
        } catch let error as CollimatorError {
            throw error
        } catch {
            throw CollimatorError(
                .invalidInput,
                "a search body ended early",
                publicDetail: "The body ended before its length.",
                cause: error
            )
        }
        return bytes
    }

    /// The members as parameters.
    static func parse(_ bytes: [UInt8]) throws(CollimatorError) -> QueryParameters {
        guard case .object(let members)? = StrictJSON(parsing: bytes) else { throw Self.notAnObject }
        var items: [(name: String, value: String)] = []
        for (name, value) in members.sorted(by: { $0.key < $1.key }) {
            for text in try Self.texts(value, of: name) { items.append((name, text)) }
        }
        guard items.count <= QueryParameters.itemsMax else { throw Self.wrongValue }
        return QueryParameters(items: items)
    }

    private static func texts(_ value: StrictJSON, of name: String) throws(CollimatorError) -> [String] {
        switch value {
        case .string(let text) where name != "limit" && !text.unicodeScalars.contains("\0"): [text]
        case .integer(let number) where name == "limit": [String(number)]
        case .array(let elements) where StudySearch.repeatable.contains(name):
            try elements.map { element throws(CollimatorError) in
                guard let text = element.text else { throw Self.wrongValue }
                return text
            }
        // An unknown name is told as such, whatever stands there.
        default: try Self.refuse(name)
        }
    }

    private static func refuse(_ name: String) throws(CollimatorError) -> [String] {
        guard StudySearch.isKnown(name) else { return [""] }
        throw Self.wrongValue
    }

    private static var tooLarge: CollimatorError {
        CollimatorError(
            .tooLarge,
            "a search body is too large",
            publicDetail: "The body of a search may have 65536 bytes."
        )
    }

    private static var notAnObject: CollimatorError {
        CollimatorError(
            .invalidInput,
            "a search body is no JSON object",
            publicDetail: "The body of a search is a JSON object in UTF-8 that names each member once."
        )
    }

    private static var wrongValue: CollimatorError {
        CollimatorError(
            .invalidInput,
            "a search body has a value of a wrong type",
            publicDetail: """
                In the body of a search the limit is a number; store, modality and studyUid are a text or a list of \
                texts; everything else is a text.
                """
        )
    }
}
