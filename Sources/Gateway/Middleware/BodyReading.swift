import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization

/// How far the body of one request has been read, and the way to tell the connection that it is wanted.
///
/// A body that was begun and not read to its end cannot be followed by another request: the connection is closed after
/// the answer, and nobody reads the body a second time.
final class BodyReading: Sendable {
    private enum State {
        case untouched
        case begun
        case finished
    }

    private let state = Mutex(State.untouched)
    private let channel: any Channel

    init(channel: any Channel) {
        self.channel = channel
    }

    /// Whether somebody began to read the body and gave it up.
    var isAbandoned: Bool { self.state.withLock { $0 == .begun } }

    fileprivate func begin(expectsContinue: Bool) {
        self.state.withLock { $0 = .begun }
        // The connection itself knows whether it is still time to say so.
        if expectsContinue { self.channel.triggerUserOutboundEvent(BodyWanted(), promise: nil) }
    }

    fileprivate func finish() {
        self.state.withLock { $0 = .finished }
    }
}

extension Request {
    /// The same request, its body watched by `reading`.
    func watched(by reading: BodyReading) -> Request {
        var request = self
        let expectsContinue = self.headers[.expect]?.lowercased() == "100-continue"
        let body = WatchedBody(base: self.body, reading: reading, expectsContinue: expectsContinue)
        request.body = RequestBody(asyncSequence: body)
        return request
    }
}

/// The chunks of a body that says when it is begun and when it has ended.
private struct WatchedBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    typealias Failure = any Error

    let base: RequestBody
    let reading: BodyReading
    let expectsContinue: Bool

    func makeAsyncIterator() -> Iterator {
        Iterator(base: self.base.makeAsyncIterator(), reading: self.reading, expectsContinue: self.expectsContinue)
    }

    struct Iterator: AsyncIteratorProtocol {
        var base: RequestBody.AsyncIterator
        let reading: BodyReading
        let expectsContinue: Bool
        private var hasBegun = false

        init(base: RequestBody.AsyncIterator, reading: BodyReading, expectsContinue: Bool) {
            self.base = base
            self.reading = reading
            self.expectsContinue = expectsContinue
        }

        mutating func next() async throws -> ByteBuffer? {
            if !self.hasBegun {
                self.hasBegun = true
                self.reading.begin(expectsContinue: self.expectsContinue)
            }
            guard let chunk = try await self.base.next() else {
                // A cancelled reader sees an end that is none.
                try Task.checkCancellation()
                self.reading.finish()
                return nil
            }
            return chunk
        }
    }
}
