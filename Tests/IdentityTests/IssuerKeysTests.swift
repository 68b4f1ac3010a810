import CollimatorCore
import Cryptography
import Testing

@testable import Identity

@Suite("the keys of an issuer")
struct IssuerKeysTests {
    private let under: VerifierUnderTest
    private let second: SigningKey

    init() throws {
        self.under = try VerifierUnderTest()
        self.second = try SigningKey.second.get()
    }

    private func token(_ key: SigningKey, subject: String = "ann-1") throws -> String {
        try key.token(self.under.claims(["sub": #""\#(subject)""#]))
    }

    @Test("case 8: ten thousand made-up names of keys cost one request in the cooldown, and others do not notice")
    func flood() async throws {
        let good = try self.token(self.under.key)
        #expect(await self.under.code(good) == nil)
        self.under.time.pass(.seconds(31))
        // Nobody will look at the signature.
        let parts = try self.token(self.under.key).split(separator: ".")
        for number in 0..<10_000 {
            let header = #"{"alg":"RS256","typ":"JWT","kid":"made-up-\#(number)"}"#
            let token = "\(Base64URL.encode(Array(header.utf8))).\(parts[1]).\(parts[2])"
            #expect(await self.under.code(token) == .unauthenticated)
        }
        #expect(await self.under.code(try self.token(self.under.key, subject: "bob")) == nil)
        #expect(self.under.server.asked.count == 2)
    }

    @Test("case 10: a token that names no key counts with a new one after one request, and others cost none")
    func nameless() async throws {
        func token(_ key: SigningKey, _ subject: String) throws -> String {
            let claims = self.under.claims(["sub": #""\#(subject)""#])
            return try key.sign(header: #"{"alg":"RS256","typ":"JWT"}"#, claims: claims)
        }

        #expect(await self.under.code(try token(self.under.key, "ann")) == nil)
        #expect(await self.under.code(try token(self.second, "ann")) == .unauthenticated)
        #expect(self.under.server.asked.count == 1)
        self.under.server.publish(keys: [self.second.jwk])
        self.under.time.pass(.seconds(30))
        #expect(await self.under.code(try token(self.second, "ann")) == nil)
        #expect(await self.under.code(try token(self.under.key, "bob")) == .unauthenticated)
        #expect(await self.under.code(try token(self.under.key, "ann")) == .unauthenticated, "remembered no longer")
        #expect(self.under.server.asked.count == 2)
    }

    @Test("case 8: all who wait are served by one request")
    func singleFlight() async throws {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        self.under.server.hold(until: Task { for await _ in stream {} })
        let tokens = try (0..<20).map { try self.token(self.under.key, subject: "user-\($0)") }
        let codes = await withTaskGroup(of: CollimatorError.Code?.self) { group in
            for token in tokens { group.addTask { await self.under.code(token) } }
            continuation.finish()
            return await group.reduce(into: [CollimatorError.Code?]()) { $0.append($1) }
        }

        #expect(codes.allSatisfy { $0 == nil })
        #expect(self.under.server.asked.count == 1)
    }

    @Test(
        "case 9: an answer of no use leaves the keys as they were",
        arguments: [
            nil, "", "[]", #"{"keys":[]}"#, #"{"keys":{}}"#, #"{"keys":[{"kty":"oct","k":"AAAA","kid":"first"}]}"#,
            #"{"keys":[{"kty":"RSA","kid":"first","n":"AQAB","e":"AQAB"}]}"#, "<html>moved</html>",
            #"{"keys":[\#(Array(repeating: "{}", count: 101).joined(separator: ","))]}"#,
            String(repeating: " ", count: 300_000),
        ] as [String?]
    )
    func uselessAnswers(answer: String?) async throws {
        #expect(await self.under.code(try self.token(self.under.key)) == nil)
        self.under.server.answer("keys", answer)
        for _ in 0..<3 {
            self.under.time.pass(.seconds(601))
            #expect(await self.under.code(try self.token(self.under.key)) == nil)
        }
        // Each attempt counts, also one that fails: one request in the cooldown.
        for _ in 0..<5 { #expect(await self.under.code(try self.token(self.under.key)) == nil) }
        #expect(self.under.server.asked.count == 4)
        self.under.time.pass(.seconds(24 * 60 * 60))
        #expect(await self.under.code(try self.token(self.under.key)) == .unavailable)
    }

    @Test("case 9: without any keys it is not the caller who is wrong")
    func neverThere() async throws {
        self.under.server.answer("keys", nil)
        #expect(await self.under.code(try self.token(self.under.key)) == .unavailable)
        #expect(await self.under.code(try self.token(self.under.key)) == .unavailable)
        #expect(self.under.server.asked.count == 1)
        self.under.server.publish(keys: [self.under.key.jwk])
        self.under.time.pass(.seconds(30))
        #expect(await self.under.code(try self.token(self.under.key)) == nil)
    }

    @Test("case 9: of two keys with one name neither counts; a key that does not say its algorithm does")
    func strangeSets() async throws {
        let twin = self.second.jwk.replacing("second", with: "first")
        self.under.server.publish(keys: [
            self.under.key.jwk, twin, self.second.jwk.replacing(#""alg":"RS256","#, with: ""),
        ])

        #expect(await self.under.code(try self.token(self.under.key)) == .unauthenticated)
        #expect(await self.under.code(try self.token(self.second)) == nil)
    }

    @Test("case 10: a new key counts after one request, a withdrawn one no longer than the keys are kept")
    func rotation() async throws {
        let old = try self.token(self.under.key)
        #expect(await self.under.code(old) == nil)
        self.under.server.publish(keys: [self.under.key.jwk, self.second.jwk])
        self.under.time.pass(.seconds(30))
        #expect(await self.under.code(try self.token(self.second)) == nil)
        #expect(self.under.server.asked.count == 2)

        self.under.server.publish(keys: [self.second.jwk])
        let remembered = try self.under.key.token(self.under.claims(["exp": "\(self.under.time.seconds + 3_000)"]))
        #expect(await self.under.code(remembered) == nil)
        self.under.time.pass(.seconds(600))
        #expect(await self.under.code(remembered) == .unauthenticated)
        #expect(await self.under.code(try self.token(self.second)) == nil)
    }

    @Test("without a configured address the issuer says where they are, and only of itself")
    func discovery() async throws {
        let under = try VerifierUnderTest { $0.keysAddress = nil }
        func code(_ document: String) async throws -> CollimatorError.Code? {
            under.server.answer(".well-known/openid-configuration", document)
            under.time.pass(.seconds(3_600))
            return await under.code(try under.key.token(under.claims()))
        }

        #expect(
            try await code(#"{"issuer":"https://evil.example","jwks_uri":"https://login.example/keys"}"#)
                == .unavailable
        )
        #expect(
            try await code(#"{"issuer":"https://login.example","jwks_uri":"http://login.example/keys"}"#)
                == .unavailable
        )
        #expect(try await code(#"{"issuer":"https://login.example"}"#) == .unavailable)
        #expect(
            try await code(#"{"issuer":"https://login.example","jwks_uri":"https://login.example/keys"}"#) == nil
        )
    }

    @Test("tokens are remembered, but not without bound")
    func bounded() throws {
        let memory = VerifiedTokens(countMax: 3)
        let set = try IssuerKeySet(parsing: Array(#"{"keys":[\#(self.second.jwk)]}"#.utf8), keysMax: 1)
        let key = try #require(set.key(named: "second"))
        let token = VerifiedToken(
            alias: "a",
            kind: .access,
            subject: "s",
            groups: [],
            hidesGroups: false,
            display: nil,
            purposeOfUse: nil,
            nonce: nil,
            expires: 100
        )
        for number in 0..<10 as Range<UInt8> {
            memory.remember([number], VerifiedTokens.Entry(token: token, keyID: nil, key: key, issuer: "i"))
        }

        #expect(memory.count == 3)
        #expect(memory.entry([9], at: 99) != nil)
        #expect(memory.entry([9], at: 100) == nil)
        #expect(memory.entry([6], at: 0) == nil)
    }
}
