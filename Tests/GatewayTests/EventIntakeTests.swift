import Catalog
import CollimatorCore
import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import Gateway

@Suite("POST /events/pubsub")
struct PubSubPushTests {
    private static let data = "projects/p/locations/l/datasets/d/dicomStores/s/dicomWeb/studies/1.2.3"

    /// A gateway that takes pushes with the token `good`, and what it has set aside.
    private static func gateway() async throws -> GatewayUnderTest {
        var gateway = try GatewayUnderTest(ScriptedUpstream())
        try await gateway.parts.catalog.prepare()
        let stores = gateway.parts.stores
        gateway.parts.push = PubSubPush(
            intake: EventIntake(catalog: gateway.parts.catalog) { stores[$0]?.name },
            verify: { token in
                guard token != "later" else { throw CollimatorError(.unavailable, "the keys cannot be fetched") }
                guard token == "good" else { throw CollimatorError(.unauthenticated, "a forged push") }
            }
        )
        return gateway
    }

    private static func push(
        _ gateway: GatewayUnderTest,
        _ token: String?,
        _ body: String,
        headers more: HTTPFields = [:]
    ) async throws -> TestResponse {
        var headers = more
        headers[.contentType] = "application/json"
        if let token { headers[.authorization] = token }
        return try await gateway.request(
            .post,
            "/events/pubsub",
            headers: headers,
            body: ByteBuffer(string: body)
        )
    }

    private static func wrapped(_ data: String) -> String {
        let text = Data(data.utf8).base64EncodedString()
        return """
            {"message":{"data":"\(text)","attributes":{"action":"StoreInstances"},"messageId":"1","message_id":"1"},\
            "subscription":"projects/p/subscriptions/s"}
            """
    }

    @Test("takes a message wrapped and unwrapped, once and again")
    func taken() async throws {
        let gateway = try await Self.gateway()
        for body in [Self.wrapped(Self.data), Self.data, Self.wrapped(Self.data)] {
            let answer = try await Self.push(gateway, "Bearer good", body)
            #expect(answer.status == .noContent)
        }
        #expect(try await gateway.parts.catalog.rejections(before: nil, limit: 10).isEmpty)
    }

    @Test("reads the attributes of a message that is not wrapped in the headers, and sets aside one that contradicts")
    func unwrappedAttributes() async throws {
        let store = try #require(HTTPField.Name("storeName"))
        let study = try #require(HTTPField.Name("studyInstanceUID"))
        let names: HTTPFields = [store: "projects/p/locations/l/datasets/d/dicomStores/s", study: "1.2.3"]
        for (name, value, expected) in [
            (store, names[store], 0), (study, names[study], 0), (store, "projects/p/x", 1), (study, "1.2.4", 1),
        ] {
            let gateway = try await Self.gateway()
            var headers = names
            headers[name] = value
            let answer = try await Self.push(gateway, "Bearer good", Self.data, headers: headers)
            #expect(answer.status == .noContent)
            let kept = try await gateway.parts.catalog.rejections(before: nil, limit: 10)
            #expect(kept.map(\.reason) == Array(repeating: .contradictory, count: expected), "\(name)")
        }
    }

    @Test(
        "refuses a forged push, and keeps nothing of it",
        arguments: [nil, "Bearer forged", "Basic good", "Bearer", "good", GatewayUnderTest.key]
    )
    func forged(authorization: String?) async throws {
        let gateway = try await Self.gateway()
        let answer = try await Self.push(gateway, authorization, Self.wrapped("poison"))
        #expect(answer.status == .unauthorized)
        #expect(try answer.problem().code == "unauthenticated")
        #expect(try await gateway.parts.catalog.rejections(before: nil, limit: 10).isEmpty)
    }

    @Test("refuses a good token beside another one, and one that is too long, before the body is looked at")
    func severalTokens() async throws {
        let gateway = try await Self.gateway()
        var twice = HTTPFields()
        twice.append(HTTPField(name: .authorization, value: "Bearer good"))
        twice.append(HTTPField(name: .authorization, value: "Bearer forged"))
        let long: HTTPFields = [.authorization: "Bearer " + String(repeating: "g", count: 17 * 1024)]
        for headers in [twice, long] {
            let answer = try await Self.push(gateway, nil, Self.wrapped("poison"), headers: headers)
            #expect(answer.status == .unauthorized)
        }
        let asQuery = try await gateway.request(.post, "/events/pubsub?token=good&access_token=good", headers: [:])
        #expect(asQuery.status == .unauthorized)
        #expect(try await gateway.parts.catalog.rejections(before: nil, limit: 10).isEmpty)
        #expect(try await Self.push(gateway, "Bearer good", Self.wrapped("poison")).status == .noContent)
    }

    @Test("sets aside an event of a store that nobody knows here, and says so by API without its name")
    func unknownStore() async throws {
        let gateway = try await Self.gateway()
        let other = Self.data.replacingOccurrences(of: "dicomStores/s", with: "dicomStores/elsewhere")
        for body in [Self.wrapped(other), other] {
            #expect(try await Self.push(gateway, "Bearer good", body).status == .noContent)
        }
        let listed = try await gateway.request(.get, "/api/v1/events/rejections")
        #expect(listed.status == .ok && !listed.text.contains("elsewhere") && !listed.text.contains("1.2.3"))
        #expect(listed.text.components(separatedBy: #""reason":"unknown-store""#).count == 3)
        // Nothing has come of it in the feed.
        let events = try await gateway.request(.get, "/api/v1/events")
        #expect(events.text.contains(#""items":[]"#))
    }

    @Test(
        "takes a message with members and attributes that nobody knows, or that are no texts",
        arguments: [
            #""attributes":{"shape":"round"}"#, #""attributes":{"studyInstanceUID":7,"storeName":{}}"#,
            #""attributes":null"#, #""attributes":["storeName"]"#, #""orderingKey":"k","surprise":{"a":[1,2,{}]}"#,
        ]
    )
    func unknownMembers(more: String) async throws {
        let gateway = try await Self.gateway()
        let text = Data(Self.data.utf8).base64EncodedString()
        let body = #"{"message":{"data":"\#(text)",\#(more)},"deliveryAttempt":3,"unheard":"of"}"#
        #expect(try await Self.push(gateway, "Bearer good", body).status == .noContent)
        #expect(try await gateway.parts.catalog.rejections(before: nil, limit: 10).isEmpty)
    }

    @Test("is refused to everybody where none is configured, the administrator's key included")
    func unconfigured() async throws {
        let gateway = try GatewayUnderTest(ScriptedUpstream())
        for token in ["Bearer good", "Bearer \(GatewayUnderTest.key)"] {
            let answer = try await Self.push(gateway, token, Self.wrapped(Self.data))
            #expect(answer.status == .unauthorized)
        }
    }

    @Test("asks Pub/Sub to come again where the token cannot be checked")
    func unchecked() async throws {
        let answer = try await Self.push(try await Self.gateway(), "Bearer later", Self.wrapped(Self.data))
        #expect(answer.status == .serviceUnavailable)
    }

    @Test(
        "sets aside what cannot be used, and answers it like any other so that it does not come again",
        arguments: [
            ("{", "not-a-notification"), ("", "unreadable"), (#"{"message":{}}"#, "unreadable"),
            (#"{"message":7}"#, "not-a-notification"), (#"{"message":{"data":"%"}}"#, "unreadable"),
            (String(repeating: "x", count: 300_000), "too-large"),
        ]
    )
    func poison(body: String, reason: String) async throws {
        let gateway = try await Self.gateway()
        let answer = try await Self.push(gateway, "Bearer good", body)
        #expect(answer.status == .noContent)
        let kept = try await gateway.parts.catalog.rejections(before: nil, limit: 10)
        #expect(kept.map(\.reason.rawValue) == [reason])
    }

    @Test("the list of what was set aside comes page by page, newest first")
    func rejections() async throws {
        let gateway = try await Self.gateway()
        for number in 1...3 { _ = try await Self.push(gateway, "Bearer good", "poison \(number)") }
        let first = try await gateway.request(.get, "/api/v1/events/rejections?limit=2")
        #expect(first.status == .ok)
        #expect(first.text.contains(#""nextCursor":"2""#))
        let second = try await gateway.request(.get, "/api/v1/events/rejections?limit=2&cursor=2")
        #expect(second.text.contains(#""id":"1""#))
        #expect(second.text.contains(#""nextCursor":null"#))
        #expect(!first.text.contains("poison"))
        for query in ["limit=0", "limit=201", "cursor=x", "cursor=-1", "surprise=1", "limit=1&limit=1"] {
            let refused = try await gateway.request(.get, "/api/v1/events/rejections?\(query)")
            #expect(refused.status == .badRequest, "\(query)")
        }
    }
}
