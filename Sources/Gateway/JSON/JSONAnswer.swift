import Cryptography
import HTTPTypes
import Hummingbird
import NIOCore

/// A JSON body as an answer to a GET: with an entity tag, and 304 where the client has it already.
///
/// `private, no-cache`: a browser may keep it and must ask before using it, and no shared cache may keep it.
func jsonAnswer(_ value: JSONValue, to request: Request) -> Response {
    let body = value.encoded()
    let tag = "\"\(Base64URL.encode(Array(SHA256.hash(body).prefix(entityTagBytes))))\""
    var headers: HTTPFields = [
        .cacheControl: "private, no-cache",
        .eTag: tag,
        .vary: varyByCaller,
    ]
    if names(tag, in: request.headers[values: .ifNoneMatch]) {
        return Response(status: .notModified, headers: headers)
    }
    headers[.contentType] = "application/json"
    return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
}

/// A JSON body that nobody keeps, as an answer to a POST that asks.
func unstoredJSONAnswer(_ value: JSONValue) -> Response {
    Response(
        status: .ok,
        headers: [.cacheControl: "no-store", .contentType: "application/json"],
        body: ResponseBody(byteBuffer: ByteBuffer(bytes: value.encoded()))
    )
}

/// What an answer to a caller depends on beside the path: who calls, by header or by cookie, and the page that asks.
let varyByCaller = "Authorization, Cookie, Origin"

/// How much of the hash makes the tag: enough that two bodies never share one.
private let entityTagBytes = 16

/// Whether an `If-None-Match` list names the tag, compared weakly (RFC 9110 §13.1.2).
func names(_ tag: String, in fields: [String]) -> Bool {
    fields.contains { field in
        field.split(separator: ",").contains { candidate in
            var candidate = candidate.drop(while: { $0 == " " })
            while candidate.last == " " { candidate.removeLast() }
            return candidate == "*" || candidate == tag || candidate == "W/\(tag)"
        }
    }
}
