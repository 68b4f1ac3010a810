import CollimatorCore
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import Gateway

@Suite("Who may come in")
struct AuthenticationTests {
    private let gateway: GatewayUnderTest

    init() throws {
        self.gateway = try GatewayUnderTest(ScriptedUpstream(search: { _ in [] }))
    }

    @Test(
        "an unknown path is 401 without the key and 404 with it",
        arguments: ["/nothing", "/api/v1", "/api/v2/stores", "/healthz/deep", "/dicomweb", "/api//v1/unknown"]
    )
    func unknownPaths(path: String) async throws {
        let stranger = try await self.gateway.request(.get, path, headers: [:])
        let known = try await self.gateway.request(.get, path)
        #expect(stranger.status == .unauthorized)
        #expect(stranger.headers[.wwwAuthenticate] == "Bearer")
        #expect(known.status == .notFound)
        #expect(try known.problem().code == "not-found")
    }

    @Test(
        "another credential is 401 and not repeated",
        arguments: [
            "Bearer wrong-wrong-wrong", "Basic \(GatewayUnderTest.key)", "Bearer", GatewayUnderTest.key,
            "Bearer \(GatewayUnderTest.key)x", "Bearer \(GatewayUnderTest.key.dropLast())",
        ]
    )
    func wrongCredentials(value: String) async throws {
        let answer = try await self.gateway.request(.get, "/api/v1/stores", headers: [.authorization: value])
        #expect(answer.status == .unauthorized)
        // The same words whatever was wrong, and what to do.
        let missing = try await self.gateway.request(.get, "/api/v1/stores", headers: [:])
        #expect(try answer.problem().detail == missing.problem().detail)
        #expect(try answer.problem().detail?.contains("Authorization with the word Bearer") == true)
        #expect(!answer.text.contains("wrong"))
        #expect(!answer.text.contains(GatewayUnderTest.key))
    }

    @Test("health and readiness need no caller", arguments: ["/healthz", "/readyz", "//healthz"])
    func openRoutes(path: String) async throws {
        let answer = try await self.gateway.request(.get, path, headers: [:])
        #expect(answer.status == .ok)
    }

    @Test("readiness says no when a store does not answer, and no more than that")
    func notReady() async throws {
        let gateway = try GatewayUnderTest(ScriptedUpstream())
        let answer = try await gateway.request(.get, "/readyz", headers: [:])
        #expect(answer.status == .serviceUnavailable)
        #expect(answer.text == #"{"status":"not-ready"}"#)
    }

    @Test("readiness asks the store once for many callers")
    func readinessIsShared() async throws {
        let upstream = ScriptedUpstream(search: { _ in [] })
        var limits = GatewayLimits()
        limits.readinessKeptFor = .seconds(3600)
        let gateway = try GatewayUnderTest(upstream, limits: limits)
        try await gateway.application.test(.router) { client in
            for _ in 0..<20 { try await client.execute(uri: "/readyz", method: .get) }
        }
        #expect(upstream.log.searches.count == 1)
        #expect(upstream.log.calls.first?.principal == nil)
    }
}
