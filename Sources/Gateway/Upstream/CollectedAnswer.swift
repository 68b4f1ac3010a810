import CollimatorCore
import Cryptography
import HTTPTypes
import NIOCore

/// An upstream's answer with its body read whole, for those that are small and looked into.
struct CollectedAnswer: Sendable {
    let status: Int
    let headers: HTTPFields
    let bytes: [UInt8]

    /// The longest body of JSON that is read whole.
    static let jsonBytesMax = StrictJSON.textBytesMax

    /// Throws `upstream-invalid` for a body over the limit, in bytes.
    init(_ answer: UpstreamResponse, upTo bytesMax: Int = Self.jsonBytesMax) async throws {
        var bytes: [UInt8] = []
        for try await chunk in answer.body {
            guard bytes.count + chunk.readableBytes <= bytesMax else {
                throw CollimatorError(.upstreamInvalid, "upstream: an answer larger than a limit")
            }
            bytes.append(contentsOf: chunk.readableBytesView)
        }
        self.status = answer.status
        self.headers = answer.headers
        self.bytes = bytes
    }

    /// An answer that refuses: where its body breaks off or is too long, the status alone.
    init(refusal answer: UpstreamResponse) async throws {
        do {
            try await self.init(answer)
        } catch let error as CancellationError {
            throw error
        } catch {
            let nothing = AsyncThrowingStream<ByteBuffer, any Error> { $0.finish() }
            try await self.init(UpstreamResponse(status: answer.status, headers: answer.headers, body: nothing))
        }
    }

    /// The body as JSON; nil where it is none.
    var json: StrictJSON? { StrictJSON(parsing: self.bytes) }

    /// The same answer, for those who pass it on.
    var response: UpstreamResponse {
        let bytes = ByteBuffer(bytes: self.bytes)
        let body = AsyncThrowingStream<ByteBuffer, any Error> { continuation in
            if bytes.readableBytes > 0 { continuation.yield(bytes) }
            continuation.finish()
        }
        var headers = self.headers
        headers[.contentLength] = String(self.bytes.count)
        return UpstreamResponse(status: self.status, headers: headers, body: body)
    }
}
