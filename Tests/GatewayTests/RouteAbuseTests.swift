import Catalog
import CollimatorCore
import DICOMweb
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Identity
import NIOCore
import Persistence
import Synchronization
import TestSupport
import Testing

@testable import Gateway

@Suite("Abuse of paths, headers and credentials, over every route")
struct RouteAbuseTests {
    private struct KeyText: Decodable { let key: String }

    /// Sends a request to every guarded route; nothing of it may reach the store.
    private static func walk(
        _ gateway: GatewayUnderTest,
        _ upstream: ScriptedUpstream,
        study: String = "1.2.1",
        query: String = "",
        headers: HTTPFields,
        where isWanted: @escaping @Sendable (Endpoint) -> Bool = { _ in true },
        _ check: @escaping @Sendable (TestResponse, String) throws -> Void
    ) async throws {
        let before = upstream.log.calls.count
        try await gateway.application.test(.router) { client in
            for endpoint in AccessWalkTests.guarded(gateway) where isWanted(endpoint) {
                let path = AccessWalkTests.path(endpoint.path, study: study, series: "1.2.1.1")
                let answer = try await client.execute(uri: path + query, method: endpoint.method, headers: headers)
                try check(answer, "\(endpoint.method) \(endpoint.path)")
            }
        }
        #expect(upstream.log.calls.count == before)
    }

    @Test(
        "case 21: a path in a UID is no path, and nothing of it is sent on",
        arguments: [
            "1.2.1%2F..%2F1.2.2", "1.2.1%2f1.2.2", "1.2.1%5C1.2.2", "1.2.1%252F1.2.2", "%2e%2e", "1.2.1;x=1",
            "1.2.1%20",
            "1.2.1%00", "1.2.1%0d%0aX:%20y", "..%2f..%2fhealthz",
        ]
    )
    func paths(study: String) async throws {
        let upstream = ScriptedUpstream()
        let gateway = try await GatewayUnderTest.judged(
            by: ScriptedJudge(["1.2.1": .whole, "1.2.2": .whole]),
            upstream
        )
        try await Self.walk(
            gateway,
            upstream,
            study: study,
            headers: GatewayUnderTest.bearer,
            where: { $0.path.contains("{study}") }
        ) { answer, route in
            #expect([.badRequest, .notFound].contains(answer.status), "\(route)")
        }
    }

    @Test(
        "case 22: what is no UID is refused as such",
        arguments: [
            "*", "1.2.3%2Finstances%2F9.9", String(repeating: "1", count: 65), "%D9%A1.%D9%A2", "1.2.x", "studies",
        ]
    )
    func identifiers(study: String) async throws {
        let upstream = ScriptedUpstream()
        let gateway = try await QIDOTests.gateway(upstream)
        try await Self.walk(
            gateway,
            upstream,
            study: study,
            headers: GatewayUnderTest.bearer,
            where: { $0.path.contains("{study}") && !$0.path.hasPrefix("/v1/") }
        ) { answer, route in
            #expect(answer.status == .badRequest, "\(route)")
        }
    }

    @Test(
        "cases 23, 24, 25 and 26: nothing but a credential makes a caller: no query, header that names one, probe's name"
    )
    func strangers() async throws {
        let upstream = ScriptedUpstream()
        let gateway = try await QIDOTests.gateway(upstream)
        func header(_ name: String, _ value: String) throws -> HTTPFields {
            [try #require(HTTPField.Name(name)): value]
        }
        let spoofs: [(query: String, headers: HTTPFields)] = [
            ("?x=/healthz", [:]), ("?/healthz", [:]), ("?x=/app/", [:]),
            ("", try header("X-Original-URL", "/healthz")), ("", try header("X-Rewrite-URL", "/healthz")),
            ("", try header("X-Forwarded-Uri", "/healthz")), ("", try header("X-Envoy-Original-Path", "/healthz")),
            ("", try header("User-Agent", "GoogleHC/1.0")), ("", try header("User-Agent", "kube-probe/1.29")),
            ("", try header("X-Forwarded-User", "administrator")),
            ("", try header("X_Forwarded_User", "administrator")),
            ("", try header("X-Auth-Request-Email", "a@hospital.org")),
            ("", try header("X-Goog-Authenticated-User-Email", "a@hospital.org")),
            ("?access_token=\(GatewayUnderTest.key)", [:]), ("?key=\(GatewayUnderTest.key)", [:]),
        ]
        for spoof in spoofs {
            try await Self.walk(gateway, upstream, query: spoof.query, headers: spoof.headers) { answer, route in
                #expect(answer.status == .unauthorized, "\(route) \(spoof)")
                #expect(!answer.text.contains("Smith"))
            }
        }
    }

    @Test("case 27: another method by a header or a parameter is no other method")
    func methods() async throws {
        let upstream = ScriptedUpstream()
        let gateway = try await GatewayUnderTest.judged(by: ScriptedJudge(["1.2.1": .whole]), upstream)
        let path = "/api/v1/stores/radiology/studies/1.2.1"
        for name in ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"] {
            var headers = GatewayUnderTest.bearer
            headers[try #require(HTTPField.Name(name))] = "DELETE"
            #expect(try await gateway.request(.get, path, headers: headers).status == .ok)
        }
        #expect(try await gateway.request(.get, "\(path)?_method=DELETE").status == .badRequest)
        #expect(try await gateway.request(.delete, path).status == .notFound)
        #expect(try await gateway.request(.trace, path).status == .methodNotAllowed)
        #expect(upstream.log.requests.allSatisfy { $0.method != .delete })
        for method in [HTTPRequest.Method.head, .trace] {
            #expect(try await gateway.request(method, path, headers: [:]).status == .unauthorized)
        }
        // A HEAD is decided on as its GET is.
        #expect(try await gateway.request(.head, "/api/v1/stores/radiology/studies/1.2.2").status == .notFound)
        #expect(try await gateway.request(.head, path).status == .ok)
    }

    @Test(
        "cases 20 and 33: a key that has expired, was revoked, or is forged opens no route, whatever it opened before"
    )
    func ended() async throws {
        let upstream = ScriptedUpstream()
        var gateway = try await QIDOTests.gateway(upstream)
        let folder = try TemporaryDirectory()
        let database = try Database.open(DatabaseConfiguration(path: "\(folder.path)/identity.db", readerCount: 1))
        let seconds = Mutex(1_790_000_000.0)
        let clock = WallClock { Date(timeIntervalSince1970: seconds.withLock { $0 }) }
        let identity = IdentityDirectory(store: IdentityStore(database: database), clock: clock)
        try await identity.load()
        gateway.parts.identity = identity
        gateway.parts.authenticator = Authenticator(
            administratorKey: try GatewayUnderTest.administratorKey(),
            keys: identity.keys
        )
        gateway.parts.judge = ScriptedJudge(["1.2.1": .whole])
        func make(_ body: String) async throws -> String {
            // The judge knows no administrator: the key is made beside it.
            var open = gateway
            open.parts.judge = nil
            var headers = GatewayUnderTest.bearer
            headers[.contentType] = "application/json"
            let made = try await open.request(
                .post,
                "/api/v1/access/keys",
                headers: headers,
                body: ByteBuffer(string: body)
            )
            return try JSONDecoder().decode(KeyText.self, from: Data(made.body.readableBytesView)).key
        }
        let expiring = try await make(#"{"id":"expiring","name":"An app","expiresAt":"2026-09-22T00:00:00Z"}"#)
        let revoked = try await make(#"{"id":"revoked","name":"An app"}"#)
        let path = "/api/v1/stores/radiology/studies/1.2.1"
        for key in [expiring, revoked] {
            let answer = try await gateway.request(.get, path, headers: [.authorization: "Bearer \(key)"])
            #expect(answer.status == .ok)
        }
        try await identity.keys.revoke("revoked")
        seconds.withLock { $0 += 365 * 24 * 60 * 60 }
        let forged = String(expiring.dropLast(2)) + (expiring.hasSuffix("AA") ? "BB" : "AA")
        for key in [expiring, revoked, forged, "clm_key_" + String(repeating: "A", count: 43), "clm_key_"] {
            try await Self.walk(gateway, upstream, headers: [.authorization: "Bearer \(key)"]) { answer, route in
                #expect(answer.status == .unauthorized, "\(route)")
                #expect(!answer.text.contains("Smith"))
            }
        }
        try await identity.close()
        withExtendedLifetime(folder) {}
    }
}
