import HTTPTypes
import Hummingbird
import NIOCore

/// An answer that is in memory as a whole, so that it can be kept and given again.
struct WholeAnswer: Sendable {
    let status: HTTPResponse.Status
    let headers: HTTPFields
    let body: [UInt8]

    var response: Response {
        Response(
            status: self.status,
            headers: self.headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: self.body))
        )
    }
}
