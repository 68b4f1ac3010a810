import CollimatorCore
import HTTPTypes
import Hummingbird
import NIOCore
import Telemetry

/// The answer that ``ConnectionHandler`` gives itself to a request that never reaches a route.
struct RequestRefusal {
    let head: HTTPResponse
    let body: ByteBuffer
    let requestID: String

    init(_ error: CollimatorError) {
        let problem = Problem(error, requestID: RequestID().description)
        let body = problem.body
        var headers = problem.headers
        headers[.contentLength] = String(body.count)
        headers[.connection] = "close"
        headers[requestIDHeader] = problem.requestID
        setProtectiveHeaders(&headers)
        self.head = HTTPResponse(status: HTTPResponse.Status(code: error.code.status), headerFields: headers)
        self.body = ByteBuffer(bytes: body)
        self.requestID = problem.requestID
    }

    static var notHTTP: CollimatorError {
        CollimatorError(
            .invalidInput,
            "the bytes on a connection are not HTTP",
            publicDetail: "The request is not valid HTTP."
        )
    }

    static func error(of fault: HeadFault) -> CollimatorError {
        switch fault {
        case .host:
            CollimatorError(
                .invalidInput,
                "a request without a Host, with two, or with one that is none",
                publicDetail: "The request must have one Host field with a host and perhaps a port."
            )
        case .target:
            CollimatorError(
                .invalidInput,
                "a request whose target is no path, and no address of its Host",
                publicDetail: "The target of the request must be a path, or an address of the host that Host names."
            )
        case .coding:
            CollimatorError(
                .invalidInput,
                "a request with a transfer coding that is not chunked",
                publicDetail: "The only transfer coding that a request may have is chunked."
            )
        }
    }

    static var headTooLarge: CollimatorError {
        CollimatorError(
            .headersTooLarge,
            "the head of a request is too large",
            publicDetail: "The request line and the header fields are larger than this service accepts."
        )
    }

    static var headTooSlow: CollimatorError {
        CollimatorError(
            .requestTimeout,
            "the head of a request did not come to its end",
            publicDetail: "The head of the request did not arrive in time."
        )
    }

    static var bodyTooSlow: CollimatorError {
        CollimatorError(
            .requestTimeout,
            "the body of a request stopped coming",
            publicDetail: "The body of the request did not arrive in time."
        )
    }
}
