import NIOCore
import Synchronization

/// A request body on its way, which knows whether any of it has been asked for.
struct SentBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    let open: @Sendable () -> RequestBody.NextChunk
    let progress: SendProgress

    func makeAsyncIterator() -> Iterator {
        Iterator(next: self.open(), progress: self.progress)
    }

    struct Iterator: AsyncIteratorProtocol {
        let next: RequestBody.NextChunk
        let progress: SendProgress

        mutating func next() async throws -> ByteBuffer? {
            self.progress.markBegun()
            do {
                return try await self.next()
            } catch {
                throw SourceFailure(cause: error)
            }
        }
    }
}

/// Whether the sending of a body has begun: from then on the server may have seen some of it.
final class SendProgress: Sendable {
    private let begun = Mutex(false)

    var hasBegun: Bool { self.begun.withLock { $0 } }

    func markBegun() {
        self.begun.withLock { $0 = true }
    }
}

/// An error of the source of a request's body, told apart from those of the connection.
struct SourceFailure: Error {
    let cause: any Error
}
