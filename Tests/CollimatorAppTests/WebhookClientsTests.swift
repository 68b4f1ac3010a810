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
    private static let taken = WebhookAnswer.answered(status: 200, body: Array("ok".utf8))

    private static func message(
        _ url: String,
        _ certificate: ClientCertificate? = nil,
        id: String = "1"
    ) -> WebhookMessage {
        WebhookMessage(url: url, headers: ["webhook-id": id], body: Array("{}".utf8), certificate: certificate)
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

    /// One that takes however long calls take here.
    private static func patient(_ dialer: inout WebhookDialer) {
        dialer.limits.connect = .seconds(60)
        dialer.limits.head = .seconds(60)
    }

    @Test("a call takes the connection of the one before it, and calls at the same time have one each")
    func shared() async throws {
        try await KeepingServer.run { server, port in
            try await Self.withDialer(change: Self.patient) { dialer in
                let url = "http://127.0.0.1:\(port)/"
                for _ in 0..<3 { #expect(await dialer.sender.send(Self.message(url)) == Self.taken) }
                #expect(server.requests == [1, 1, 1])
                // None is answered before all are there: whoever waited for the connection of another would wait for ever.
                server.keepSilent()
                let answers = await withTaskGroup(of: WebhookAnswer.self) { group in
                    for _ in 0..<20 { group.addTask { await dialer.sender.send(Self.message(url)) } }
                    await server.have(23)
                    server.speak()
                    return await group.reduce(into: []) { $0.append($1) }
                }
                #expect(answers == [WebhookAnswer](repeating: Self.taken, count: 20))
                #expect(server.addresses.count == 20 && Set(server.requests.dropFirst(3)) == Set(1...20))
                // All of them are kept, and no further one is made.
                for _ in 0..<5 { #expect(await dialer.sender.send(Self.message(url)) == Self.taken) }
                #expect(server.addresses.count == 20 && dialer.clients.count == 1)
            }
        }
    }

    @Test("a receiver that ends a new connection gets the call once, also where another one was kept")
    func endedNew() async throws {
        try await KeepingServer.run(broken: 2) { server, port in
            try await Self.withDialer(change: Self.patient) { dialer in
                let url = "http://127.0.0.1:\(port)/"
                #expect(await dialer.sender.send(Self.message(url)) == Self.taken)
                server.keepSilent()
                async let busy = dialer.sender.send(Self.message(url, id: "2"))
                await server.have(2)
                // The connection that was kept is in use: this call has its own.
                #expect(await dialer.sender.send(Self.message(url, id: "3")) == .failed(.broken))
                #expect(server.requests == [1, 1, 2])
                server.speak()
                #expect(await busy == Self.taken)
            }
        }
    }

    @Test("clients that are too many are shut down beside the calls, and all of them before the end")
    func surplus() async throws {
        var limits = WebhookClients.Limits()
        limits.kept = 0
        try await KeepingServer.run { server, port in
            try await Self.withDialer(limits) { dialer in
                let url = "http://127.0.0.1:\(port)/"
                for _ in 0..<5 { #expect(await dialer.sender.send(Self.message(url)) == Self.taken) }
                #expect(server.requests == [1, 2, 3, 4, 5] && dialer.clients.count == 0)
                await dialer.clients.close()
                #expect(dialer.clients.endingCount == 0)
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
            dialer.clients.retire(now: .now + .seconds(20))
            #expect(dialer.clients.count == 2)
            dialer.clients.retire(now: .now + .seconds(40))
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
