import HTTPTypes
import Hummingbird
import NIOCore

/// A file that is part of the executable, ready to be sent.
///
/// Browsers ask each time whether theirs is still the one: the next version of the program has others.
struct FixedFile: Sendable {
    private let body: ByteBuffer
    private let type: String
    private let tag: EntityTag

    init(_ bytes: [UInt8], type: String) {
        self.body = ByteBuffer(bytes: bytes)
        self.type = type
        self.tag = EntityTag(of: bytes)
    }

    /// The file, or 304 where the client has it already.
    func answer(to request: Request, headers: HTTPFields = [:]) -> Response {
        var headers = headers
        headers[.cacheControl] = "no-cache"
        headers[.eTag] = self.tag.text
        if self.tag.isHeld(by: request) { return Response(status: .notModified, headers: headers) }
        headers[.contentType] = self.type
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: self.body))
    }
}
