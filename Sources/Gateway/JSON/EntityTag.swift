import Cryptography
import HTTPTypes
import Hummingbird
import NIOCore

/// A strong entity tag, made of the content.
struct EntityTag: Sendable {
    /// As it stands in `ETag`, with its quotation marks.
    let text: String

    /// How much of the hash makes the tag: enough that two contents never share one.
    private static let hashBytes = 16

    init(of content: [UInt8]) {
        self.text = "\"\(Base64URL.encode(Array(SHA256.hash(content).prefix(Self.hashBytes))))\""
    }

    /// Whether the client has the content already: `If-None-Match` names the tag, compared weakly (RFC 9110 §13.1.2).
    func isHeld(by request: Request) -> Bool {
        request.headers[values: .ifNoneMatch].contains { field in
            field.split(separator: ",").contains { candidate in
                var candidate = candidate.drop(while: { $0 == " " })
                while candidate.last == " " { candidate.removeLast() }
                return candidate == "*" || candidate == self.text || candidate == "W/\(self.text)"
            }
        }
    }
}

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
