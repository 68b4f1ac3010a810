import CollimatorCore
import Cryptography
import Foundation
import Persistence
import Testing

@testable import Identity

@Suite("API keys")
struct APIKeysTests {
    @Test("a key is a client of its own, from its making to its end")
    func journey() async throws {
        let fixture = try await IdentityFixture()
        let keys = fixture.directory.keys
        let issued = try await fixture.makeKey(APIKeys.Wish(id: "pacs", name: "The PACS"))
        #expect(issued.text.hasPrefix("clm_key_") && issued.text.utf8.count == 51)
        #expect(issued.key.owner == .administrator)
        let caller = try #require(keys.caller(for: issued.text))
        #expect(caller.principal == .client(id: "pacs"))
        #expect(caller.method == .apiKey && caller.expiresAt == nil)
        #expect(keys.find("pacs")?.lastUsedAt == fixture.now())

        try await keys.revoke("pacs")
        #expect(keys.caller(for: issued.text) == nil)
        #expect(!fixture.directory.stillStands(caller))
        #expect(keys.find("pacs")?.state(at: fixture.now()) == .revoked)
        // What has ended stays so, and can be ended again.
        try await keys.revoke("pacs")
        let again = await code { _ = try await keys.rotate("pacs", overlapSeconds: 0) }
        #expect(again == .conflict)
    }

    @Test("outlives a restart, and so does its end")
    func restart() async throws {
        let fixture = try await IdentityFixture()
        let kept = try await fixture.makeKey()
        let revoked = try await fixture.makeKey()
        _ = fixture.directory.keys.caller(for: kept.text)
        try await fixture.directory.keys.revoke(revoked.key.id)
        try await fixture.directory.flush()
        let used = fixture.directory.keys.find(kept.key.id)?.lastUsedAt

        let next = try await fixture.restarted()
        #expect(used != nil && next.directory.keys.find(kept.key.id)?.lastUsedAt == used)
        #expect(next.directory.keys.caller(for: kept.text) != nil)
        #expect(next.directory.keys.caller(for: revoked.text) == nil)
        #expect(next.directory.keys.find(revoked.key.id)?.state(at: next.now()) == .revoked)
    }

    @Test("is nowhere on the disk as its text")
    func digestsOnly() async throws {
        let fixture = try await IdentityFixture()
        let issued = try await fixture.makeKey()
        _ = try await fixture.directory.keys.rotate(issued.key.id, overlapSeconds: 60)
        try await fixture.directory.close()
        let bytes = try Data(contentsOf: URL(filePath: fixture.path))
        #expect(bytes.range(of: Data(issued.text.utf8)) == nil)
        #expect(bytes.range(of: Data(issued.text.dropFirst(8).utf8)) == nil)
        #expect(bytes.range(of: Data(SHA256.hash(issued.text.utf8))) != nil)
    }

    @Test("the text before works until the overlap has passed, the new one on")
    func rotation() async throws {
        let fixture = try await IdentityFixture()
        let keys = fixture.directory.keys
        let first = try await fixture.makeKey()
        let second = try await keys.rotate(first.key.id, overlapSeconds: 60)
        #expect(first.text != second.text)
        let old = try #require(keys.caller(for: first.text))
        #expect(old.principal == keys.caller(for: second.text)?.principal)

        fixture.move(seconds: 59)
        #expect(keys.caller(for: first.text) != nil)
        fixture.move(seconds: 1)
        #expect(keys.caller(for: first.text) == nil)
        #expect(!fixture.directory.stillStands(old))
        #expect(keys.caller(for: second.text) != nil)
    }

    @Test("of three texts the first works no longer, and without an overlap neither does the second")
    func rotationTwice() async throws {
        let fixture = try await IdentityFixture()
        let keys = fixture.directory.keys
        let first = try await fixture.makeKey()
        let second = try await keys.rotate(first.key.id, overlapSeconds: 3_600)
        let third = try await keys.rotate(first.key.id, overlapSeconds: 3_600)
        #expect(keys.caller(for: first.text) == nil)
        #expect(keys.caller(for: second.text) != nil)
        let fourth = try await keys.rotate(first.key.id, overlapSeconds: 0)
        #expect(keys.caller(for: third.text) == nil)
        #expect(keys.caller(for: fourth.text) != nil)
        let next = try await fixture.restarted()
        #expect(next.directory.keys.caller(for: third.text) == nil)
        #expect(next.directory.keys.caller(for: fourth.text) != nil)
    }

    @Test("works until its end and not in that moment")
    func expiry() async throws {
        let fixture = try await IdentityFixture()
        let issued = try await fixture.makeKey(APIKeys.Wish(name: "Short", expiresAt: fixture.now() + 5_000))
        fixture.move(seconds: 4)
        let caller = try #require(fixture.directory.keys.caller(for: issued.text))
        #expect(caller.expiresAt == WallClock.date(issued.key.expiresAt ?? 0))
        fixture.move(seconds: 1)
        #expect(fixture.directory.keys.caller(for: issued.text) == nil)
        #expect(!fixture.directory.stillStands(caller))
        let rotated = await code { _ = try await fixture.directory.keys.rotate(issued.key.id, overlapSeconds: 1) }
        #expect(rotated == .conflict)
    }

    @Test("cannot end before it begins")
    func endInThePast() async throws {
        let fixture = try await IdentityFixture()
        let refused = await code { _ = try await fixture.makeKey(APIKeys.Wish(name: "x", expiresAt: fixture.now())) }
        #expect(refused == .unprocessable)
    }

    @Test("an id is never used again, also not after its end")
    func takenID() async throws {
        let fixture = try await IdentityFixture()
        _ = try await fixture.makeKey(APIKeys.Wish(id: "pacs", name: "One"))
        try await fixture.directory.keys.revoke("pacs")
        let refused = await code { _ = try await fixture.makeKey(APIKeys.Wish(id: "pacs", name: "Two")) }
        #expect(refused == .conflict)
        #expect(fixture.directory.keys.find("pacs")?.name == "One")
    }

    @Test("there are no more than can be kept")
    func bounded() async throws {
        var limits = APIKeyLimits()
        limits.keysMax = 2
        let fixture = try await IdentityFixture(keyLimits: limits)
        _ = try await fixture.makeKey()
        _ = try await fixture.makeKey()
        let refused = await code { _ = try await fixture.makeKey() }
        #expect(refused == .conflict)
    }

    @Test("a text of another form, or of nobody, opens nothing")
    func strangers() async throws {
        let fixture = try await IdentityFixture()
        let issued = try await fixture.makeKey()
        let digits = issued.text.dropFirst(8)
        let others = [
            "", "clm_key_", String(digits), "clm_admin_\(digits)", "CLM_KEY_\(digits)", issued.text + "A",
            String(issued.text.dropLast()), issued.text + "=", APIKeyText.generate(), issued.key.id,
            APIKeyText.shown(issued.text),
        ]
        for text in others { #expect(fixture.directory.keys.caller(for: text) == nil) }
    }

    @Test("rotations and ends that meet leave the key ended")
    func revocationWins() async throws {
        let fixture = try await IdentityFixture()
        let keys = fixture.directory.keys
        let issued = try await fixture.makeKey()
        let texts = await withTaskGroup(of: String?.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    try? await keys.rotate(issued.key.id, overlapSeconds: 60).text
                }
            }
            group.addTask {
                try? await keys.revoke(issued.key.id)
                return nil
            }
            return await group.reduce(into: [issued.text]) { texts, text in if let text { texts.append(text) } }
        }
        for text in texts { #expect(keys.caller(for: text) == nil) }
        let next = try await fixture.restarted()
        for text in texts { #expect(next.directory.keys.caller(for: text) == nil) }
    }

    @Test(
        "ids and names that could deceive are none",
        arguments: [
            ("pacs", true), ("a-1", true), ("ab", false), ("Pacs", false), ("1pacs", false), ("pa/cs", false),
            ("päcs", false), ("pacs\n", false), (String(repeating: "a", count: 64), false),
        ]
    )
    func ids(id: String, isGood: Bool) {
        #expect(APIKey.isID(id) == isGood)
    }

    @Test(
        "a name is a line of text",
        arguments: [
            ("The PACS", true), ("Röntgen 7", true), ("", false), ("   ", false), ("a\nb", false),
            ("a\u{1B}[2Jb", false),
            ("a\u{202E}b", false), (String(repeating: "a", count: 101), false),
        ]
    )
    func names(name: String, isGood: Bool) {
        #expect(APIKey.isName(name) == isGood)
    }

    @Test("where nothing is kept no key is made")
    func forgetful() async {
        let refused = await code {
            _ = try await IdentityDirectory.forgetful.keys.create(
                APIKeys.Wish(name: "x"),
                by: IdentityFixture.administrator
            )
        }
        #expect(refused == .unavailable)
    }
}
