import CollimatorCore
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Identity
import NIOCore
import Testing

@testable import Gateway

/// An API key as a client reads it.
private struct KeyText: Decodable {
    let id: String
    let name: String
    let principal: String
    let owner: String
    let state: String
    let expiresAt: String?
    let lastUsedAt: String?
    let secrets: [Secret]
    let key: String?

    struct Secret: Decodable {
        let prefix: String
        let endsAt: String?
    }
}

private struct KeyList: Decodable {
    let items: [KeyText]
    let nextCursor: String?
}

@Suite("/api/v1/access/keys")
struct APIKeyRouteTests {
    private static let root = "/api/v1/access/keys"
    private let gateway: GatewayUnderTest

    init() async throws {
        self.gateway = try await GatewayUnderTest(ScriptedUpstream(search: { _ in [] })).knowing([]).knowingCallers()
    }

    private func send(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ json: String? = nil,
        key: String = GatewayUnderTest.key
    ) async throws -> TestResponse {
        var headers: HTTPFields = [.authorization: "Bearer \(key)"]
        if json != nil { headers[.contentType] = "application/json" }
        return try await self.gateway.request(method, path, headers: headers, body: json.map { ByteBuffer(string: $0) })
    }

    private func make(_ json: String = #"{"name":"An app"}"#) async throws -> KeyText {
        let answer = try await self.send(.post, Self.root, json)
        #expect(answer.status == .created)
        return try Self.decode(KeyText.self, answer)
    }

    private static func decode<Value: Decodable>(_ type: Value.Type, _ answer: TestResponse) throws -> Value {
        try JSONDecoder().decode(type, from: Data(answer.body.readableBytesView))
    }

    @Test("a key is shown once, and then never again")
    func shownOnce() async throws {
        let answer = try await self.send(
            .post,
            Self.root,
            #"{"id":"pacs","name":"The PACS","expiresAt":"2030-01-05T10:41:12Z"}"#
        )
        #expect(answer.status == .created)
        #expect(answer.headers[.cacheControl] == "no-store")
        #expect(answer.headers[.location] == "\(Self.root)/pacs")
        let made = try Self.decode(KeyText.self, answer)
        let text = try #require(made.key)
        #expect(made.principal == "client:pacs" && made.owner == "administrator" && made.state == "active")
        #expect(made.expiresAt == "2030-01-05T10:41:12Z" && made.lastUsedAt == nil)

        let found = try await self.send(.get, "\(Self.root)/pacs")
        let list = try await self.send(.get, Self.root)
        for later in [found, list] {
            #expect(later.status == .ok)
            #expect(!later.text.contains(text))
        }
        let prefix = try #require(try Self.decode(KeyText.self, found).secrets.first?.prefix)
        #expect(text.hasPrefix(prefix) && prefix.count < 20)
    }

    @Test("a key's holder is a caller without rights, until its end")
    func callerOfItsOwn() async throws {
        let made = try await self.make()
        let text = try #require(made.key)
        // Lists are not refused; there is nothing in them for whoever has no right.
        let stores = try await self.send(.get, "/api/v1/stores", key: text)
        #expect(stores.status == .ok && stores.text.contains(#""items":[]"#))
        let study = try await self.send(.get, Sample.studyPath, key: text)
        #expect(study.status == .notFound)
        let used = try await self.send(.get, "\(Self.root)/\(made.id)")
        #expect(try Self.decode(KeyText.self, used).lastUsedAt != nil)

        let end = try await self.send(.delete, "\(Self.root)/\(made.id)")
        #expect(end.status == .noContent)
        let after = try await self.send(.get, "/api/v1/stores", key: text)
        #expect(after.status == .unauthorized)
        #expect(!after.text.contains(text))
        let again = try await self.send(.delete, "\(Self.root)/\(made.id)")
        #expect(again.status == .noContent)
        let rotation = try await self.send(.post, "\(Self.root)/\(made.id)/rotations")
        #expect(rotation.status == .conflict)
    }

    @Test("both texts work while one replaces the other")
    func rotation() async throws {
        let made = try await self.make()
        let answer = try await self.send(.post, "\(Self.root)/\(made.id)/rotations", #"{"overlapSeconds":60}"#)
        #expect(answer.status == .created && answer.headers[.cacheControl] == "no-store")
        let rotated = try Self.decode(KeyText.self, answer)
        #expect(rotated.secrets.map(\.endsAt) == [nil, "2026-09-21T14:14:20Z"])
        for text in [made.key, rotated.key] {
            let stores = try await self.send(.get, "/api/v1/stores", key: try #require(text))
            #expect(stores.status == .ok)
        }
        let last = try await self.send(.post, "\(Self.root)/\(made.id)/rotations", #"{"overlapSeconds":0}"#)
        #expect(last.status == .created)
        for text in [made.key, rotated.key] {
            let stores = try await self.send(.get, "/api/v1/stores", key: try #require(text))
            #expect(stores.status == .unauthorized)
        }
    }

    // Case 62 of the abuse cases, and the keys' part of 48.
    @Test("a key manages no keys, not its own either, whatever it asks for")
    func managesNothing() async throws {
        let one = try await self.make()
        let other = try await self.make()
        let text = try #require(one.key)
        for (method, path) in [
            (HTTPRequest.Method.get, Self.root), (.post, Self.root), (.get, "\(Self.root)/\(one.id)"),
            (.get, "\(Self.root)/\(other.id)"), (.delete, "\(Self.root)/\(other.id)"),
            (.post, "\(Self.root)/\(other.id)/rotations"), (.get, "\(Self.root)/nobody"),
            (.get, "/api/v1/access/principals"),
        ] {
            let answer = try await self.send(method, path, method == .post ? #"{"name":"x"}"# : nil, key: text)
            #expect(answer.status == .forbidden, "\(method) \(path)")
        }
        let kept = try await self.send(.get, "\(Self.root)/\(other.id)")
        #expect(try Self.decode(KeyText.self, kept).state == "active")
    }

    // Case 45 of the abuse cases.
    @Test(
        "a body with anything but what may be said is refused, and makes nothing",
        arguments: [
            "", "[]", "{", #"{"name":1}"#, #"{"name":""}"#, #"{"name":"x","owner":"user:a/b"}"#,
            #"{"name":"x","principal":"administrator"}"#, #"{"name":"x","secret":"clm_key_a"}"#,
            #"{"name":"x","lastUsedAt":null}"#, #"{"name":"x","name":"y"}"#, #"{"name":"x","id":"X"}"#,
            #"{"name":"x","id":7}"#, #"{"name":"x","expiresAt":"tomorrow"}"#, #"{"name":"x","expiresAt":5}"#,
            #"{"name":"a\u0000b"}"#,
        ]
    )
    func massAssignment(json: String) async throws {
        let answer = try await self.send(.post, Self.root, json)
        #expect(answer.status == .badRequest)
        let list = try await self.send(.get, Self.root)
        #expect(try Self.decode(KeyList.self, list).items.isEmpty)
    }

    @Test("a body of another type, and one that is too long, are refused as such")
    func bodies() async throws {
        let form = try await self.gateway.request(.post, Self.root, body: ByteBuffer(string: "name=x"))
        #expect(form.status == .unsupportedMediaType)
        let long = try await self.send(.post, Self.root, #"{"name":"\#(String(repeating: "x", count: 20_000))"}"#)
        #expect(long.status == .contentTooLarge)
    }

    @Test(
        "the overlap of a rotation is bounded",
        arguments: ["-1", "604801", "1.5", #""60""#, "9223372036854775807", "1e3"]
    )
    func overlap(value: String) async throws {
        let made = try await self.make()
        let answer = try await self.send(
            .post,
            "\(Self.root)/\(made.id)/rotations",
            #"{"overlapSeconds":\#(value)}"#
        )
        #expect(answer.status == .badRequest)
    }

    @Test("an end in the past, and an id that was used before, are refused")
    func conflicts() async throws {
        let past = try await self.send(.post, Self.root, #"{"name":"x","expiresAt":"2020-01-01T00:00:00Z"}"#)
        #expect(past.status == .unprocessableContent)
        _ = try await self.make(#"{"id":"pacs","name":"x"}"#)
        let taken = try await self.send(.post, Self.root, #"{"id":"pacs","name":"y"}"#)
        #expect(taken.status == .conflict)
    }

    @Test("keys come in pages, each once")
    func pages() async throws {
        for number in 0..<5 { _ = try await self.make(#"{"id":"app-\#(number)","name":"x"}"#) }
        var ids: [String] = []
        var query = "?limit=2"
        for _ in 0..<3 {
            let page = try Self.decode(KeyList.self, try await self.send(.get, Self.root + query))
            ids += page.items.map(\.id)
            query = page.nextCursor.map { "?limit=2&cursor=\($0)" } ?? ""
        }
        #expect(ids == (0..<5).map { "app-\($0)" } && query.isEmpty)
        for bad in ["?cursor=!", "?limit=0", "?limit=201", "?other=1", "?limit=1&limit=2"] {
            let answer = try await self.send(.get, Self.root + bad)
            #expect(answer.status == .badRequest, "\(bad)")
        }
    }

    @Test("what is no key's id is as unknown as one that is not there", arguments: ["nobody", "X", "a", "%252e"])
    func unknown(id: String) async throws {
        for method in [HTTPRequest.Method.get, .delete] {
            let answer = try await self.send(method, "\(Self.root)/\(id)")
            #expect(answer.status == .notFound)
        }
    }
}
