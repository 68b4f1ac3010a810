import CollimatorCore
import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import TestSupport
import Testing
import Webhooks

@testable import CollimatorApp

@Suite("Connections that are kept between calls of endpoints", .timeLimit(.minutes(2)))
struct WebhookClientsTests {
    /// A server that keeps its connections and notes at which of its addresses each came, and in which each request.
    private final class KeepingServer: Sendable {
        private struct Seen {
            var addresses: [String] = []
            var requests: [Int] = []
            var accepted = 0
            var held: [any Channel] = []
        }

        private let seen = Mutex(Seen())
        /// How many requests of a connection are answered; the next one ends it without an answer.
        private let answered: Int
        /// So many connections are held before there is an encryption.
        ///
        /// When all are there the first one ends, and the others when another one comes.
        private let held: Int

        init(answered: Int, held: Int) { (self.answered, self.held) = (answered, held) }

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
                return seen.requests.count { $0 == connection } <= self.answered
            }
        }

        static func run(
            _ files: TLSFiles? = nil,
            answered: Int = .max,
            held: Int = 0,
            _ work: (_ server: KeepingServer, _ port: Int) async throws -> Void
        ) async throws {
            let server = KeepingServer(answered: answered, held: held)
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
            let answer = ByteBuffer(string: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            context.writeAndFlush(Self.wrapOutboundOut(answer), promise: nil)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }

    private static let taken = WebhookAnswer.answered(status: 200, body: Array("ok".utf8))

    private static func message(_ url: String, _ certificate: ClientCertificate? = nil) -> WebhookMessage {
        WebhookMessage(url: url, headers: ["webhook-id": "1"], body: Array("{}".utf8), certificate: certificate)
    }

    /// A dialer that may call this machine, and its end.
    private static func withDialer(
        _ limits: WebhookClients.Limits = WebhookClients.Limits(),
        change: (inout WebhookDialer) -> Void = { _ in },
        _ work: (WebhookDialer) async throws -> Void
    ) async throws {
        let loopback = try #require(NetworkRange("127.0.0.0/8"))
        var dialer = WebhookDialer(
            policy: AddressPolicy(allowed: [loopback], allowsPlainLoopback: true),
            resolver: HostResolver { _ in [] },
            clients: WebhookClients(limits: limits)
        )
        change(&dialer)
        // However long a call takes here.
        dialer.limits.idle = .seconds(60)
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await work(dialer))
        } catch {
            outcome = .failure(error)
        }
        await dialer.clients.close()
        #expect(dialer.clients.count == 0)
        try outcome.get()
    }

    @Test("a call takes the connection of the one before it, and calls at the same time have one each")
    func shared() async throws {
        try await KeepingServer.run { server, port in
            try await Self.withDialer { dialer in
                let url = "http://127.0.0.1:\(port)/"
                for _ in 0..<3 { #expect(await dialer.sender.send(Self.message(url)) == Self.taken) }
                #expect(server.requests == [1, 1, 1])
                let answers = await withTaskGroup(of: WebhookAnswer.self) { group in
                    for _ in 0..<20 { group.addTask { await dialer.sender.send(Self.message(url)) } }
                    return await group.reduce(into: []) { $0.append($1) }
                }
                #expect(answers.count == 20 && answers.allSatisfy { $0 == Self.taken })
                #expect(server.requests.count == 23 && server.addresses.count <= 20)
                #expect(dialer.clients.count == 1)
            }
        }
    }

    @Test("case 57: a name that has another address now is called there, though the connection before is still open")
    func moved() async throws {
        let folder = try TemporaryDirectory()
        let host = "hook.example.com"
        let files = try TLSTests.makeCertificate(named: "own", in: folder.path, for: host)
        let address = Mutex("127.0.0.1")
        try await KeepingServer.run(files) { server, port in
            try await Self.withDialer(change: { dialer in
                dialer = WebhookDialer(
                    policy: dialer.policy,
                    resolver: HostResolver { _ in [address.withLock { $0 }].compactMap { NetworkAddress($0) } },
                    trustRoots: .file(files.certificate),
                    clients: dialer.clients
                )
            }) { dialer in
                let message = Self.message("https://\(host):\(port)/")
                for _ in 0..<2 { #expect(await dialer.sender.send(message) == Self.taken) }
                address.withLock { $0 = "127.0.0.2" }
                #expect(await dialer.sender.send(message) == Self.taken)
                #expect(server.addresses == ["127.0.0.1", "127.0.0.2"])
                // One that may not be called is not, whatever connections there are.
                address.withLock { $0 = "10.0.0.1" }
                #expect(await dialer.sender.send(message) == .failed(.addressRefused))
                #expect(server.requests == [1, 1, 2])
            }
        }
        withExtendedLifetime(folder) {}
    }

    @Test("another client certificate is never shown, or left out, on the connection of the one before")
    func rotated() async throws {
        let folder = try TemporaryDirectory()
        let certificates = try ["one", "two"].map { name in
            let files = try TLSTests.makeCertificate(named: name, in: folder.path, for: "collimator")
            return ClientCertificate(
                chain: try String(contentsOf: URL(filePath: files.certificate), encoding: .utf8),
                key: try String(contentsOf: URL(filePath: files.key), encoding: .utf8)
            )
        }
        let name = "hook.example.com"
        let named = try TLSTests.makeCertificate(named: "named", in: folder.path, for: name)
        let loopback = try #require(NetworkAddress("127.0.0.1"))
        try await KeepingServer.run(named) { server, port in
            try await Self.withDialer(change: { dialer in
                dialer = WebhookDialer(
                    policy: dialer.policy,
                    resolver: HostResolver { _ in [loopback] },
                    trustRoots: .file(named.certificate),
                    clients: dialer.clients
                )
            }) { dialer in
                for certificate in [certificates[0], certificates[0], certificates[1], nil, certificates[1]] {
                    let message = Self.message("https://\(name):\(port)/", certificate)
                    #expect(await dialer.sender.send(message) == Self.taken)
                }
                #expect(server.requests == [1, 1, 2, 3, 2])
            }
        }
        withExtendedLifetime(folder) {}
    }

    @Test("a receiver that ends a connection that was kept has the call at once over another, and no more than once")
    func ended() async throws {
        try await KeepingServer.run(answered: 1) { server, port in
            try await Self.withDialer { dialer in
                let url = "http://127.0.0.1:\(port)/"
                for _ in 0..<2 { #expect(await dialer.sender.send(Self.message(url)) == Self.taken) }
                #expect(server.requests == [1, 1, 2])
            }
        }
        // A neighbour: who ends a new connection has failed.
        try await KeepingServer.run(answered: 0) { server, port in
            try await Self.withDialer { dialer in
                let answer = await dialer.sender.send(Self.message("http://127.0.0.1:\(port)/"))
                #expect(answer == .failed(.broken))
                #expect(server.requests == [1])
            }
        }
    }

    @Test("one connection that cannot be made fails none of the calls that wait for others")
    func oneFails() async throws {
        let folder = try TemporaryDirectory()
        let host = "hook.example.com"
        let files = try TLSTests.makeCertificate(named: "own", in: folder.path, for: host)
        let loopback = try #require(NetworkAddress("127.0.0.1"))
        try await KeepingServer.run(files, held: 8) { server, port in
            try await Self.withDialer(change: { dialer in
                dialer = WebhookDialer(
                    policy: dialer.policy,
                    resolver: HostResolver { _ in [loopback] },
                    trustRoots: .file(files.certificate),
                    clients: dialer.clients
                )
                // However long eight connections take here.
                dialer.limits.connect = .seconds(60)
                dialer.limits.head = .seconds(60)
            }) { dialer in
                let message = Self.message("https://\(host):\(port)/")
                let answers = await withTaskGroup(of: WebhookAnswer.self) { group in
                    for _ in 0..<8 { group.addTask { await dialer.sender.send(message) } }
                    return await group.reduce(into: []) { $0.append($1) }
                }
                #expect(answers == [WebhookAnswer](repeating: Self.taken, count: 8))
                #expect(server.requests.count == 8)
            }
        }
        withExtendedLifetime(folder) {}
    }

    @Test("of clients that nobody uses as many are kept as may be, and after a while none")
    func bounded() async throws {
        var limits = WebhookClients.Limits()
        limits.kept = 2
        try await Self.withDialer(limits) { dialer in
            for expected in [1, 2, 2, 2] {
                try await KeepingServer.run { _, port in
                    #expect(await dialer.sender.send(Self.message("http://127.0.0.1:\(port)/")) == Self.taken)
                }
                #expect(dialer.clients.count == expected)
            }
            await dialer.clients.retire(now: .now + .seconds(20))
            #expect(dialer.clients.count == 2)
            await dialer.clients.retire(now: .now + .seconds(40))
            #expect(dialer.clients.count == 0)
        }
    }

    @Test("a client that is old is replaced, and one that is used after the end is not kept")
    func old() async throws {
        var limits = WebhookClients.Limits()
        limits.lifetime = .zero
        try await KeepingServer.run { server, port in
            try await Self.withDialer(limits) { dialer in
                let url = "http://127.0.0.1:\(port)/"
                for _ in 0..<2 { #expect(await dialer.sender.send(Self.message(url)) == Self.taken) }
                #expect(server.requests == [1, 2] && dialer.clients.count == 1)
                await dialer.clients.close()
                #expect(await dialer.sender.send(Self.message(url)) == Self.taken)
            }
        }
    }
}
