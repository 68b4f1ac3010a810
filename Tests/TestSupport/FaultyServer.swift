import NIOCore
import NIOPosix
import Synchronization

/// A server that does what no proper server would, step by step, and counts who is connected.
package final class FaultyServer: Sendable {
    /// What is done once the head of a request has come.
    package enum Step: Sendable {
        case send(String)
        /// Bytes without an end, as fast as they are taken.
        case flood
        /// Nothing more until ``FaultyServer/goOn()``.
        case wait
        /// Once all that was sent before has left.
        case close
    }

    private let state = Mutex((open: 0, asked: 0, port: 0))
    private let waiting = Mutex<[EventLoopPromise<Void>]>([])

    /// The port that it listens on.
    package var port: Int { self.state.withLock { $0.port } }

    /// Connections that are open now.
    package var openConnections: Int { self.state.withLock { $0.open } }
    /// Requests that have come.
    package var requestCount: Int { self.state.withLock { $0.asked } }

    private func taken() -> [EventLoopPromise<Void>] {
        self.waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
    }

    /// Lets those go on that wait.
    package func goOn() {
        for promise in self.taken() { promise.succeed() }
    }

    /// Runs the work with a server that follows the steps at each request; after the last it is silent.
    package static func run<Result>(
        _ steps: [Step],
        _ work: (FaultyServer) async throws -> Result
    ) async throws -> Result {
        let server = FaultyServer()
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelOption(.allowRemoteHalfClosure, value: false)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(steps: steps, server: server))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        server.state.withLock { $0.port = channel.localAddress?.port ?? 0 }
        let outcome: Swift.Result<Result, any Error>
        do {
            outcome = .success(try await work(server))
        } catch {
            outcome = .failure(error)
        }
        server.goOn()
        try await channel.close()
        return try outcome.get()
    }
}

extension FaultyServer {
    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let steps: [Step]
        private let server: FaultyServer
        private var received = ""
        private var isFlooding = false
        private var isWaiting = false

        init(steps: [Step], server: FaultyServer) {
            self.steps = steps
            self.server = server
        }

        func channelActive(context: ChannelHandlerContext) {
            self.server.state.withLock { $0.open += 1 }
        }

        func channelInactive(context: ChannelHandlerContext) {
            self.server.state.withLock { $0.open -= 1 }
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            self.received += String(buffer: Self.unwrapInboundIn(data))
            guard self.received.contains("\r\n\r\n") else { return }
            self.received = ""
            self.server.state.withLock { $0.asked += 1 }
            self.follow(self.steps[...], context)
        }

        private func follow(_ steps: ArraySlice<Step>, _ context: ChannelHandlerContext) {
            for (index, step) in zip(steps.indices, steps) {
                switch step {
                case .wait:
                    let promise = context.eventLoop.makePromise(of: Void.self)
                    self.server.waiting.withLock { $0.append(promise) }
                    return promise.futureResult.assumeIsolated()
                        .whenSuccess { self.follow(steps[(index + 1)...], context) }
                case .send(let text):
                    context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
                case .flood:
                    self.isFlooding = true
                    self.flood(context)
                case .close:
                    // What was sent before is not lost by it.
                    context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer())).assumeIsolated()
                        .whenComplete { _ in context.close(promise: nil) }
                }
            }
        }

        func channelWritabilityChanged(context: ChannelHandlerContext) {
            if self.isFlooding { self.flood(context) }
        }

        /// Some pieces at a time: a reader that keeps up would otherwise hold this event loop, and all that is on it, for
        /// ever.
        private func flood(_ context: ChannelHandlerContext) {
            guard !self.isWaiting else { return }
            for _ in 0..<Self.piecesPerTurn where context.channel.isActive && context.channel.isWritable {
                context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer(repeating: 0x41, count: 16 * 1024)), promise: nil)
            }
            guard context.channel.isActive, context.channel.isWritable else { return }
            self.isWaiting = true
            context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(1)) {
                self.isWaiting = false
                self.flood(context)
            }
        }

        private static let piecesPerTurn = 64

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }
}
