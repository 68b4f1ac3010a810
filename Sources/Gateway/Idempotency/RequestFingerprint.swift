import HTTPTypes
import Hummingbird

/// What tells a repeated request from another one with the same key, but for its body.
struct RequestFingerprint: Hashable, Sendable {
    let method: String
    let target: String
    let contentType: String?
    let contentLength: String?

    init(_ request: Request) {
        self.method = request.method.rawValue
        self.target = request.uri.string
        self.contentType = request.headers[.contentType]
        self.contentLength = request.headers[.contentLength]
    }
}
