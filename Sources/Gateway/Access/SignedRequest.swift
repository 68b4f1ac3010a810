import HTTPTypes
import Hummingbird
import Identity

/// A request for a picture or a document whose address is signed.
struct SignedRequest: Sendable {
    /// The name of the parameter, which is the last of the query.
    static let parameter = "signature"

    let signature: String
    let path: String
    /// What is before the signature, as it came.
    let query: String
    /// The request without its signature.
    let request: Request

    /// Nil where the request is not to read a picture or a document, or has no signature.
    init?(_ request: Request, route: String?) {
        guard request.method == .get || request.method == .head, let route, Self.isPicture(route),
            let text = request.head.path, let mark = text.firstIndex(of: "?")
        else { return nil }
        var parts = text[text.index(after: mark)...].split(separator: "&", omittingEmptySubsequences: false)
        guard let last = parts.popLast(), last.hasPrefix("\(Self.parameter)=") else { return nil }
        self.signature = String(last.dropFirst(Self.parameter.count + 1))
        self.path = String(text[..<mark])
        self.query = parts.joined(separator: "&")
        var head = request.head
        head.path = self.query.isEmpty ? self.path : "\(self.path)?\(self.query)"
        self.request = Request(head: head, body: request.body)
    }

    private static let roots = ["/api/v1/stores/{store}/studies/", "/dicomweb/{store}/studies/"]
    private static let ends = ["/thumbnail", "/rendered", "/document"]

    /// Whether an address is signed that a route with this template answers to.
    private static func isPicture(_ route: String) -> Bool {
        Self.roots.contains { route.hasPrefix($0) } && Self.ends.contains { route.hasSuffix($0) }
    }
}
