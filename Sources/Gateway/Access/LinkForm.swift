import CollimatorCore
import Hummingbird
import Identity

/// How the addresses of pictures and documents stand in an answer: as they are, or signed for the caller, so that `<img>` and viewers
/// that drop headers can load them.
enum LinkForm: Sendable {
    case plain
    case signed

    /// The name of the parameter.
    static let parameter = "links"

    /// Reads `?links=signed`.
    init(_ parameters: QueryParameters) throws(CollimatorError) {
        switch try parameters.single(Self.parameter) {
        case nil: self = .plain
        case "signed": self = .signed
        default:
            throw CollimatorError(
                .invalidInput,
                "links is something unknown",
                publicDetail: "The parameter links takes the word signed."
            )
        }
    }

    /// Reads the query of a route that takes no other parameter.
    init(only request: Request) throws(CollimatorError) {
        let parameters = try QueryParameters(parsing: request.uri.query)
        try parameters.refuseUnknown(
            known: [Self.parameter],
            detail: "The request has an unknown parameter. Known is links."
        )
        try self.init(parameters)
    }

    /// The members of `links` that lead to pictures and documents.
    private static let pictures: Set<String> = ["thumbnail", "rendered", "document"]

    /// The same answer with the addresses in this form.
    func applied(to value: JSONValue, by links: SignedLinks, for caller: Caller) throws(CollimatorError) -> JSONValue {
        guard self == .signed else { return value }
        return try Self.sign(value, isLinks: false, by: links, for: caller)
    }

    private static func sign(
        _ value: JSONValue,
        isLinks: Bool,
        by links: SignedLinks,
        for caller: Caller
    ) throws(CollimatorError) -> JSONValue {
        switch value {
        case .array(let elements):
            var signed: [JSONValue] = []
            for element in elements { signed.append(try Self.sign(element, isLinks: false, by: links, for: caller)) }
            return .array(signed)
        case .object(let members):
            var signed: [(String, JSONValue)] = []
            for (name, value) in members {
                if isLinks, Self.pictures.contains(name), case .string(let address) = value {
                    signed.append((name, .string(try Self.sign(address, by: links, for: caller))))
                } else {
                    signed.append((name, try Self.sign(value, isLinks: name == "links", by: links, for: caller)))
                }
            }
            return .object(signed)
        case .null, .bool, .integer, .string, .written, .writtenBytes: return value
        }
    }

    /// The address with a signature for the caller.
    static func sign(
        _ address: String,
        by links: SignedLinks,
        for caller: Caller
    ) throws(CollimatorError) -> String {
        let parts = address.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let query = parts.count > 1 ? String(parts[1]) : ""
        let signature = try links.signature(for: caller, path: String(parts[0]), query: query)
        return "\(address)\(query.isEmpty ? "?" : "&")\(SignedRequest.parameter)=\(signature)"
    }
}
