import AsyncHTTPClient
import CollimatorCore
import Cryptography
import Foundation
import NIOCore
import NIOHTTP1
import Synchronization
import TestSupport
import Testing

@testable import HealthcareEmulator

@Suite("tokens")
struct AuthenticationTests {
    /// The key file, as a client reads it.
    struct Key {
        let json: [String: Any]
        let key: RSAPrivateKey

        init(_ server: TestServer) throws {
            let data = try Data(contentsOf: URL(fileURLWithPath: server.directory + "/service-account-key.json"))
            self.json = try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
            self.key = try RSAPrivateKey(pem: self.json["private_key"] as? String ?? "")
        }

        func assertion(_ changes: [String: Any] = [:], key: RSAPrivateKey? = nil, now: Date = Date()) throws -> String {
            var claims: [String: Any] = [
                "iss": self.text("client_email", of: self.json), "aud": self.text("token_uri", of: self.json),
                "scope": "https://www.googleapis.com/auth/cloud-platform",
                "iat": Int(now.timeIntervalSince1970), "exp": Int(now.timeIntervalSince1970) + 3600,
            ]
            for (name, value) in changes { claims[name] = value is NSNull ? nil : value }
            let bytes = Array(try JSONSerialization.data(withJSONObject: claims))
            return try JWS.signRS256(
                claims: bytes,
                keyID: self.text("private_key_id", of: self.json),
                key: key ?? self.key
            )
        }

        private func text(_ name: String, of json: [String: Any]) -> String { json[name] as? String ?? "" }
    }

    static let grant = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer"

    static func exchange(_ server: TestServer, form: String) async throws -> TestServer.Reply {
        let headers: HTTPHeaders = ["Content-Type": "application/x-www-form-urlencoded"]
        return try await server.send(.POST, "/token", headers: headers, body: Array(form.utf8))
    }

    static func token(_ server: TestServer) async throws -> String {
        let form = "grant_type=\(Self.grant)&assertion=\(try Key(server).assertion())"
        return try await Self.exchange(server, form: form).object["access_token"] as? String ?? ""
    }

    @Test("are given for an assertion of the service account, and let a caller in")
    func exchanged() async throws {
        try await withEmulator(requiresToken: true) { server in
            let form = "grant_type=\(Self.grant)&assertion=\(try Key(server).assertion())"
            let reply = try await Self.exchange(server, form: form)
            #expect(reply.status == 200)
            #expect(reply.object["expires_in"] as? Int == 3600)
            #expect(reply.object["token_type"] as? String == "Bearer")
            #expect(reply.headers.first(name: "Cache-Control") == "no-store")
            var caller = server
            caller.token = reply.object["access_token"] as? String
            let list = try await caller.get("/v1/projects/local/locations/local/datasets")
            #expect(list.status == 200)
        }
    }

    @Test(
        "are refused for assertions that another audience, issuer or time is in",
        arguments: [
            ["aud": "https://oauth2.example.org/token"], ["aud": NSNull()], ["iss": "stranger@example.org"],
            ["iss": NSNull()], ["exp": NSNull()], ["iat": NSNull()], ["exp": 10, "iat": 5],
            ["exp": Int(Date().timeIntervalSince1970) + 100_000], ["iat": Int(Date().timeIntervalSince1970) + 4000],
            ["iat": Int.min, "exp": Int.max], ["iat": -1], ["exp": Int.max], ["iat": Int.max, "exp": Int.min],
        ] as [[String: any Sendable]]
    )
    func refusedClaims(changes: [String: any Sendable]) async throws {
        try await withEmulator(requiresToken: true) { server in
            let form = "grant_type=\(Self.grant)&assertion=\(try Key(server).assertion(changes))"
            let reply = try await Self.exchange(server, form: form)
            #expect(reply.status == 400)
            #expect(reply.object["error"] as? String == "invalid_grant")
            #expect(reply.object["access_token"] == nil)
        }
    }

    @Test("are refused for another key's signature, and for what is no such form")
    func refusedForms() async throws {
        try await withEmulator(requiresToken: true) { server in
            let key = try Key(server)
            let stranger = try key.assertion(key: RSAPrivateKey.generate())
            let refused = try await Self.exchange(server, form: "grant_type=\(Self.grant)&assertion=\(stranger)")
            #expect(refused.object["error"] as? String == "invalid_grant")
            for (form, code) in [
                ("", "unsupported_grant_type"), ("grant_type=password", "unsupported_grant_type"),
                ("grant_type=\(Self.grant)", "invalid_request"),
                ("grant_type=\(Self.grant)&assertion=a.b.c", "invalid_grant"),
                ("grant_type=%zz", "invalid_request"), ("a=1&a=2", "invalid_request"),
                (String(repeating: "x", count: 40_000), "invalid_request"),
            ] {
                let reply = try await Self.exchange(server, form: form)
                #expect(reply.status == 400)
                #expect(reply.object["error"] as? String == code)
            }
        }
    }

    @Test(
        "that are not good are 401",
        arguments: ["", "Bearer", "Bearer nonsense", "Basic YTpi", "Bearer a.b.c", "bearer  "]
    )
    func refusedHeaders(header: String) async throws {
        try await withEmulator(requiresToken: true) { server in
            let reply = try await server.send(.GET, TestServer.store, headers: ["Authorization": header])
            #expect(reply.status == 401)
            #expect(reply.error["code"] as? Int == 401)
        }
    }

    @Test("expire after an hour")
    func expiry() async throws {
        let now = Mutex(Date())
        let clock = WallClock(now: { now.withLock { $0 } })
        try await withEmulator(requiresToken: true, clock: clock) { server in
            var caller = server
            caller.token = try await Self.token(server)
            let before = try await caller.get(TestServer.store)
            now.withLock { $0 += 3601 }
            let after = try await caller.get(TestServer.store)
            #expect(before.status == 200)
            #expect(after.status == 401)
        }
    }

    @Test("that the service account signed for itself are good as they are")
    func selfSigned() async throws {
        try await withEmulator(requiresToken: true) { server in
            let key = try Key(server)
            let email = key.json["client_email"] as? String ?? ""
            var caller = server
            caller.token = try key.assertion(["sub": email, "aud": NSNull()])
            let scoped = try await caller.get(TestServer.store)
            caller.token = try key.assertion([
                "sub": email, "aud": "https://healthcare.googleapis.com/", "scope": NSNull(),
            ])
            let addressed = try await caller.get(TestServer.store)
            caller.token = try key.assertion([
                "sub": email, "aud": "https://storage.googleapis.com/", "scope": NSNull(),
            ])
            let elsewhere = try await caller.get(TestServer.store)
            caller.token = try key.assertion(["aud": NSNull()])
            let withoutSubject = try await caller.get(TestServer.store)
            let statuses: [Int] = [scoped, addressed, elsewhere, withoutSubject].map(\.status)
            #expect(statuses == [200, 200, 401, 401])
        }
    }

    @Test("are not needed for health, nor where that is turned off")
    func open() async throws {
        try await withEmulator(requiresToken: true) { server in
            let health = try await server.get("/healthz")
            #expect(health.status == 200)
        }
        try await withEmulator(requiresToken: false) { server in
            let store = try await server.get(TestServer.store)
            #expect(store.status == 200)
        }
    }

    @Test("come from a key file for its owner alone that keeps its key over restarts")
    func keyFile() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path
        let ids = Mutex<[String]>([])
        for _ in 0..<2 {
            try await withEmulator(directory: path, requiresToken: true, hasKeyAlready: false) { server in
                let key = try Key(server)
                #expect(key.json["type"] as? String == "service_account")
                #expect(key.json["token_uri"] as? String == "http://127.0.0.1:\(server.port)/token")
                ids.withLock { $0.append(key.json["private_key_id"] as? String ?? "") }
                let attributes = try FileManager.default.attributesOfItem(atPath: path + "/service-account-key.json")
                #expect(attributes[.posixPermissions] as? Int == 0o600)
            }
        }
        let seen = ids.withLock { $0 }
        #expect(seen.count == 2 && seen[0] == seen[1] && !seen[0].isEmpty)
        withExtendedLifetime(directory) {}
    }

    @Test("a key file that cannot be read stops the start")
    func unreadableKeyFile() async throws {
        let directory = try TemporaryDirectory()
        try Data("{}".utf8).write(to: URL(fileURLWithPath: directory.path + "/service-account-key.json"))
        let path = directory.path
        await #expect(throws: EmulatorError.unreadableServiceAccountKey) {
            try await withEmulator(directory: path) { _ in }
        }
        withExtendedLifetime(directory) {}
    }
}
