import Cryptography
import Hummingbird
import NIOCore
import Synchronization

/// The digest of a body that is read by somebody else.
final class BodyDigest: Sendable {
    private struct State: ~Copyable {
        var digest = SHA256()
        var value: [UInt8]?
    }

    private let state = Mutex(State())

    /// The digest; nil where the body was not read to its end.
    var value: [UInt8]? { self.state.withLock { $0.value } }

    /// The same request, its body digested as it is read.
    func digesting(_ request: Request) -> Request {
        var request = request
        request.body = RequestBody(asyncSequence: DigestedBody(base: request.body, digest: self))
        return request
    }

    fileprivate func update(_ chunk: ByteBuffer) {
        self.state.withLock { $0.digest.update(chunk.readableBytesView) }
    }

    fileprivate func finish() {
        self.state.withLock { state in
            guard state.value == nil else { return }
            state.value = state.digest.finalize()
        }
    }
}

private struct DigestedBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    typealias Failure = any Error

    let base: RequestBody
    let digest: BodyDigest

    func makeAsyncIterator() -> Iterator {
        Iterator(base: self.base.makeAsyncIterator(), digest: self.digest)
    }

    struct Iterator: AsyncIteratorProtocol {
        var base: RequestBody.AsyncIterator
        let digest: BodyDigest

        mutating func next() async throws -> ByteBuffer? {
            guard let chunk = try await self.base.next() else {
                self.digest.finish()
                return nil
            }
            self.digest.update(chunk)
            return chunk
        }
    }
}
