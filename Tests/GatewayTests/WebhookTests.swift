import AccessControl
import Catalog
import CollimatorCore
import DICOMweb
import Foundation
import HTTPTypes
import HummingbirdTesting
import Identity
import NIOCore
import Testing

@testable import Gateway
@testable import Webhooks

@Suite("/api/v1/webhooks")
struct WebhookTests {
    private let hooks: WebhookGateway

    init() async throws { self.hooks = try await WebhookGateway() }

    private func find(_ id: String) async throws -> WebhookText {
        try WebhookGateway.decode(WebhookText.self, try await self.hooks.send(.get, "/\(id)"))
    }

    @Test("the secret of an endpoint is shown once, and then never again")
    func shownOnce() async throws {
        let answer = try await self.hooks.send(.post, "", #"{"name":"A","url":"HTTPS://A.example./hook?x=1"}"#)
        #expect(answer.status == .created && answer.headers[.cacheControl] == "no-store")
        let made = try WebhookGateway.decode(WebhookText.self, answer)
        let secret = try #require(made.secret)
        #expect(answer.headers[.location] == "/api/v1/webhooks/\(made.id)")
        #expect(made.url == "https://a.example/hook?x=1" && made.principal == "client:\(made.id)")
        #expect(made.state == "unverified" && made.dataPolicy == "uids" && !made.ordered)
        #expect(WebhookSecret(secret) != nil)
        for path in ["", "/\(made.id)"] {
            let later = try await self.hooks.send(.get, path)
            #expect(later.status == .ok && !later.text.contains("whsec_") && later.text.contains(made.id))
        }
    }

    @Test("an endpoint is active once it has answered the challenge, and suspended until it answers again")
    func challenged() async throws {
        let id = try await self.hooks.active()
        #expect(try await self.find(id).state == "active")
        let off = try await self.hooks.send(.put, "/\(id)/suspension", "{}")
        #expect(off.status == .ok)
        #expect(try await self.find(id).state == "suspended")
        #expect(try await self.hooks.send(.post, "/\(id)/tests").status == .conflict)
        self.hooks.receiver.refuseChallenges()
        let refused = try await self.hooks.send(.post, "/\(id)/challenges")
        #expect(refused.status == .unprocessableContent)
        #expect(try await self.find(id).state == "suspended")
        #expect(self.hooks.receiver.messages.isEmpty)
    }

    @Test("what is said of an endpoint is changed, and the rest stays")
    func changed() async throws {
        let id = try await self.hooks.active(#","types":["study.stable"],"callsPerMinute":60,"ordered":true"#)
        let change = try await self.hooks.send(.patch, "/\(id)", #"{"dataPolicy":"orders"}"#)
        #expect(change.status == .ok)
        let now = try await self.find(id)
        #expect(now.types == ["study.stable"] && now.dataPolicy == "orders" && now.callsPerMinute == 60 && now.ordered)
        _ = try await self.hooks.send(.patch, "/\(id)", #"{"callsPerMinute":null,"url":"https://b.example/"}"#)
        let moved = try await self.find(id)
        #expect(moved.callsPerMinute == nil && moved.state == "unverified" && moved.ordered)
        #expect(try await self.hooks.send(.delete, "/\(id)").status == .noContent)
        for method in [HTTPRequest.Method.get, .delete] {
            #expect(try await self.hooks.send(method, "/\(id)").status == .notFound)
        }
    }

    // Cases 45, 55, 56 and 60 of the abuse cases.
    @Test(
        "a body with anything but what may be said is refused, and makes nothing",
        arguments: [
            "", "[]", "{", #"{"name":"A"}"#, #"{"url":"https://a.example/"}"#,
            #"{"name":"","url":"https://a.example/"}"#,
            #"{"name":"A","url":7}"#, #"{"name":"A","url":"https://a.example/","state":"active"}"#,
            #"{"name":"A","url":"https://a.example/","secret":"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}"#,
            #"{"name":"A","url":"https://a.example/","headers":{"Host":"x"}}"#,
            #"{"name":"A","url":"https://a.example/","headers":{"X-A":7}}"#,
            #"{"name":"A","url":"https://a.example/","headers":["X-A"]}"#,
            #"{"name":"A","url":"https://a.example/","headers":{"X-A":"b\r\nX: y"}}"#,
            #"{"name":"A","url":"https://a.example/","clientCertificate":{"certificate":"good"}}"#,
            #"{"name":"A","url":"https://a.example/","clientCertificate":{"certificate":"bad","key":"k"}}"#,
            #"{"name":"A","url":"https://a.example/","clientCertificate":{"certificate":"good","key":"k","x":"y"}}"#,
            #"{"name":"A","url":"http://a.example/"}"#, #"{"name":"A","url":"https://127.0.0.1/"}"#,
            #"{"name":"A","url":"https://169.254.169.254/latest"}"#, #"{"name":"A","url":"https://[::1]/"}"#,
            #"{"name":"A","url":"https://localhost/"}"#, #"{"name":"A","url":"https://a.example:22/"}"#,
            #"{"name":"A","url":"https://u:p@a.example/"}"#, #"{"name":"A","url":"https://a.example/","types":["x"]}"#,
            #"{"name":"A","url":"https://a.example/","types":"study.stable"}"#,
            #"{"name":"A","url":"https://a.example/","stores":["../x"]}"#,
            #"{"name":"A","url":"https://a.example/","modalities":["ct"]}"#,
            #"{"name":"A","url":"https://a.example/","dataPolicy":"all"}"#,
            #"{"name":"A","url":"https://a.example/","callsPerMinute":0}"#,
            #"{"name":"A","url":"https://a.example/","ordered":1}"#,
            #"{"name":"A","url":"https://a.example/","name":"B"}"#,
        ]
    )
    func refused(json: String) async throws {
        let answer = try await self.hooks.send(.post, "", json)
        #expect(answer.status == .badRequest)
        #expect(!answer.text.contains("169.254"))
        #expect(try await self.hooks.engine.store.endpoints().isEmpty)
    }

    @Test("case 64: headers and the client certificate are used and never shown, and go where they are taken away")
    func credentials() async throws {
        let id = try await self.hooks.active(
            #","headers":{"Authorization":"Bearer s3cret"},"clientCertificate":{"certificate":"good","key":"k3y"}"#
        )
        _ = try await self.hooks.send(.post, "/\(id)/tests")
        let sent = try #require(self.hooks.receiver.messages.last)
        #expect(sent.headers["authorization"] == "Bearer s3cret" && sent.headers["webhook-id"] != nil)
        #expect(sent.certificate == ClientCertificate(chain: "good", key: "k3y"))
        #expect(!"\(sent.certificate as Any)".contains("k3y"))
        for path in ["", "/\(id)", "/\(id)/deliveries"] {
            let answer = try await self.hooks.send(.get, path)
            #expect(!answer.text.contains("s3cret") && !answer.text.contains("k3y"))
        }
        let shown = try await self.hooks.send(.get, "/\(id)")
        #expect(shown.text.contains(#""headerNames":["authorization"],"clientCertificate":{"sha256":"aaa"#))
        // What is not said stays.
        let same = try await self.hooks.send(.patch, "/\(id)", #"{"name":"B","callsPerMinute":null}"#)
        #expect(same.text.contains(#""headerNames":["authorization"],"clientCertificate":{"sha256":"aaa"#))
        let bare = try await self.hooks.send(.patch, "/\(id)", #"{"headers":null}"#)
        #expect(bare.text.contains(#""headerNames":[],"clientCertificate":{"sha256":"aaa"#))
        let gone = try await self.hooks.send(.patch, "/\(id)", #"{"headers":{},"clientCertificate":null}"#)
        #expect(gone.text.contains(#""headerNames":[],"clientCertificate":null"#))
        _ = try await self.hooks.send(.post, "/\(id)/tests")
        let plain = try #require(self.hooks.receiver.messages.last)
        #expect(plain.headers["authorization"] == nil && plain.certificate == nil)
    }

    @Test("a certificate and its key have room beside each other, as long as each may be")
    func longCertificate() async throws {
        func body(_ chain: Int, _ key: Int) -> String {
            let (chain, key) = (String(repeating: "c", count: chain), String(repeating: "k", count: key))
            let parts = #"{"certificate":"\#(chain)","key":"\#(key)"}"#
            return #"{"name":"A","url":"https://a.example/","clientCertificate":\#(parts)}"#
        }
        // The receiver knows another certificate: this one was looked at, and the body is not too long.
        let answer = try await self.hooks.send(.post, "", body(12_288, 8_192))
        #expect(answer.status == .badRequest && answer.text.contains("its own key"))
        for longer in [body(12_289, 1), body(1, 8_193)] {
            let answer = try await self.hooks.send(.post, "", longer)
            #expect(answer.status == .badRequest && !answer.text.contains("its own key"))
        }
        #expect(try await self.hooks.send(.post, "", body(64 * 1_024, 1)).status == .contentTooLarge)
    }

    @Test("a million filters are refused before they are looked at")
    func manyFilters() async throws {
        let some = Array(repeating: #""CT""#, count: 101).joined(separator: ",")
        let many = try await self.hooks.send(
            .post,
            "",
            #"{"name":"A","url":"https://a.example/","modalities":[\#(some)]}"#
        )
        #expect(many.status == .badRequest)
        let all = Array(repeating: #""CT""#, count: 100_000).joined(separator: ",")
        let huge = try await self.hooks.send(
            .post,
            "",
            #"{"name":"A","url":"https://a.example/","modalities":[\#(all)]}"#
        )
        #expect(huge.status == .contentTooLarge)
    }

    @Test("both secrets sign while one replaces the other")
    func rotated() async throws {
        let made = try await self.hooks.made()
        _ = try await self.hooks.send(.post, "/\(made.id)/challenges")
        let answer = try await self.hooks.send(.post, "/\(made.id)/secret-rotations", #"{"overlapSeconds":60}"#)
        let rotated = try WebhookGateway.decode(WebhookText.self, answer)
        #expect(answer.status == .created && rotated.previousSecretEndsAt == "2026-09-21T14:14:20Z")
        let test = try await self.hooks.send(.post, "/\(made.id)/tests", "{}")
        #expect(test.status == .ok && test.text.contains(#""delivered":true"#))
        let sent = try #require(self.hooks.receiver.messages.last)
        let signatures = try [rotated.secret, made.secret].map { text in
            try #require(text.flatMap { WebhookSecret($0) }).signature(
                id: sent.headers["webhook-id"] ?? "",
                seconds: 1_790_000_000,
                body: sent.body
            )
        }
        #expect(sent.headers["webhook-signature"] == signatures.joined(separator: " "))
        let last = try await self.hooks.send(.post, "/\(made.id)/secret-rotations", #"{"overlapSeconds":0}"#)
        #expect(try WebhookGateway.decode(WebhookText.self, last).previousSecretEndsAt == nil)
        for bad in ["-1", "604801", "1.5", #""60""#] {
            let path = "/\(made.id)/secret-rotations"
            #expect(try await self.hooks.send(.post, path, #"{"overlapSeconds":\#(bad)}"#).status == .badRequest)
        }
    }

    // Case 62 of the abuse cases.
    @Test("who may not manage endpoints learns nothing of them, whatever is asked")
    func strangers() async throws {
        let id = try await self.hooks.active()
        let issued = try await self.hooks.gateway.request(
            .post,
            "/api/v1/access/keys",
            headers: [.authorization: "Bearer \(GatewayUnderTest.key)", .contentType: "application/json"],
            body: ByteBuffer(string: #"{"name":"x"}"#)
        )
        struct Issued: Decodable { let key: String }
        let key = try WebhookGateway.decode(Issued.self, issued).key
        for (method, path) in [
            (HTTPRequest.Method.get, ""), (.post, ""), (.get, "/\(id)"), (.patch, "/\(id)"), (.delete, "/\(id)"),
            (.post, "/\(id)/challenges"), (.put, "/\(id)/suspension"), (.post, "/\(id)/secret-rotations"),
            (.post, "/\(id)/tests"), (.get, "/\(id)/deliveries"), (.get, "/\(id)/deliveries/evt_1_1/attempts"),
            (.post, "/\(id)/deliveries/evt_1_1/redeliveries"), (.post, "/\(id)/replays"), (.get, "/\(id)/replays"),
        ] {
            let answer = try await self.hooks.send(method, path, method == .get ? nil : "{}", key: key)
            #expect(answer.status == .forbidden, "\(method) \(path)")
        }
        #expect(try await self.find(id).state == "active")
    }

    @Test("an endpoint hears of what rules allow it, no more, and of nothing any more once they do not")
    func decided() async throws {
        let id = try await self.hooks.active()
        let store = try #require(StoreName("radiology"))
        var rule = AccessRule(id: "a", .allow, .client(id: id), role: "receiver", on: .store(store))
        rule.condition.patients = [PatientIdentity(id: "MRN-1", issuer: "H")]
        try self.hooks.rule([rule], version: 1)
        try await self.hooks.store("1.2.1", patient: "MRN-1")
        try await self.hooks.store("1.2.2", patient: "MRN-2")
        try await self.hooks.deliver()
        let bodies = self.hooks.receiver.messages.map { String(decoding: $0.body, as: UTF8.self) }
        #expect(bodies.count == 1 && bodies[0].contains("1.2.1") && !bodies[0].contains("MRN-1"))

        // Written down while it was allowed, and not sent when it no longer is.
        try await self.hooks.store("1.2.3", patient: "MRN-1")
        while try await self.hooks.engine.fanOut() > 0 {}
        try self.hooks.rule([], version: 2)
        try await self.hooks.deliver()
        let later = self.hooks.receiver.messages.dropFirst().map { String(decoding: $0.body, as: UTF8.self) }
        // It knows of the one study, and hears no more than that it has left.
        #expect(later.count == 1 && later[0].contains("study.removed") && later[0].contains("1.2.1\""))
        let list = try await self.hooks.send(.get, "/\(id)/deliveries?state=withheld")
        #expect(list.text.contains("1.2.3") && !list.text.contains("1.2.1\""))
    }

    @Test("what is said of patients is a right of its own")
    func demographics() async throws {
        let id = try await self.hooks.active(#","dataPolicy":"demographics""#)
        let store = try #require(StoreName("radiology"))
        try self.hooks.rule(
            [AccessRule(id: "a", .allow, .client(id: id), role: "receiver", on: .store(store))],
            version: 1
        )
        try await self.hooks.store("1.2.1")
        try await self.hooks.deliver()
        try self.hooks.rule(
            [AccessRule(id: "a", .allow, .client(id: id), role: "informed", on: .store(store))],
            version: 2
        )
        try await self.hooks.store("1.2.2")
        try await self.hooks.deliver()
        let bodies = self.hooks.receiver.messages.map { String(decoding: $0.body, as: UTF8.self) }
        #expect(bodies.count == 2 && !bodies[0].contains("Smith") && !bodies[0].contains("A-77"))
        #expect(bodies[1].contains("Smith") && bodies[1].contains("A-77"))
    }

    @Test("an endpoint that asks for orders gets them by the right to more, and one that asks for names gets names")
    func askedLess() async throws {
        let ids = [
            try await self.hooks.active(#","dataPolicy":"orders""#), try await self.hooks.active(),
        ]
        let store = try #require(StoreName("radiology"))
        for (index, id) in ids.enumerated() {
            try self.hooks.rule(
                [AccessRule(id: "a", .allow, .client(id: id), role: "informed", on: .store(store))],
                version: index + 1
            )
            try await self.hooks.store("1.2.\(index + 1)")
            try await self.hooks.deliver()
        }
        let bodies = self.hooks.receiver.messages.map { String(decoding: $0.body, as: UTF8.self) }
            .filter { $0.contains("study.created") }
        #expect(bodies.count == 2 && !bodies.contains { $0.contains("Smith") })
        #expect(bodies.map { $0.contains("A-77") } == [true, false])
    }

    @Test("a deletion is told by what the study was, and a suspended endpoint hears of nothing")
    func deleted() async throws {
        let id = try await self.hooks.active(#","types":["study.deleted"]"#)
        let store = try #require(StoreName("radiology"))
        var rule = AccessRule(id: "a", .allow, .client(id: id), role: "receiver", on: .store(store))
        rule.condition.patients = [PatientIdentity(id: "MRN-1", issuer: "H")]
        try self.hooks.rule([rule], version: 1)
        for (uid, patient) in [("1.2.1", "MRN-1"), ("1.2.2", "MRN-2"), ("1.2.3", "MRN-1")] {
            try await self.hooks.store(uid, patient: patient)
        }
        for uid in ["1.2.1", "1.2.2"] {
            try await self.hooks.catalog.remove(try #require(StudyUID(uid)), from: store, origin: .written)
        }
        try await self.hooks.deliver()
        let bodies = self.hooks.receiver.messages.map { String(decoding: $0.body, as: UTF8.self) }
        #expect(bodies.count == 1 && bodies[0].contains("1.2.1") && bodies[0].contains("study.deleted"))

        let principal = PrincipalTarget.id(.client(id: id))
        let path = "/api/v1/access/principals/\(principal)/suspension"
        #expect(try await self.hooks.gateway.request(.put, path).status == .ok)
        try await self.hooks.catalog.remove(try #require(StudyUID("1.2.3")), from: store, origin: .written)
        try await self.hooks.deliver()
        #expect(self.hooks.receiver.messages.count == 1)
    }
}
