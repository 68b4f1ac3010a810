import NIOCore
import NIOHTTP1
import Synchronization

/// Knows of each call that is under way over what kind of connection it was sent.
///
/// A call is known by the id and the signature of its message, which are in what is sent; where the very same message is
/// under way twice both are taken for what the later one was.
final class ConnectionUses: Sendable {
    /// What a call was sent over.
    enum Connection: Hashable, Sendable {
        /// Nothing of it was sent.
        case unsent
        case new
        /// One that had carried another call before.
        case kept
    }

    private struct Call: Sendable {
        var count = 1
        var connection = Connection.unsent
    }

    private let calls = Mutex<[String: Call]>([:])

    /// Runs a call, and gives with what came of it what it was sent over.
    func watch<Outcome: Sendable>(
        _ headers: HTTPHeaders,
        _ call: () async -> Outcome
    ) async -> (outcome: Outcome, connection: Connection) {
        let name = Self.name(headers)
        self.calls.withLock { calls in
            if calls[name] == nil { calls[name] = Call() } else { calls[name]?.count += 1 }
        }
        let outcome = await call()
        let connection = self.calls.withLock { calls in
            let call = calls[name]
            calls[name]?.count -= 1
            if call?.count == 1 { calls[name] = nil }
            return call?.connection ?? .unsent
        }
        return (outcome, connection)
    }

    private static func name(_ headers: HTTPHeaders) -> String {
        [headers.first(name: "webhook-id"), headers.first(name: "webhook-signature")].map { $0 ?? "" }
            .joined(separator: " ")
    }

    /// Has a connection tell of each call that begins on it.
    func follow(_ channel: any Channel) -> EventLoopFuture<Void> {
        // At once where that can be: what ends meanwhile is told as an end, and not as a fault of ours.
        guard channel.eventLoop.inEventLoop else {
            return channel.eventLoop.submit { try self.addCounter(to: channel) }
        }
        return channel.eventLoop.makeCompletedFuture { try self.addCounter(to: channel) }
    }

    private func addCounter(to channel: any Channel) throws {
        let pipeline = channel.pipeline.syncOperations
        let encoder = try pipeline.handler(type: HTTPRequestEncoder.self)
        try pipeline.addHandler(Counter(self), position: .after(encoder))
    }

    /// Sees the heads of the calls of one connection.
    private final class Counter: ChannelOutboundHandler {
        typealias OutboundIn = HTTPClientRequestPart
        typealias OutboundOut = HTTPClientRequestPart

        private let uses: ConnectionUses
        private var connection = Connection.new

        init(_ uses: ConnectionUses) { self.uses = uses }

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            if case .head(let head) = Self.unwrapOutboundIn(data) {
                let name = ConnectionUses.name(head.headers)
                self.uses.calls.withLock { $0[name]?.connection = self.connection }
                self.connection = .kept
            }
            context.write(data, promise: promise)
        }
    }
}
