import HTTPTypes
import Hummingbird
import NIOCore

/// A JSON body as an answer to a GET: with an entity tag, and 304 where the client has it already.
///
/// `private, no-cache`: a browser may keep it and must ask before using it, and no shared cache may keep it.
func jsonAnswer(_ value: JSONValue, to request: Request) -> Response {
    jsonAnswer(encoded: value.encoded(), to: request)
}

/// The same for a body that is JSON text already.
func jsonAnswer(encoded body: [UInt8], to request: Request) -> Response {
    let tag = EntityTag(of: body)
    var headers: HTTPFields = [
        .cacheControl: "private, no-cache",
        .eTag: tag.text,
        .vary: varyByCaller,
    ]
    if tag.isHeld(by: request) {
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
