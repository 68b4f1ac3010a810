import CollimatorCore
import HTTPTypes
import Hummingbird
import NIOCore

/// In which form a path tells its errors.
enum ErrorForm: Sendable {
    /// Problem documents (RFC 9457).
    case problem
    /// The form of the Healthcare API, which existing scripts parse.
    case cloud

    /// By the matched template, or by the path where none matched; it decides words, and no more of rights
    /// than that a cookie does not count.
    init(route: String?, path: String) {
        let isCloud = [route ?? "", path].contains { $0 == "/v1" || $0.hasPrefix("/v1/") }
        self = isCloud ? .cloud : .problem
    }

    func response(_ error: CollimatorError, requestID: String) -> Response {
        switch self {
        case .problem: Problem(error, requestID: requestID).response()
        case .cloud: CloudProblem(error).response()
        }
    }
}

/// An error as Google's services tell it: `{"error":{"code":404,"message":"…","status":"NOT_FOUND"}}`.
///
/// The message is fixed text of ours.
struct CloudProblem: Sendable {
    let error: CollimatorError

    init(_ error: CollimatorError) {
        // Who may not know what is there gets the words that an unknown name gets.
        self.error =
            error.code == .forbidden || error.code == .notFound
            ? CollimatorError(.notFound, error.reason, cause: error.cause) : error
    }

    func response() -> Response {
        var headers: HTTPFields = [
            .contentType: "application/json; charset=UTF-8",
            .cacheControl: "no-store",
        ]
        // The HTTP library below Google's Python client fails on a challenge without a parameter.
        if self.error.code == .unauthenticated { headers[.wwwAuthenticate] = #"Bearer realm="collimator""# }
        if let seconds = self.error.retryAfterSeconds { headers[.retryAfter] = String(seconds) }
        let message = self.error.publicDetail.map { "\($0)" } ?? "\(self.error.code.title)."
        let (status, name) = self.status
        let body = JSONValue.object([
            (
                "error",
                .object([
                    ("code", .integer(status)),
                    ("message", .string(message)),
                    ("status", .string(name)),
                ])
            )
        ])
        return Response(
            status: HTTPResponse.Status(code: status),
            headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: body.encoded()))
        )
    }

    /// The HTTP status and the name of the canonical code (`google.rpc.Code`).
    private var status: (Int, String) {
        let status = self.error.code.status
        return switch status {
        case 401: (status, "UNAUTHENTICATED")
        case 403: (status, "PERMISSION_DENIED")
        case 404: (status, "NOT_FOUND")
        case 405: (status, "UNIMPLEMENTED")
        case 409: (status, "ALREADY_EXISTS")
        // Google's services have one status for everything that the client did wrong.
        case 412: (400, "FAILED_PRECONDITION")
        case 429, 507: (status, "RESOURCE_EXHAUSTED")
        case 503: (status, "UNAVAILABLE")
        case 504: (status, "DEADLINE_EXCEEDED")
        case 500...: (status, "INTERNAL")
        default: (status, "INVALID_ARGUMENT")
        }
    }
}
