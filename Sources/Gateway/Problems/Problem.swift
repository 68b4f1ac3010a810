import AccessControl
package import CollimatorCore
import HTTPTypes
package import Hummingbird
import NIOCore

/// The wire form of an error: a problem document (RFC 9457).
///
/// Everything in it is fixed text of ours but the request id and the places of faults; nothing of the request or of an upstream's answer is
/// repeated.
package struct Problem: Sendable {
    package let code: CollimatorError.Code
    package let detail: StaticString?
    package let retryAfterSeconds: Int?
    package let requestID: String
    /// What is wrong with a policy, where that is the matter.
    var faults: [PolicyFaults.Fault] = []

    package init(
        _ code: CollimatorError.Code,
        detail: StaticString? = nil,
        retryAfterSeconds: Int? = nil,
        requestID: String
    ) {
        self.code = code
        self.detail = detail
        self.retryAfterSeconds = retryAfterSeconds
        self.requestID = requestID
    }

    package init(_ error: CollimatorError, requestID: String) {
        self.init(
            error.code,
            detail: error.publicDetail,
            retryAfterSeconds: error.retryAfterSeconds,
            requestID: requestID
        )
        self.faults = (error.cause as? PolicyFaults)?.faults ?? []
    }

    /// The HTTP answer, with the headers that go with the code.
    package func response() -> Response {
        Response(
            status: HTTPResponse.Status(code: self.code.status),
            headers: self.headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: self.body))
        )
    }

    /// The headers that go with the code.
    var headers: HTTPFields {
        var headers: HTTPFields = [
            .contentType: "application/problem+json",
            .cacheControl: "no-store",
        ]
        if self.code == .unauthenticated {
            headers[.wwwAuthenticate] = "Bearer"
        }
        if let retryAfterSeconds = self.retryAfterSeconds {
            headers[.retryAfter] = String(retryAfterSeconds)
        }
        return headers
    }

    /// The document itself.
    var body: [UInt8] {
        var members: [(String, JSONValue)] = [
            ("type", .string("urn:collimator:problem:\(self.code.rawValue)")),
            ("title", .string(self.code.title)),
            ("status", .integer(self.code.status)),
            ("code", .string(self.code.rawValue)),
        ]
        if let detail = self.detail {
            members.append(("detail", .string("\(detail)")))
        }
        if !self.faults.isEmpty {
            let errors = self.faults.map { fault in
                JSONValue.object([("place", .string(fault.place)), ("problem", .string(fault.problem.rawValue))])
            }
            members.append(("errors", .array(errors)))
        }
        members.append(("requestId", .string(self.requestID)))
        return JSONValue.object(members).encoded()
    }
}
