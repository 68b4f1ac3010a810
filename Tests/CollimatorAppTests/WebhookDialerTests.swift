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

@Suite("Calls of endpoints over real sockets", .timeLimit(.minutes(2)))
struct WebhookDialerTests {
    private let local: AddressPolicy

    init() throws {
        self.local = AddressPolicy(allowed: [try #require(NetworkRange("127.0.0.0/8"))], allowsPlainLoopback: true)
    }

    private static func message(_ url: String) -> WebhookMessage {
        WebhookMessage(url: url, headers: ["webhook-id": "1"], body: Array("{}".utf8))
    }

    private func send(
        _ url: String,
        resolving addresses: [String] = [],
        policy: AddressPolicy? = nil,
        change: (inout WebhookDialer) -> Void = { _ in }
    ) async -> WebhookAnswer {
        let found = addresses.compactMap { NetworkAddress($0) }
        var dialer = WebhookDialer(policy: policy ?? self.local, resolver: HostResolver { _ in found })
        change(&dialer)
        let answer = await dialer.sender.send(Self.message(url))
        await dialer.clients.close()
        return answer
    }

    @Test("the status, the wait that is asked for and the body come back")
    func answered() async throws {
        let text = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 5\r\n\r\nSmith"
        try await FaultyServer.run([.send(text)]) { server in
            let answer = await self.send("http://127.0.0.1:\(server.port)/hook")
            #expect(answer == .answered(status: 429, retryAfter: .seconds(7), body: Array("Smith".utf8)))
            #expect(server.requestCount == 1)
        }
    }

    @Test("case 58: a redirect is an answer and is not followed", arguments: [301, 302, 303, 307, 308])
    func redirect(status: Int) async throws {
        let text = "HTTP/1.1 \(status) Elsewhere\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n"
        try await FaultyServer.run([.send(text)]) { server in
            #expect(await self.send("http://127.0.0.1:\(server.port)/hook") == .answered(status: status))
            #expect(server.requestCount == 1)
        }
    }

    @Test("of a body without an end the beginning is kept, and its connection is closed")
    func flood() async throws {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n"
        try await FaultyServer.run([.send(head), .flood]) { server in
            let expected = [UInt8](repeating: 0x41, count: 4_096)
            #expect(await self.send("http://127.0.0.1:\(server.port)/") == .answered(status: 200, body: expected))
        }
    }

    @Test("the status counts where the body stops halfway")
    func halfBody() async throws {
        try await FaultyServer.run([.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")]) { server in
            let answer = await self.send("http://127.0.0.1:\(server.port)/") { $0.limits.body = .milliseconds(50) }
            #expect(answer == .answered(status: 200))
        }
    }

    @Test("a server that is silent has its time and no more")
    func silent() async throws {
        try await FaultyServer.run([]) { server in
            let answer = await self.send("http://127.0.0.1:\(server.port)/") { $0.limits.head = .milliseconds(100) }
            #expect(answer == .failed(.timeout))
        }
    }

    @Test("a server that hangs up, and one that is not there, are told apart")
    func absent() async throws {
        let port = try await FaultyServer.run([.close]) { server in
            #expect(await self.send("http://127.0.0.1:\(server.port)/") == .failed(.broken))
            #expect(server.requestCount == 1, "the connection was a new one")
            return server.port
        }
        #expect(await self.send("http://127.0.0.1:\(port)/") == .failed(.unreachable))
    }

    @Test("case 55: nobody dials what the policy refuses, though it was allowed when the endpoint was made")
    func refused() async throws {
        try await FaultyServer.run([.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")]) { server in
            let url = "http://127.0.0.1:\(server.port)/"
            #expect(await self.send(url, policy: AddressPolicy()) == .failed(.addressRefused))
            #expect(server.requestCount == 0)
        }
    }

    @Test("case 57: one inner address among those of a name is enough to refuse it")
    func mixed() async {
        let url = "https://hook.example.com/"
        let found = ["8.8.8.8", "169.254.169.254"]
        #expect(await self.send(url, resolving: found, policy: AddressPolicy()) == .failed(.addressRefused))
        #expect(await self.send(url, resolving: []) == .failed(.nameUnknown))
    }

    @Test("the address that was checked is dialled, and the certificate is that of the name")
    func pinned() async throws {
        let folder = try TemporaryDirectory()
        let host = "hook.example.com"
        let own = try TLSTests.makeCertificate(named: "own", in: folder.path, for: host)
        let other = try TLSTests.makeCertificate(named: "other", in: folder.path, for: "other.example.com")
        for (files, expected) in [(own, WebhookAnswer.answered(status: 204)), (other, .failed(.encryption))] {
            let channel = try await Self.encrypted(files)
            let port = try #require(channel.localAddress?.port)
            let answer = await self.send("https://\(host):\(port)/", resolving: ["127.0.0.1"]) { dialer in
                dialer.trustRoots = .file(files.certificate)
            }
            #expect(answer == expected)
            let stranger = await self.send("https://\(host):\(port)/", resolving: ["127.0.0.1"])
            #expect(stranger == .failed(.encryption), "nobody vouches for it")
            try await channel.close()
        }
        withExtendedLifetime(folder) {}
    }

    @Test("where nobody can be reached at an address the next is dialled, and nowhere else once there was a connection")
    func nextAddress() async throws {
        let folder = try TemporaryDirectory()
        let host = "hook.example.com"
        let own = try TLSTests.makeCertificate(named: "own", in: folder.path, for: host)
        let channel = try await Self.encrypted(own)
        let port = try #require(channel.localAddress?.port)
        let url = "https://\(host):\(port)/"
        let trusting: (inout WebhookDialer) -> Void = { $0.trustRoots = .file(own.certificate) }
        // Nobody listens at the other address of loopback.
        let second = await self.send(url, resolving: ["127.0.0.2", "127.0.0.1"], change: trusting)
        #expect(second == .answered(status: 204))
        #expect(await self.send(url, resolving: ["127.0.0.2"], change: trusting) == .failed(.unreachable))
        let stranger = await self.send(url, resolving: ["127.0.0.1", "127.0.0.2"])
        #expect(stranger == .failed(.encryption), "a refusal is not looked for elsewhere")
        try await channel.close()
        withExtendedLifetime(folder) {}
    }

    @Test("a receiver that asks for a certificate gets the endpoint's own, and who has none is not let in")
    func clientCertificate() async throws {
        let folder = try TemporaryDirectory()
        let host = "hook.example.com"
        let server = try TLSTests.makeCertificate(named: "server", in: folder.path, for: host)
        let (own, other) = try (
            TLSTests.makeCertificate(named: "own", in: folder.path, for: "collimator"),
            TLSTests.makeCertificate(named: "other", in: folder.path, for: "collimator")
        )
        let channel = try await Self.encrypted(server, trusting: own)
        let port = try #require(channel.localAddress?.port)
        let certificates = try [own, other].map { files in
            try ClientCertificate(
                chain: String(contentsOf: URL(filePath: files.certificate), encoding: .utf8),
                key: String(contentsOf: URL(filePath: files.key), encoding: .utf8)
            )
        }
        for certificate in [certificates[0], certificates[1], nil] {
            let message = WebhookMessage(
                url: "https://\(host):\(port)/",
                headers: ["webhook-id": "1"],
                body: [],
                certificate: certificate
            )
            let loopback = try #require(NetworkAddress("127.0.0.1"))
            var dialer = WebhookDialer(policy: self.local, resolver: HostResolver { _ in [loopback] })
            dialer.trustRoots = .file(server.certificate)
            let answer = await dialer.sender.send(message)
            await dialer.clients.close()
            if certificate == certificates[0] {
                #expect(answer == .answered(status: 204))
            } else if case .answered = answer {
                Issue.record("let in without the certificate that was asked for")
            }
        }
        try await channel.close()
        let summary = WebhookDialer(policy: self.local, resolver: .live).sender.summary
        #expect(summary(certificates[0])?.digest.count == 64 && summary(certificates[0]) != summary(certificates[1]))
        let (a, b) = (certificates[0], certificates[1])
        for useless in [
            ClientCertificate(chain: a.chain, key: b.key), ClientCertificate(chain: a.key, key: a.key),
            ClientCertificate(chain: a.chain, key: a.chain), ClientCertificate(chain: "", key: a.key),
            ClientCertificate(chain: a.chain, key: "x"),
        ] {
            #expect(summary(useless) == nil)
        }
        withExtendedLifetime(folder) {}
    }

    @Test("a proxy is asked for the address that was checked, or for the name where it is the one to decide")
    func proxied() async throws {
        let asked = Mutex<[String]>([])
        let proxy = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        Refusing { line in asked.withLock { $0.append(line) } }
                    )
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        var through = WebhookProxy(host: "127.0.0.1", port: try #require(proxy.localAddress?.port))
        let url = "https://hook.example.com/"
        let answer = await self.send(url, resolving: ["8.8.8.8"]) { $0.proxy = through }
        #expect(answer == .failed(.broken))
        #expect(
            await self.send(url, resolving: ["8.8.8.8", "10.0.0.1"]) { $0.proxy = through } == .failed(.addressRefused)
        )
        #expect(await self.send(url) { $0.proxy = through } == .failed(.nameUnknown))
        through.resolvesNames = true
        _ = await self.send(url) { $0.proxy = through }
        let inner = await self.send("https://10.0.0.1/") { $0.proxy = through }
        #expect(inner == .failed(.addressRefused), "an address that is written as one is decided here")
        #expect(
            asked.withLock { $0 } == ["CONNECT 8.8.8.8:443 HTTP/1.1", "CONNECT hook.example.com:443 HTTP/1.1"]
        )
        // What is not encrypted is on this machine.
        try await FaultyServer.run([.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")]) { server in
            let direct = await self.send("http://127.0.0.1:\(server.port)/") { $0.proxy = through }
            #expect(direct == .answered(status: 200))
        }
        try await proxy.close()
    }

    @Test("an address of this machine is never dialled unless it is allowed")
    func ownAddress() throws {
        let policy = try AddressPolicy.ofThisMachine(allowed: [], allowsPlainLoopback: false)
        #expect(policy.own.contains(try #require(NetworkAddress("127.0.0.1"))))
        #expect(policy.own.allSatisfy { !policy.permits($0) })
    }

    /// A server that answers 204 to whatever it is sent, by whoever has the other certificate where one is given.
    private static func encrypted(_ files: TLSFiles, trusting client: TLSFiles? = nil) async throws -> any Channel {
        var configuration = try files.configuration()
        if let client {
            configuration.certificateVerification = .noHostnameVerification
            configuration.trustRoots = .file(client.certificate)
        }
        let context = try NIOSSLContext(configuration: configuration)
        return try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        NIOSSLServerHandler(context: context), Answering(),
                    ])
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    private final class Answering: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let answer = ByteBuffer(string: "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
            context.writeAndFlush(Self.wrapOutboundOut(answer), promise: nil)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }

    /// A proxy that notes what it is asked for, and does not do it.
    private final class Refusing: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let note: @Sendable (String) -> Void

        init(note: @escaping @Sendable (String) -> Void) { self.note = note }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let text = String(buffer: Self.unwrapInboundIn(data))
            self.note(String(text.prefix { $0 != "\r\n" && $0 != "\r" }))
            let answer = ByteBuffer(string: "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
            context.writeAndFlush(Self.wrapOutboundOut(answer), promise: nil)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
