import CollimatorCore
import HTTPTypes
import Hummingbird
import NIOCore

/// The headers of an upstream's answer that a client gets; every other one is left behind, hop-by-hop ones too.
private let answerHeaders: [HTTPField.Name] = [.contentType, .contentLength, .warning]

/// An upstream's answer as ours, its body handed on as it comes: a chunk is read only when the one before is written.
///
/// `rewriting` replaces the upstream's own URL in the body; the length is then not known ahead. What was not told to
/// be of a kind (``refuseStrangeMedia(_:allowing:)``) should not be passed on. A fault after the
/// first byte cuts the connection: nothing is written to make the body look whole.
func passThrough(_ answer: UpstreamResponse, rewriting rewrite: (any BodyRewriter)? = nil) -> Response {
    var headers = passedHeaders(answer)
    if rewrite != nil { headers[.contentLength] = nil }
    let length = headers[.contentLength].flatMap { Int($0) }
    let bytes = answer.body
    let body = streamedBody(of: length) { writer in
        var rewrite = rewrite
        var share = ThreadShare()
        for try await chunk in bytes {
            await share.spend(chunk.readableBytes)
            guard var replacer = rewrite else {
                try await writer.write(chunk)
                continue
            }
            let part = try replacer.append(chunk)
            rewrite = replacer
            if part.readableBytes > 0 { try await writer.write(part) }
        }
        if var replacer = rewrite {
            let rest = try replacer.finish()
            if rest.readableBytes > 0 { try await writer.write(rest) }
        }
    }
    return Response(status: HTTPResponse.Status(code: answer.status), headers: headers, body: body)
}

/// The headers of an upstream's answer as ours.
func passedHeaders(_ answer: UpstreamResponse) -> HTTPFields {
    var headers = HTTPFields()
    for name in answerHeaders {
        headers[name] = answer.headers[name]
    }
    headers[.via] = "1.1 collimator"
    // What a caller may see changes, and what is shown is personal: nobody keeps it without asking.
    headers[.cacheControl] = "private, no-cache"
    headers[.vary] = varyByCallerAndAccept
    return headers
}

/// Throws what a failed answer means for our client, leaving the upstream's body unread.
func refuseFailure(_ answer: UpstreamResponse, accepting accepted: Set<Int>) throws(CollimatorError) {
    guard !accepted.contains(answer.status) else { return }
    throw upstreamFailure(status: answer.status, retryAfterSeconds: RetryAfter(answer.headers)?.seconds)
}

extension HTTPField.Name {
    /// What went wrong though the answer is good, as PS3.18 §8.5.3 uses it.
    static let warning = HTTPField.Name.known("Warning")
    fileprivate static let via = HTTPField.Name.known("Via")
}
