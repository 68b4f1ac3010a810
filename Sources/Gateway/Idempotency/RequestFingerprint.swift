import Cryptography
import HTTPTypes
import Hummingbird

/// What tells a repeated request from another one with the same key, but for its body.
///
/// It is a hash, so that what is kept of a request has one size whatever the request was.
struct RequestFingerprint: Hashable, Sendable {
    private let digest: [UInt8]

    init(_ request: Request) {
        var hash = SHA256()
        let parts = [
            request.method.rawValue, request.uri.string, request.headers[.contentType],
            request.headers[.contentLength],
        ]
        for part in parts {
            // Told by its length where it ends, and from none at all.
            hash.update("\(part?.utf8.count ?? -1):\(part ?? "")".utf8)
        }
        self.digest = hash.finalize()
    }
}
