internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// Said to the connection when a handler begins to read the body of a request.
struct BodyWanted: Sendable {}

extension HTTPFields {
    /// Whether the client waits for leave to send the body (RFC 9110 §10.1.1).
    var expectContinue: Bool { self[.expect]?.lowercased() == "100-continue" }
}

extension Request {
    /// The same request; where its client waits for leave to send the body, the connection is told when it is wanted.
    func asking(_ channel: any Channel) -> Request {
        guard self.headers.expectContinue else { return self }
        var request = self
        request.body = RequestBody(asyncSequence: AwaitedBody(base: self.body, channel: channel))
        return request
    }
}

/// The chunks of a body whose client sends them when it is told to.
private struct AwaitedBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    typealias Failure = any Error

    let base: RequestBody
    let channel: any Channel

    func makeAsyncIterator() -> Iterator { Iterator(base: self.base.makeAsyncIterator(), channel: self.channel) }

    struct Iterator: AsyncIteratorProtocol {
        private var base: RequestBody.AsyncIterator
        private let channel: any Channel
        private var hasBegun = false

        init(base: RequestBody.AsyncIterator, channel: any Channel) {
            self.base = base
            self.channel = channel
        }

        mutating func next() async throws -> ByteBuffer? {
            if !self.hasBegun {
                self.hasBegun = true
                // The connection itself knows whether it is still time to say so.
                self.channel.triggerUserOutboundEvent(BodyWanted(), promise: nil)
            }
            return try await self.base.next()
        }
    }
}
