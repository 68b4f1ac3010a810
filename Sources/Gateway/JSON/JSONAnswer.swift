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
    let headers: HTTPFields = [.contentType: "application/json", .vary: varyByCaller]
    return taggedAnswer(body, headers, to: request)
}

/// A body that is in memory as a whole, as an answer to a GET, with a tag and 304 like one of JSON.
///
/// `headers` say at least what the body is and what it varies by; the tag is of the body where none is given.
func taggedAnswer(
    _ body: [UInt8],
    _ headers: HTTPFields,
    tag: EntityTag? = nil,
    to request: Request
) -> Response {
    let tag = tag ?? EntityTag(of: body)
    var headers = headers
    headers[.cacheControl] = "private, no-cache"
    headers[.eTag] = tag.text
    guard !tag.isHeld(by: request) else { return notModified(headers) }
    return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
}

/// What a client is told whose copy is still the one: the fields of the answer but those about its body (RFC 9110
/// §15.4.5).
func notModified(_ headers: HTTPFields) -> Response {
    var headers = headers
    headers[.contentType] = nil
    headers[.contentLength] = nil
    return Response(status: .notModified, headers: headers)
}

/// A JSON body that nobody keeps, as an answer to a POST that asks.
func unstoredJSONAnswer(_ value: JSONValue) -> Response {
    Response(
        status: .ok,
        headers: [.cacheControl: "no-store", .contentType: "application/json"],
        body: ResponseBody(byteBuffer: ByteBuffer(bytes: value.encoded()))
    )
}

/// A JSON body that nobody keeps, as an answer to a POST that made something.
func createdAnswer(_ value: JSONValue, at location: String) -> Response {
    var answer = unstoredJSONAnswer(value)
    answer.status = .created
    answer.headers[.location] = location
    return answer
}

/// What an answer to a caller depends on beside the path: who calls, by header or by cookie, and the page that asks.
let varyByCaller = "Authorization, Cookie, Origin"

/// And on what is wished for.
let varyByCallerAndAccept = "\(varyByCaller), Accept"
