import CollimatorCore
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import Gateway

@Suite("Readiness", .timeLimit(.minutes(1)))
struct ReadinessTests {
    /// What `/readyz` says with these stores.
    private func status(_ upstreams: [ScriptedUpstream]) async throws -> Int {
        var parts = try GatewayUnderTest(ScriptedUpstream()).parts
        parts.limits.readinessTimeout = .milliseconds(200)
        parts.stores = StoreDirectory(
            try upstreams.enumerated().map { index, upstream in
                let name = try #require(StoreName("store-\(index)"))
                return GatewayStore(name: name, resource: nil, upstream: upstream.upstream)
            }
        )
        let application = gatewayApplication(
            parts,
            address: .hostname("127.0.0.1", port: 0),
            logger: GatewayUnderTest.quiet
        )
        return try await application.test(.router) { client in
            try await client.execute(uri: "/readyz", method: .get).status.code
        }
    }

    @Test("stays while one store answers, and goes when none does")
    func stores() async throws {
        let up = ScriptedUpstream(search: { _ in [] })
        let down = ScriptedUpstream()
        let silent = ScriptedUpstream(search: { _ in
            try await Task.sleep(for: .seconds(3600))
            return []
        })
        #expect(try await self.status([up, up]) == 200)
        #expect(try await self.status([down, up, silent]) == 200)
        #expect(try await self.status([down, down]) == 503)
        #expect(try await self.status([silent]) == 503)
        #expect(try await self.status([]) == 200)
    }
}
