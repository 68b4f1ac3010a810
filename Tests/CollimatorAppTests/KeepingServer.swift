import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import TestSupport
import Testing

@testable import CollimatorApp

/// A server that keeps its connections and notes at which of its addresses each came, and in which each request.
final class KeepingServer: Sendable {
    private struct Seen {
        var addresses: [String] = []
        var requests: [Int] = []
        var accepted = 0
        var held: [any Channel] = []
        var isSilent = false
        var unanswered: [any Channel] = []
    }

    private let seen = Mutex(Seen())
    /// How many requests of a connection are answered; the next one ends it without an answer.
    private let answered: Int
    /// The first connection that is ended where its first request should be answered, and so are all after it.
    private let broken: Int
    /// So many connections are held before there is an encryption.
    ///
    /// When all are there the first one ends, and the others when another one comes.
    private let held: Int

    init(answered: Int, broken: Int, held: Int) {
        (self.answered, self.broken, self.held) = (answered, broken, held)
    }

    /// Answers nothing until ``speak()``.
    func keepSilent() { self.seen.withLock { $0.isSilent = true } }

    func speak() {
        let channels = self.seen.withLock { seen in
            seen.isSilent = false
            defer { seen.unanswered = [] }
            return seen.unanswered
        }
        for channel in channels { channel.writeAndFlush(Self.answer, promise: nil) }
    }

    /// Whether an answer can be given now; otherwise it is later.
    func mayAnswer(_ channel: any Channel) -> Bool {
        self.seen.withLock { seen in
            if seen.isSilent { seen.unanswered.append(channel) }
            return !seen.isSilent
        }
    }

    static let answer = ByteBuffer(string: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    /// Returns when so many requests have come.
    func have(_ count: Int) async {
        while self.requests.count < count { await Task.yield() }
    }

    /// Whether a connection that has come is one of those that are held.
    func accept() -> Bool {
        let (isHeld, ended) = self.seen.withLock { seen in
            seen.accepted += 1
            guard seen.accepted > self.held else { return (true, [any Channel]()) }
            defer { seen.held = [] }
            return (false, seen.held)
        }
        for channel in ended { channel.close(promise: nil) }
        return isHeld
    }

    /// Something has come over a connection that is held.
    func hold(_ channel: any Channel) {
        let ended: (any Channel)? = self.seen.withLock { seen in
            seen.held.append(channel)
            return seen.held.count == self.held ? seen.held.removeFirst() : nil
        }
        ended?.close(promise: nil)
    }

    /// The address of ours that each connection was made to.
    var addresses: [String] { self.seen.withLock { $0.addresses } }
    /// The connection of each request, by number.
    var requests: [Int] { self.seen.withLock { $0.requests } }

    func begin(at address: String) -> Int {
        self.seen.withLock { seen in
            seen.addresses.append(address)
            return seen.addresses.count
        }
    }

    /// Whether it is answered.
    func note(_ connection: Int) -> Bool {
        self.seen.withLock { seen in
            seen.requests.append(connection)
            return connection < self.broken && seen.requests.count { $0 == connection } <= self.answered
        }
    }

    static func run(
        _ files: TLSFiles? = nil,
        answered: Int = .max,
        broken: Int = .max,
        held: Int = 0,
        _ work: (_ server: KeepingServer, _ port: Int) async throws -> Void
    ) async throws {
        let server = KeepingServer(answered: answered, broken: broken, held: held)
        let context = try files.map { try NIOSSLContext(configuration: $0.configuration()) }
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard !server.accept() else {
                        return try channel.pipeline.syncOperations.addHandler(Holding(server))
                    }
                    if let context {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                    }
                    try channel.pipeline.syncOperations.addHandler(Answering(server))
                }
            }
            .bind(host: "0.0.0.0", port: 0).get()
        try await work(server, try #require(channel.localAddress?.port))
        try await channel.close()
    }
}

/// Takes what comes first, and says nothing.
private final class Holding: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let server: KeepingServer
    private var isHeld = false

    init(_ server: KeepingServer) { self.server = server }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !self.isHeld else { return }
        self.isHeld = true
        self.server.hold(context.channel)
    }
}

private final class Answering: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let server: KeepingServer
    private var number = 0
    private var received = ""

    init(_ server: KeepingServer) { self.server = server }

    func channelActive(context: ChannelHandlerContext) {
        self.number = self.server.begin(at: context.localAddress?.ipAddress ?? "")
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.received += String(buffer: Self.unwrapInboundIn(data))
        // All of the message, so that nothing is left unread where the connection is closed.
        guard self.received.hasSuffix("\r\n\r\n{}") else { return }
        self.received = ""
        guard self.server.note(self.number) else { return context.close(promise: nil) }
        guard self.server.mayAnswer(context.channel) else { return }
        context.writeAndFlush(Self.wrapOutboundOut(KeepingServer.answer), promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
