import Glibc
import Synchronization
import Testing
import Webhooks

@testable import CollimatorApp

@Suite("Looking up the hosts of endpoints", .timeLimit(.minutes(1)))
struct HostResolverTests {
    /// Name servers that say nothing about some hosts before the test ends.
    private final class SilentServers: Sendable {
        private let asked = Mutex<[String]>([])
        private let isOver = Atomic(false)

        var hosts: [String] { self.asked.withLock { $0 } }
        func end() { self.isOver.store(true, ordering: .relaxed) }

        func lookUp(_ host: String) -> [NetworkAddress] {
            self.asked.withLock { $0.append(host) }
            while host.hasPrefix("silent"), !self.isOver.load(ordering: .relaxed) { Self.pause() }
            return NetworkAddress("192.0.2.1").map { [$0] } ?? []
        }

        private static func pause() { usleep(1_000) }
    }

    @Test(
        "case 65: a host whose name servers are silent is looked up once, for no longer than the limit, and others go on"
    )
    func silent() async {
        let servers = SilentServers()
        let resolver = HostResolver(threads: 2, limit: .milliseconds(200)) { servers.lookUp($0) }
        let found = await withTaskGroup(of: [NetworkAddress].self) { group in
            for _ in 0..<20 { group.addTask { await resolver.addresses("silent.example") } }
            return await group.reduce(into: []) { $0 += $1 }
        }
        #expect(found.isEmpty)
        #expect(await resolver.addresses("good.example").map(\.text) == ["192.0.2.1"])
        #expect(servers.hosts == ["silent.example", "good.example"])
        servers.end()
        #expect(await resolver.addresses("later.example").count == 1)
    }

    @Test("a host that nobody waits for any more is not asked for")
    func late() async {
        let servers = SilentServers()
        let resolver = HostResolver(threads: 1, limit: .milliseconds(50)) { servers.lookUp($0) }
        #expect(await resolver.addresses("silent.example").isEmpty)
        #expect(await resolver.addresses("good.example").isEmpty)
        servers.end()
        while await resolver.addresses("last.example").isEmpty {}
        #expect(!servers.hosts.contains("good.example"))
    }
}
