import Catalog
import CollimatorCore
import Cryptography
import Foundation
import Testing

@testable import Webhooks

@Suite("What calls carry beside the signature")
struct CredentialTests {
    private static func wish(_ headers: [String: String], certificate: String? = nil) -> CredentialsWish {
        var wish = CredentialsWish()
        wish.headers = headers
        if let certificate { wish.certificate = .this(ClientCertificate(chain: certificate, key: "the-private-key")) }
        return wish
    }

    /// An endpoint with these that is called.
    private static func endpoint(_ rig: Rig, _ wish: CredentialsWish) async throws -> WebhookEndpoint {
        let settings = WebhookSettings(url: "https://a.example/", name: "a receiver")
        let made = try await rig.engine.create(settings, wish)
        try await rig.prove(made.endpoint)
        return try await rig.webhooks.endpoint(made.endpoint.id)
    }

    @Test("headers and a certificate go with every call, and the signature is still that of the message")
    func carried() async throws {
        try await Rig.run { rig in
            let wish = Self.wish(["Authorization": "Bearer zebra-42", "X-Site": "north"], certificate: "good")
            let endpoint = try await Self.endpoint(rig, wish)
            #expect(endpoint.headerNames == ["authorization", "x-site"])
            #expect(endpoint.certificate?.digest == String(repeating: "a", count: 64))
            try await rig.store("1.2.1", modality: nil)
            try await rig.settle()
            let message = try #require(rig.receiver.messages.first)
            #expect(message.headers["authorization"] == "Bearer zebra-42" && message.headers["x-site"] == "north")
            #expect(message.headers["webhook-id"]?.hasPrefix("evt_") == true)
            #expect(message.certificate == ClientCertificate(chain: "good", key: "the-private-key"))
        }
    }

    @Test("case 64: what calls carry stands nowhere in the file as it is, nor in what is printed")
    func sealed() async throws {
        try await Rig.run { rig in
            let wish = Self.wish(["Authorization": "Bearer zebra-42"], certificate: "good")
            let endpoint = try await Self.endpoint(rig, wish)
            let bytes = try rig.fileBytes()
            #expect(bytes.range(of: Data("authorization".utf8)) != nil, "names are kept as they are")
            for text in ["zebra-42", "the-private-key"] {
                #expect(bytes.range(of: Data(text.utf8)) == nil)
                #expect(!"\(wish)".contains(text) && !"\(endpoint)".contains(text))
                var dumped = ""
                dump(wish, to: &dumped)
                #expect(!dumped.contains(text))
            }
        }
    }

    @Test("another address gets nothing that was meant for the one before, and what is on its way takes nothing along")
    func moved() async throws {
        try await Rig.run { rig in
            let endpoint = try await Self.endpoint(
                rig,
                Self.wish(["Authorization": "Bearer zebra-42"], certificate: "good")
            )
            try await rig.store("1.2.1", modality: nil)
            while try await rig.engine.fanOut() > 0 {}
            let claimed = try #require(try await rig.claim().first)
            let kept = try await rig.engine.change(endpoint.id) { $0.name = "another name" }
            #expect(kept.headerNames == ["authorization"] && kept.certificate != nil)
            let moved = try await rig.engine.change(endpoint.id, Self.wish(["X-Site": "south"])) {
                $0.url = "https://b.example/"
            }
            #expect(moved.headerNames == ["x-site"] && moved.certificate == nil && moved.state == .unproved)
            try await rig.engine.deliver(claimed)
            let message = try #require(rig.receiver.messages.last)
            #expect(message.url == "https://a.example/")
            #expect(message.headers["x-site"] == nil && message.headers["authorization"] == nil)
            let elsewhere = try await rig.engine.change(endpoint.id) { $0.url = "https://c.example/" }
            #expect(elsewhere.headerNames.isEmpty)
        }
    }

    @Test("what is kept in memory of an endpoint ends with each change of it")
    func remembered() async throws {
        try await Rig.run { rig in
            let endpoint = try await Self.endpoint(rig, Self.wish(["X-Site": "north"]))
            func next(_ uid: String) async throws -> WebhookMessage? {
                let count = rig.receiver.messages.count
                try await rig.store(uid, modality: nil)
                try await rig.settle()
                return rig.receiver.messages.count > count ? rig.receiver.messages.last : nil
            }
            #expect(try await next("1.2.1")?.headers["x-site"] == "north")
            _ = try await rig.engine.change(endpoint.id, Self.wish(["X-Site": "south"])) { _ in }
            let second = try #require(try await next("1.2.2"))
            #expect(second.headers["x-site"] == "south")
            let secret = try await rig.engine.rotate(endpoint.id, overlap: .zero).secret
            let third = try #require(try await next("1.2.3"))
            let id = try #require(third.headers["webhook-id"])
            let seconds = try #require(third.headers["webhook-timestamp"].flatMap { Int64($0) })
            let expected = try secret.signature(id: id, seconds: seconds, body: third.body)
            #expect(third.headers["webhook-signature"] == expected)
            _ = try await rig.engine.change(endpoint.id) { $0.filter.types = ["study.deleted"] }
            #expect(try await next("1.2.4") == nil)
            _ = try await rig.engine.change(endpoint.id) { $0.filter.types = [] }
            #expect(try await next("1.2.5") != nil)
            _ = try await rig.engine.switchOff(endpoint.id)
            #expect(try await next("1.2.6") == nil)
        }
    }

    @Test(
        "case 60: headers of the connection, the message, this service and of clouds cannot be set",
        arguments: [
            "Host", "HOST", "Content-Length", "content-type", "Content-Encoding", "Transfer-Encoding", "Connection",
            "Keep-Alive", "TE", "Trailer", "Upgrade", "Expect", "Proxy-Authorization", "webhook-id",
            "Webhook-Signature",
            "svix-id", "Metadata-Flavor", "Metadata", "X-aws-ec2-metadata-token", "X-Google-Metadata-Request",
            "X-Forwarded-For", "Forwarded", "User-Agent", "", " x", "x y", "x:", "x\r\ny", "é", "a\u{0}",
            String(repeating: "a", count: 65), "webhook_signature", "X_Forwarded-For", "user_agent", "\u{212A}elvin",
            "a[", "@a",
        ]
    )
    func refusedNames(name: String) {
        #expect(throws: CollimatorError.self) { try CallHeaders.checked([name: "v"]) }
    }

    @Test(
        "case 60: no line ends in a value",
        arguments: ["", " ", " a", "a ", "a\r\nHost: b", "a\nb", "a\rb", "a\u{0}b", "a\tb", "é", "\u{7F}"]
    )
    func refusedValues(value: String) {
        #expect(throws: CollimatorError.self) { try CallHeaders.checked(["X-A": value]) }
    }

    @Test("there are bounds on how many headers there are and how long")
    func bounds() throws {
        let many = Dictionary(uniqueKeysWithValues: (0..<21).map { ("x-\($0)", "v") })
        #expect(throws: CollimatorError.self) { try CallHeaders.checked(many) }
        #expect(throws: CollimatorError.self) { try CallHeaders.checked(["X-A": "1", "x-a": "2"]) }
        let long = String(repeating: "v", count: 2_048)
        let checked = try CallHeaders.checked(["X-A": long])
        #expect(checked == ["x-a": long])
        let named = try CallHeaders.checked(["X_Api_Key_9": "v"])
        #expect(named == ["x_api_key_9": "v"])
        #expect(throws: CollimatorError.self) { try CallHeaders.checked(["X-A": long + "v"]) }
        #expect(throws: CollimatorError.self) { try CallHeaders.checked(["a": long, "b": long]) }
    }

    @Test("where the key is lost, everything else is changed, and what is given again is carried")
    func lostKey() async throws {
        try await Rig.run { rig in
            let id = try await Self.endpoint(rig, Self.wish(["X-Site": "north"], certificate: "good")).id
            let secret = [UInt8](repeating: 8, count: 32)
            let store = WebhookStore(
                database: rig.webhooks.database,
                seal: DeterministicSeal(secret: secret, purpose: "webhooks")
            )
            _ = try await store.rotate(id, now: rig.engine.milliseconds, overlap: .zero)
            let settings = WebhookSettings(url: "https://a.example/", name: "another name")
            let named = try await store.change(id) { _ in settings }
            #expect(named.settings.name == "another name" && named.headerNames == ["x-site"])
            #expect(named.certificate != nil)
            // The one that is not given again would have to be read.
            let half = await #expect(throws: CollimatorError.self) {
                _ = try await store.change(id, Self.wish(["x-site": "south"])) { _ in settings }
            }
            #expect(half?.code == .conflict)
            let unread = await #expect(throws: CollimatorError.self) {
                _ = try await store.equipment(of: id, at: settings.url, now: rig.engine.milliseconds)
            }
            #expect(unread?.code == .conflict)
            let summary = CertificateSummary(digest: String(repeating: "b", count: 64), endsAt: 1)
            let again = Self.wish(["x-site": "south"], certificate: "good")
            let mended = try await store.change(id, again, summary) { _ in settings }
            #expect(mended.headerNames == ["x-site"] && mended.certificate == summary)
            let carried = try await store.equipment(of: id, at: settings.url, now: rig.engine.milliseconds).credentials
            #expect(carried.headers == ["x-site": "south"] && carried.certificate?.chain == "good")
            let moved = try await rig.engine.change(id) { $0.url = "https://b.example/" }
            #expect(moved.headerNames.isEmpty)
        }
    }

    @Test("a certificate that cannot be used makes no endpoint")
    func badCertificate() async throws {
        try await Rig.run { rig in
            let settings = WebhookSettings(url: "https://a.example/", name: "a receiver")
            await #expect(throws: CollimatorError.self) {
                _ = try await rig.engine.create(settings, Self.wish([:], certificate: "bad"))
            }
            let endpoints = try await rig.webhooks.endpoints()
            #expect(endpoints.isEmpty)
        }
    }
}
