internal import Cryptography
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

extension Call {
    /// The body as a JSON object; an empty body is an empty object, as it is for the upstream.
    func jsonObject() async throws -> [String: StrictJSON] {
        let bytes = try await self.body()
        guard !bytes.isEmpty else { return [:] }
        if let contentType = self.headers[.contentType],
            !contentType.lowercased().hasPrefix("application/json")
        {
            throw GoogleError(.invalidArgument, "The body of the request must be of type application/json.")
        }
        guard case .object(let members)? = StrictJSON(parsing: bytes) else {
            throw GoogleError(
                .invalidArgument,
                "Invalid JSON payload received. Parsing terminated before end of input."
            )
        }
        return members
    }

    /// The whole body, up to the limit of every method but StoreInstances, or up to a lower one.
    func body(upTo bytesMax: Int? = nil) async throws -> [UInt8] {
        do {
            let buffer = try await self.request.body.collect(upTo: bytesMax ?? self.limits.bodyBytesMax)
            return Array(buffer.readableBytesView)
        } catch is NIOTooManyBytesError {
            guard bytesMax == nil else {
                throw GoogleError(.contentTooLarge, "Request payload size exceeds the limit of this method.")
            }
            throw GoogleError.bodyTooLarge
        }
    }

    /// Answers with JSON, as the parameters `fields` and `prettyPrint` ask for it.
    func answer(_ node: JSONNode) throws(GoogleError) -> Answer {
        var node = node
        if let fields = try self.query.value("fields"), !fields.isEmpty {
            guard let mask = FieldMask(fields) else {
                throw GoogleError(.invalidArgument, "The query parameter \"fields\" is no list of field selectors.")
            }
            node = mask.apply(to: node)
        }
        let isPretty = try self.query.boolean("prettyPrint") ?? true
        return .jsonBytes(node.text(isPretty ? .pretty : .compact))
    }
}

extension GoogleError {
    static let bodyTooLarge = GoogleError(.contentTooLarge, "Request payload size exceeds the limit: 10485760 bytes.")
}
