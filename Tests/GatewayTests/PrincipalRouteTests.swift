import CollimatorCore
import Cryptography
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Identity
import NIOCore
import Testing

@testable import Gateway

/// A principal as a client reads it.
private struct PrincipalText: Decodable {
    let id: String
    let principal: String
    let lastSeenAt: String?
    let authenticationMethod: String?
    let suspended: Bool
    let suspendedBy: String?
    let effectiveRights: Rights?

    struct Rights: Decodable {
        let permissions: [String]
        let stores: [Store]
    }

    struct Store: Decodable {
        let name: String
        let permissions: [String]
    }
}

private struct PrincipalList: Decodable {
    let items: [PrincipalText]
}

@Suite("/api/v1/access/principals")
struct PrincipalRouteTests {
    private static let root = "/api/v1/access/principals"
    private let gateway: GatewayUnderTest

    init() async throws {
        self.gateway = try await GatewayUnderTest(ScriptedUpstream(search: { _ in [] })).knowingCallers()
    }

    private func send(
        _ method: HTTPRequest.Method,
        _ path: String,
        key: String = GatewayUnderTest.key
    ) async throws -> TestResponse {
        try await self.gateway.request(method, path, headers: [.authorization: "Bearer \(key)"])
    }

    private static func decode<Value: Decodable>(_ type: Value.Type, _ answer: TestResponse) throws -> Value {
        try JSONDecoder().decode(type, from: Data(answer.body.readableBytesView))
    }

    private func makeKey(_ id: String) async throws -> String {
        let first = try await self.gateway.request(
            .post,
            "/api/v1/access/keys",
            headers: [.authorization: "Bearer \(GatewayUnderTest.key)", .contentType: "application/json"],
            body: ByteBuffer(string: #"{"id":"\#(id)","name":"x"}"#)
        )
        struct Made: Decodable { let key: String }
        return try Self.decode(Made.self, first).key
    }

    private static func path(_ principal: Principal) -> String {
        "\(Self.root)/\(Base64URL.encode(Array(principal.description.utf8)))"
    }

    @Test("shows who has called, by what, and what they may do")
    func seen() async throws {
        let key = try await self.makeKey("pacs")
        _ = try await self.send(.get, "/api/v1/stores", key: key)
        let list = try await self.send(.get, Self.root)
        let items = try Self.decode(PrincipalList.self, list).items
        #expect(items.map(\.principal) == ["administrator", "client:pacs"])
        #expect(items.map(\.authenticationMethod) == ["administrator-key", "api-key"])
        #expect(items.allSatisfy { $0.lastSeenAt != nil && !$0.suspended && $0.effectiveRights == nil })

        let administrator = try await self.send(.get, "\(Self.root)/\(items[0].id)")
        let rights = try #require(try Self.decode(PrincipalText.self, administrator).effectiveRights)
        #expect(rights.permissions.contains("collimator.keys.manage"))
        #expect(rights.stores.map(\.name) == ["radiology"])
        let client = try await self.send(.get, "\(Self.root)/\(items[1].id)")
        let none = try #require(try Self.decode(PrincipalText.self, client).effectiveRights)
        // A list of stores is filtered and not refused.
        #expect(none.permissions == ["healthcare.dicomStores.list"] && none.stores.isEmpty)
    }

    // Case 20 of the abuse cases: what was decided before does not let anybody in.
    @Test("a suspended app is out at once, with each of its texts, and in again when it is restored")
    func suspension() async throws {
        let key = try await self.makeKey("pacs")
        let path = Self.path(.client(id: "pacs"))
        let before = try await self.send(.get, "/api/v1/stores", key: key)
        #expect(before.status == .ok)
        let answer = try await self.send(.put, "\(path)/suspension")
        #expect(answer.status == .ok)
        let suspended = try Self.decode(PrincipalText.self, answer)
        #expect(suspended.suspended && suspended.suspendedBy == "administrator")
        for path in ["/api/v1/stores", "/api/v1/me", "/nowhere", "/dicomweb/radiology/studies", "/v1/projects/p/x"] {
            let refused = try await self.send(.get, path, key: key)
            #expect(refused.status == .unauthorized, "\(path)")
        }
        let other = try await self.send(.get, "/api/v1/stores", key: try await self.makeKey("other"))
        #expect(other.status == .ok)

        let restored = try await self.send(.delete, "\(path)/suspension")
        #expect(restored.status == .noContent)
        let after = try await self.send(.get, "/api/v1/stores", key: key)
        #expect(after.status == .ok)
    }

    @Test("a suspension ends sessions, which a restoration does not bring back")
    func sessions() async throws {
        // A session of an app: made of a link that its key asked for.
        let key = try await self.makeKey("pacs")
        let caller = try await self.gateway.parts.authenticator.authenticate(authorization: ["Bearer \(key)"])
        let secret = try self.gateway.parts.signIns.redeem(token: self.gateway.parts.signIns.token(for: caller))
        let waiting = self.gateway.parts.signIns.token(for: caller)
        _ = try await self.gateway.parts.signIns.authenticate(session: secret)
        let path = Self.path(.client(id: "pacs"))
        _ = try await self.send(.put, "\(path)/suspension")
        _ = try await self.send(.delete, "\(path)/suspension")
        await #expect(throws: CollimatorError.self) {
            try await self.gateway.parts.signIns.authenticate(session: secret)
        }
        #expect(throws: CollimatorError.self) { try self.gateway.parts.signIns.redeem(token: waiting) }
    }

    @Test("the administrator and groups cannot be suspended, and nobody unknown is restored")
    func refusals() async throws {
        for principal in [Principal.administrator, .localGroup(name: "x"), .anonymous] {
            let answer = try await self.send(.put, "\(Self.path(principal))/suspension")
            #expect(answer.status == .unprocessableContent)
        }
        let unknown = Self.path(.user(issuer: "hospital", subject: "ann"))
        let restored = try await self.send(.delete, "\(unknown)/suspension")
        #expect(restored.status == .notFound)
        let found = try await self.send(.get, unknown)
        #expect(found.status == .notFound)
        let beforehand = try await self.send(.put, "\(unknown)/suspension")
        #expect(beforehand.status == .ok)
    }

    // Case 40 of the abuse cases.
    @Test(
        "an id that is no principal's own is unknown",
        arguments: ["x", "YWRtaW5pc3RyYXRvcg==", "QWRtaW5pc3RyYXRvcg", "dXNlcjphbm4", "%20", "client:pacs"]
    )
    func unknown(id: String) async throws {
        let found = try await self.send(.get, "\(Self.root)/\(id)")
        #expect(found.status == .notFound)
        let suspended = try await self.send(.put, "\(Self.root)/\(id)/suspension")
        #expect(suspended.status == .notFound)
    }

    @Test("an app without rights sees and suspends nobody")
    func withoutRights() async throws {
        let key = try await self.makeKey("pacs")
        let path = Self.path(.client(id: "other"))
        for (method, path) in [
            (HTTPRequest.Method.get, Self.root), (.get, path), (.put, "\(path)/suspension"),
            (.delete, "\(path)/suspension"),
        ] {
            let answer = try await self.send(method, path, key: key)
            #expect(answer.status == .forbidden)
        }
    }
}
