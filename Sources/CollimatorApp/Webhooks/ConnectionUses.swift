import NIOCore
import NIOHTTP1
import Synchronization

/// Knows of each call that is under way whether it was sent over a connection that had carried another one before.
///
/// A call is known by the id and the signature of its message, which are in what is sent; where the very same message is
/// under way twice both are taken for what the later one was.
final class ConnectionUses: Sendable {
    private struct Call: Sendable {
        var count = 1
        var isKept = false
    }

    private let calls = Mutex<[String: Call]>([:])

    /// Runs a call, and gives with what came of it whether its connection had carried another one.
    func watch<Outcome: Sendable>(
        _ headers: HTTPHeaders,
        _ call: () async -> Outcome
    ) async -> (outcome: Outcome, wasKept: Bool) {
        let name = Self.name(headers)
        self.calls.withLock { calls in
            if calls[name] == nil { calls[name] = Call() } else { calls[name]?.count += 1 }
        }
        let outcome = await call()
        let wasKept = self.calls.withLock { calls in
            let call = calls[name]
            calls[name]?.count -= 1
            if call?.count == 1 { calls[name] = nil }
            return call?.isKept ?? false
        }
        return (outcome, wasKept)
    }

    private static func name(_ headers: HTTPHeaders) -> String {
        [headers.first(name: "webhook-id"), headers.first(name: "webhook-signature")].map { $0 ?? "" }
            .joined(separator: " ")
    }

    /// Has a connection tell of each call that begins on it.
    func follow(_ channel: any Channel) -> EventLoopFuture<Void> {
        channel.eventLoop.submit {
            let pipeline = channel.pipeline.syncOperations
            let encoder = try pipeline.handler(type: HTTPRequestEncoder.self)
            try pipeline.addHandler(Counter(self), position: .after(encoder))
        }
    }

    /// Sees the heads of the calls of one connection.
    private final class Counter: ChannelOutboundHandler {
        typealias OutboundIn = HTTPClientRequestPart
        typealias OutboundOut = HTTPClientRequestPart

        private let uses: ConnectionUses
        private var isKept = false

        init(_ uses: ConnectionUses) { self.uses = uses }

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            if case .head(let head) = Self.unwrapOutboundIn(data) {
                let name = ConnectionUses.name(head.headers)
                self.uses.calls.withLock { $0[name]?.isKept = self.isKept }
                self.isKept = true
            }
            context.write(data, promise: promise)
        }
    }
}
