import Foundation
import Testing

@testable import Webhooks

@Suite("Signatures of messages")
struct SignatureTests {
    @Test("are those of the published test vector")
    func vector() throws {
        let key = try #require(Data(base64Encoded: "plJ3nmyCDGBKInavdOK15jsl"))
        let signature = try WebhookSecret(key: Array(key)).signature(
            id: "msg_loFOjxBNrRLzqYUf",
            seconds: 1_731_705_121,
            body: Array(#"{"event_type":"ping","data":{"success":true}}"#.utf8)
        )
        #expect(signature == "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=")
    }

    @Test("change with every part of the message")
    func parts() throws {
        let secret = WebhookSecret.new()
        let all = [
            try secret.signature(id: "a", seconds: 1, body: [1]), try secret.signature(id: "b", seconds: 1, body: [1]),
            try secret.signature(id: "a", seconds: 2, body: [1]), try secret.signature(id: "a", seconds: 1, body: [2]),
            try WebhookSecret.new().signature(id: "a", seconds: 1, body: [1]),
        ]
        #expect(Set(all).count == all.count)
    }

    @Test("case 61: an id with a dot is not signed: its end could be taken for the time")
    func dotted() {
        for id in ["a.1", ".", ""] {
            #expect(throws: (any Error).self) { try WebhookSecret.new().signature(id: id, seconds: 1, body: []) }
        }
    }

    @Test("a secret is 24 to 64 bytes, is read as it is written, and does not show in text")
    func secrets() throws {
        let secret = WebhookSecret.new()
        #expect(WebhookSecret(secret.text) == secret)
        #expect(!"\(secret)".contains(secret.text) && !String(reflecting: secret).contains(secret.text))
        func text(_ bytes: Int) -> String { "whsec_\(Data(repeating: 7, count: bytes).base64EncodedString())" }
        #expect(WebhookSecret(text(24)) != nil && WebhookSecret(text(64)) != nil)
        #expect(WebhookSecret(text(23)) == nil && WebhookSecret(text(65)) == nil)
        #expect(WebhookSecret("whsk_" + text(24).dropFirst(6)) == nil && WebhookSecret("whsec_!") == nil)
    }
}
