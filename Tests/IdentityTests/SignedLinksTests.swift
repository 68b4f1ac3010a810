import CollimatorCore
import Cryptography
import Foundation
import Testing

@testable import Identity

@Suite("Signed links")
struct SignedLinksTests {
    private static let path = "/api/v1/stores/radiology/studies/1.2/thumbnail"
    private static let ann = Caller(
        verified: .user(issuer: "hospital", subject: "ann"),
        memberships: [.group(issuer: "hospital", name: "radiology"), .authenticated(issuer: "hospital")],
        method: .oidcToken,
        purposeOfUse: "TREAT"
    )

    private func links(at milliseconds: Int64, secret: UInt8 = 1) -> SignedLinks {
        SignedLinks(
            secret: [UInt8](repeating: secret, count: SignedLinks.secretBytes),
            clock: WallClock { WallClock.date(milliseconds) }
        )
    }

    @Test("says who asked for the address, with all that it was")
    func journey() throws {
        let signature = try self.links(at: 0).signature(for: Self.ann, path: Self.path, query: "size=256")
        let signed = try #require(self.links(at: 299_999).signed(signature, path: Self.path, query: "size=256"))
        #expect(signed.caller.principal == Self.ann.principal)
        #expect(signed.caller.memberships == Self.ann.memberships)
        #expect(signed.caller.purposeOfUse == "TREAT")
        #expect(signed.caller.method == .signedURL)
        #expect(signed.origin == .oidcToken)
        #expect(signed.caller.expiresAt == WallClock.date(600_000))
    }

    @Test("is the same within five minutes, and another afterwards, for another caller or another address")
    func stable() throws {
        let first = try self.links(at: 300_000).signature(for: Self.ann, path: Self.path, query: "")
        #expect(try self.links(at: 599_999).signature(for: Self.ann, path: Self.path, query: "") == first)
        let bob = Caller(verified: .user(issuer: "hospital", subject: "bob"), method: .oidcToken)
        let others = [
            try self.links(at: 600_000).signature(for: Self.ann, path: Self.path, query: ""),
            try self.links(at: 300_000).signature(for: bob, path: Self.path, query: ""),
            try self.links(at: 300_000).signature(for: Self.ann, path: Self.path, query: "size=1"),
            try self.links(at: 300_000).signature(for: Self.ann, path: Self.path + "x", query: ""),
            try self.links(at: 300_000, secret: 2).signature(for: Self.ann, path: Self.path, query: ""),
        ]
        #expect(Set(others + [first]).count == others.count + 1)
    }

    @Test("is good for five to ten minutes", arguments: [(599_999, true), (600_000, false), (0, true)])
    func lifetime(milliseconds: Int64, isGood: Bool) throws {
        let signature = try self.links(at: 299_999).signature(for: Self.ann, path: Self.path, query: "")
        let signed = self.links(at: milliseconds).signed(signature, path: Self.path, query: "")
        #expect((signed != nil) == isGood)
    }

    @Test("does not outlive the credential of who asked")
    func credentialEnds() throws {
        let short = Caller(verified: .client(id: "pacs"), method: .apiKey, expiresAt: WallClock.date(1_000))
        let signature = try self.links(at: 0).signature(for: short, path: Self.path, query: "")
        #expect(self.links(at: 999).signed(signature, path: Self.path, query: "") != nil)
        #expect(self.links(at: 1_000).signed(signature, path: Self.path, query: "") == nil)
    }

    // Case 42 of the abuse cases, for addresses.
    @Test("opens nothing but its own address, and not when a bit of it is changed")
    func forged() throws {
        let links = self.links(at: 0)
        let signature = try links.signature(for: Self.ann, path: Self.path, query: "size=256")
        for (path, query) in [
            (Self.path, "size=512"), (Self.path, ""), (Self.path, "size=256&size=1"), (Self.path + "/", "size=256"),
            ("/api/v1/stores/radiology/studies/1.3/thumbnail", "size=256"), (Self.path + "?size=256", ""),
            (Self.path.uppercased(), "size=256"),
        ] {
            #expect(links.signed(signature, path: path, query: query) == nil, "\(path)?\(query)")
        }
        let bytes = try #require(Base64URL.decode(signature))
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 1
            #expect(links.signed(Base64URL.encode(changed), path: Self.path, query: "size=256") == nil)
        }
        for text in ["", "A", signature + "A", String(signature.dropLast()), String(repeating: "A", count: 10_000)] {
            #expect(links.signed(text, path: Self.path, query: "size=256") == nil)
        }
        #expect(self.links(at: 0, secret: 2).signed(signature, path: Self.path, query: "size=256") == nil)
    }

    @Test("shows nothing of who asked")
    func sealed() throws {
        let signature = try self.links(at: 0).signature(for: Self.ann, path: Self.path, query: "")
        let bytes = Data(try #require(Base64URL.decode(signature)))
        #expect(bytes.range(of: Data("ann".utf8)) == nil && bytes.range(of: Data("radiology".utf8)) == nil)
    }

    @Test("is refused to a caller whose groups fit into no address")
    func tooManyGroups() throws {
        let groups = (0..<200).map { Principal.group(issuer: "hospital", name: "a-group-with-a-long-name-\($0)") }
        let caller = Caller(verified: .client(id: "x"), memberships: groups, method: .oidcToken)
        #expect(throws: CollimatorError.self) {
            try self.links(at: 0).signature(for: caller, path: Self.path, query: "")
        }
    }

    @Test("ends with the suspension of its caller and with the key that asked for it")
    func revoked() async throws {
        let fixture = try await IdentityFixture()
        let directory = fixture.directory
        let issued = try await fixture.makeKey(APIKeys.Wish(id: "pacs", name: "x"))
        let caller = try #require(directory.keys.caller(for: issued.text))
        let byKey = try directory.links.signature(for: caller, path: Self.path, query: "")
        let byToken = try directory.links.signature(for: Self.ann, path: Self.path, query: "")
        #expect(try directory.admit(signature: byKey, path: Self.path, query: "").principal == caller.principal)
        _ = try directory.admit(signature: byToken, path: Self.path, query: "")

        try await directory.keys.revoke("pacs")
        _ = try await directory.principals.suspend(Self.ann.principal, by: IdentityFixture.administrator)
        for signature in [byKey, byToken] {
            let refused = await code { _ = try directory.admit(signature: signature, path: Self.path, query: "") }
            #expect(refused == .unauthenticated)
        }
    }
}
