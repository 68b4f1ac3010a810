import NIOCore
import NIOPosix

/// A server that does what no proper server would: it answers with given bytes, and closes or falls silent.
enum ScriptedServer {
    /// What is done on a connection once so many bytes of the request have come.
    struct Script: Sendable {
        /// The number of bytes to wait for; 0 waits for the end of the head.
        var afterBytes = 0
        /// What is sent.
        var text = ""
        /// Whether the connection is closed after it.
        var closes = true
    }

    /// Runs the work with the address of the server.
    ///
    /// `script` is asked at each connection, with the number of it, the first being 1.
    static func withServer(
        _ script: @escaping @Sendable (_ connection: Int) -> Script,
        _ work: (_ baseURL: String) async throws -> Void
    ) async throws {
        let connections = Recorder<Void>()
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let number = connections.record(())
                    try channel.pipeline.syncOperations.addHandler(Handler(script(number)))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        guard let port = server.localAddress?.port else { throw NoPort() }
        do {
            try await work("http://127.0.0.1:\(port)/dicomWeb")
            try await server.close()
        } catch {
            try await server.close()
            throw error
        }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let script: Script
        private var received = ByteBuffer()
        private var isDone = false

        init(_ script: Script) {
            self.script = script
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            self.received.writeImmutableBuffer(self.unwrapInboundIn(data))
            let hasHead = String(buffer: self.received).contains("\r\n\r\n")
            guard !self.isDone, hasHead, self.received.readableBytes >= self.script.afterBytes else { return }
            self.isDone = true
            context.writeAndFlush(self.wrapOutboundOut(ByteBuffer(string: self.script.text)), promise: nil)
            if self.script.closes { context.close(promise: nil) }
        }
    }
}
