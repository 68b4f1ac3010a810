internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// What a handler answers with: a head, and a body that is there or is made while it is sent.
struct Answer: Sendable {
    var status: HTTPResponse.Status
    var headers: HTTPFields
    var body: Body

    enum Body: Sendable {
        case empty
        case bytes(ByteBuffer)
        /// The closure writes all of the body. An error that it throws cuts the connection: the head is out by then.
        case stream(length: Int?, write: @Sendable (inout any ResponseBodyWriter) async throws -> Void)
    }

    init(status: HTTPResponse.Status = .ok, headers: HTTPFields = [:], body: Body = .empty) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A body of the media type.
    init(status: HTTPResponse.Status = .ok, contentType: String, body: Body) {
        self.init(status: status, headers: [.contentType: contentType], body: body)
    }

    /// JSON text that is there already.
    static func jsonBytes(
        _ bytes: [UInt8],
        status: HTTPResponse.Status = .ok,
        contentType: String = "application/json; charset=UTF-8"
    ) -> Answer {
        Answer(status: status, contentType: contentType, body: .bytes(ByteBuffer(bytes: bytes)))
    }

    /// The answer to an error.
    static func error(_ error: GoogleError, shape: GoogleError.Shape = .object) -> Answer {
        var answer = Answer.jsonBytes(
            error.body(shape).text(.pretty),
            status: HTTPResponse.Status(code: error.status.http)
        )
        answer.headers.append(contentsOf: error.headers)
        return answer
    }
}
