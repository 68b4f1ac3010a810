import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird
import NIOCore

/// Passes a JSON array on while it is one, and ends with `upstream-invalid` where it no longer is.
struct CheckedList: BodyRewriter {
    private var check = JSONListCheck()
    /// What else is done to the body.
    private var further: (any BodyRewriter)?

    init(rewriting further: (any BodyRewriter)?) {
        self.further = further
    }

    mutating func append(_ chunk: ByteBuffer) throws -> ByteBuffer {
        do throws(JSONListCheck.Fault) {
            try self.check.append(chunk)
        } catch {
            throw Self.broken(error)
        }
        return try self.further?.append(chunk) ?? chunk
    }

    mutating func finish() throws -> ByteBuffer {
        do throws(JSONListCheck.Fault) {
            try self.check.finish()
        } catch {
            throw Self.broken(error)
        }
        return try self.further?.finish() ?? ByteBuffer()
    }

    private static func broken(_ cause: JSONListCheck.Fault) -> CollimatorError {
        CollimatorError(
            .upstreamInvalid,
            "upstream: a list of data sets is no JSON",
            publicDetail: "The DICOM store answered with something that is not DICOMweb.",
            cause: cause
        )
    }
}

/// A body that one task begins to read and another goes on with: its beginning before the answer, the rest as the answer.
actor BodyReader {
    private var iterator: (any AsyncIteratorProtocol<ByteBuffer, any Error>)?
    private let body: ByteStream
    private var hasBegun = false

    init(_ body: ByteStream) {
        self.body = body
    }

    /// The next chunk; nil at the end, and after it.
    func next() async throws -> ByteBuffer? {
        if !self.hasBegun {
            self.hasBegun = true
            self.iterator = self.body.makeAsyncIterator()
        }
        // It is taken out while it waits: nobody else reads meanwhile.
        guard var iterator = self.iterator else { return nil }
        self.iterator = nil
        guard let chunk = try await iterator.next(isolation: self) else { return nil }
        self.iterator = iterator
        return chunk
    }
}

/// The body of an answer that comes as chunks, as ours: read ahead so far that a short one is known as a whole before
/// the answer begins.
///
/// Such a one has a tag and 304, and what is wrong with it is told as a problem. Of a longer one nothing more is held
/// than `bytesMax`; what is wrong further on cuts the connection. `tag` is the one that the store gave, if it did.
/// `headers` say at least what the body is and what it varies by.
func heldAnswer(
    _ body: ByteStream,
    rewriting rewrite: (any BodyRewriter)? = nil,
    _ headers: HTTPFields,
    tag: EntityTag? = nil,
    upTo bytesMax: Int,
    to request: Request
) async throws -> Response {
    let reader = BodyReader(body)
    var headers = headers
    headers[.contentLength] = nil
    var rewrite = rewrite
    var held = ByteBuffer()
    var isWhole = false
    while !isWhole, held.readableBytes < bytesMax {
        if let chunk = try await reader.next() {
            held.writeImmutableBuffer(try rewrite?.append(chunk) ?? chunk)
        } else {
            isWhole = true
            if let rest = try rewrite?.finish() { held.writeImmutableBuffer(rest) }
        }
    }
    if isWhole {
        // The same bytes under another name are another representation.
        let bytes = Array(held.readableBytesView)
        let tag = tag ?? EntityTag(of: bytes + Array((headers[.contentType] ?? "").utf8))
        return taggedAnswer(bytes, headers, tag: tag, to: request)
    }
    if let tag {
        headers[.eTag] = tag.text
        if tag.isHeld(by: request) { return notModified(headers) }
    }
    let beginning = held
    let further = rewrite
    let rest = ResponseBody { writer in
        var further = further
        var share = ThreadShare()
        try await writer.write(beginning)
        while let chunk = try await reader.next() {
            await share.spend(chunk.readableBytes)
            let part = try further?.append(chunk) ?? chunk
            if part.readableBytes > 0 { try await writer.write(part) }
        }
        if let part = try further?.finish(), part.readableBytes > 0 { try await writer.write(part) }
        try await writer.finish(nil)
    }
    return Response(status: .ok, headers: headers, body: rest)
}
