import CollimatorCore
import Cryptography
import Foundation
import Persistence
import TestSupport
import Testing

@testable import Identity

@Suite("Key files and the access tokens that they are exchanged for")
struct KeyFileTests {
    private static let audience = "https://imaging.example.org/oauth2/token"

    private let fixture: IdentityFixture

    init() async throws { self.fixture = try await IdentityFixture() }

    private var keys: APIKeys { self.fixture.directory.keys }
    private var seconds: Int64 { self.fixture.now() / 1_000 }

    private func makeFile(_ id: String = "loader", expiresAt: Int64? = nil) async throws -> KeyFile {
        let issued = try await self.fixture.makeKey(
            APIKeys.Wish(id: id, name: "A script", kind: .file, expiresAt: expiresAt)
        )
        return try issued.file
    }

    /// What Google's libraries sign, changed: a nil takes a claim away.
    private func assertion(
        _ file: KeyFile,
        _ changes: [String: String?] = [:],
        header: String? = nil,
        privateKey: String? = nil
    ) throws -> String {
        var claims: [String: String] = [
            "iss": "\"\(file.clientEmail)\"", "aud": "\"\(Self.audience)\"", "iat": "\(self.seconds)",
            "exp": "\(self.seconds + 3_600)", "scope": #""https://www.googleapis.com/auth/cloud-healthcare""#,
        ]
        for (name, value) in changes { claims[name] = value }
        let header = header ?? #"{"alg":"RS256","typ":"JWT","kid":"\#(file.keyID)"}"#
        let body = "{" + claims.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",") + "}"
        let text = Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(body.utf8))
        let key = try RSAPrivateKey(pem: privateKey ?? file.privateKey)
        return try text + "." + Base64URL.encode(key.rs256Signature(of: Array(text.utf8)))
    }

    private func exchange(_ assertion: String) throws(AssertionFault) -> IssuedAccessToken {
        let principals = self.fixture.directory.principals
        return try self.keys.exchange(
            assertion: assertion,
            audience: Self.audience,
            isSuspended: { principals.isSuspended($0) }
        )
    }

    private func fault(_ assertion: String) -> AssertionFault? {
        do {
            _ = try self.exchange(assertion)
            return nil
        } catch {
            return error
        }
    }

    private func caller(_ token: String) -> Caller? { self.keys.caller(forAccessToken: token) }

    @Test("an assertion becomes a token of the app, for an hour, and no longer than its key")
    func journey() async throws {
        let file = try await self.makeFile(expiresAt: self.fixture.now() + 7_200_000)
        #expect(file.clientEmail == "loader@collimator.internal")
        let token = try self.exchange(try self.assertion(file))
        #expect(token.text.hasPrefix("clm_token_") && token.text.utf8.count == 53)
        #expect(token.expiresInSeconds == 3_600)
        let caller = try #require(self.caller(token.text))
        #expect(caller.principal == .client(id: "loader"))
        #expect(caller.method == .serviceAccountToken)
        #expect(caller.expiresAt == WallClock.date(self.fixture.now() + 3_600_000))
        #expect(self.keys.find("loader")?.lastUsedAt == self.fixture.now())
        self.fixture.move(seconds: 3_599)
        #expect(self.caller(token.text) != nil)
        self.fixture.move(seconds: 1)
        #expect(self.caller(token.text) == nil)
        let late = try self.exchange(try self.assertion(file))
        self.fixture.move(seconds: 3_599)
        #expect(self.caller(late.text) != nil)
        self.fixture.move(seconds: 1)
        #expect(self.caller(late.text) == nil)
        #expect(self.fault(try self.assertion(file)) == .signature)
    }

    @Test("Google's own audience counts, which its library for Python writes whatever the key file says")
    func googleAudience() async throws {
        let file = try await self.makeFile()
        #expect(self.fault(try self.assertion(file, ["aud": #""https://oauth2.googleapis.com/token""#])) == nil)
        #expect(self.fault(try self.assertion(file, ["sub": "\"\(file.clientEmail)\""])) == nil)
        #expect(self.fault(try self.assertion(file, header: #"{"alg":"RS256","kid":"\#(file.keyID)"}"#)) == nil)
    }

    @Test("hostile assertions get no token")
    func hostile() async throws {
        let file = try await self.makeFile()
        let other = try await self.makeFile("other")
        let kid = #""kid":"\#(file.keyID)""#
        let now = self.seconds
        let table: [(AssertionFault, String)] = [
            (.signature, "x"), (.signature, ""), (.signature, try self.assertion(file) + "A"),
            (.signature, try self.assertion(file, privateKey: other.privateKey)),
            (.signature, try self.assertion(file, header: #"{"alg":"RS256","typ":"JWT"}"#)),
            (.signature, try self.assertion(file, header: #"{"alg":"RS256","kid":"loader"}"#)),
            (.signature, try self.assertion(file, header: #"{"alg":"none",\#(kid)}"#)),
            (.signature, try self.assertion(file, header: #"{"alg":"HS256",\#(kid)}"#)),
            (.signature, try self.assertion(file, header: #"{"alg":"RS256","crit":["x"],\#(kid)}"#)),
            (.signature, try self.assertion(file, header: #"{"alg":"RS256","jku":"https://evil.example",\#(kid)}"#)),
            (.account, try self.assertion(file, ["iss": "\"\(other.clientEmail)\""])),
            (.account, try self.assertion(file, ["iss": "\"loader\""])),
            (.account, try self.assertion(file, ["iss": nil])),
            (.account, try self.assertion(file, ["sub": "\"\(other.clientEmail)\""])),
            (.account, try self.assertion(file, ["sub": "1"])),
            (.audience, try self.assertion(file, ["aud": nil])),
            (.audience, try self.assertion(file, ["aud": #""https://imaging.example.org/oauth2/token/""#])),
            (.audience, try self.assertion(file, ["aud": #"["https://oauth2.googleapis.com/token","x"]"#])),
            (.lifetime, try self.assertion(file, ["exp": nil])), (.lifetime, try self.assertion(file, ["iat": nil])),
            (.lifetime, try self.assertion(file, ["exp": "\(now + 3_601)"])),
            (.lifetime, try self.assertion(file, ["exp": "\(now + 300).5"])),
            (.lifetime, try self.assertion(file, ["iat": "\(now - 3_600)", "exp": "\(now - 60)"])),
            (.lifetime, try self.assertion(file, ["iat": "\(now + 61)", "exp": "\(now + 600)"])),
            (.lifetime, try self.assertion(file, ["iat": "-9223372036854775808"])),
        ]
        for (number, (expected, text)) in table.enumerated() { #expect(self.fault(text) == expected, "\(number)") }
    }

    @Test("revoked with the key, at once, assertions too")
    func revoked() async throws {
        let file = try await self.makeFile()
        let token = try self.exchange(try self.assertion(file))
        try await self.keys.revoke("loader")
        #expect(self.caller(token.text) == nil)
        #expect(self.fault(try self.assertion(file)) == .signature)
    }

    @Test("a suspended app gets no token, and the one that it has lets it nowhere")
    func suspended() async throws {
        let file = try await self.makeFile()
        let token = try self.exchange(try self.assertion(file))
        let caller = try #require(self.caller(token.text))
        try self.fixture.directory.admit(caller)
        _ = try await self.fixture.directory.principals.suspend(caller.principal, by: IdentityFixture.administrator)
        #expect(self.fault(try self.assertion(file)) == .account)
        #expect(throws: CollimatorError.self) { try self.fixture.directory.admit(caller) }
        #expect(!self.fixture.directory.stillStands(caller))
    }

    @Test("a file that replaces another works beside it for the overlap, and its tokens end with it")
    func rotated() async throws {
        let first = try await self.makeFile()
        let token = try self.exchange(try self.assertion(first))
        let second = try await self.keys.rotate("loader", overlapSeconds: 600).file
        #expect(second.keyID != first.keyID && second.privateKey != first.privateKey)
        #expect(self.fault(try self.assertion(first)) == nil)
        #expect(self.fault(try self.assertion(second)) == nil)
        #expect(self.caller(token.text)?.expiresAt == WallClock.date(self.fixture.now() + 600_000))
        self.fixture.move(seconds: 600)
        #expect(self.fault(try self.assertion(first)) == .signature)
        #expect(self.caller(token.text) == nil)
        #expect(self.fault(try self.assertion(second)) == nil)
    }

    @Test("outlive a restart as public keys alone; access tokens do not outlive it")
    func restarted() async throws {
        let file = try await self.makeFile()
        let token = try self.exchange(try self.assertion(file))
        let log = (try? Data(contentsOf: URL(filePath: "\(self.fixture.path)-wal"))) ?? Data()
        let bytes = try Data(contentsOf: URL(filePath: self.fixture.path)) + log
        let secret = try #require(file.privateKey.split(separator: "\n").dropFirst().first)
        #expect(bytes.range(of: Data(secret.utf8)) == nil)
        #expect(bytes.range(of: Data("BEGIN PUBLIC KEY".utf8)) != nil)
        let next = try await self.fixture.restarted()
        #expect(next.directory.keys.find("loader")?.kind == .file)
        #expect(next.directory.keys.caller(forAccessToken: token.text) == nil)
        let again = try next.directory.keys.exchange(
            assertion: try self.assertion(file),
            audience: Self.audience,
            isSuspended: { _ in false }
        )
        #expect(next.directory.keys.caller(forAccessToken: again.text)?.principal == .client(id: "loader"))
    }

    @Test("neither the name of a private key nor an assertion is a credential, and a key's text is no assertion")
    func kindsApart() async throws {
        let file = try await self.makeFile()
        let text = try await self.fixture.makeKey(APIKeys.Wish(id: "app", name: "An app")).text
        for credential in [file.keyID, "clm_key_\(file.keyID)", try self.assertion(file), "clm_token_", text] {
            #expect(self.caller(credential) == nil)
            if credential != text { #expect(self.keys.caller(for: credential) == nil) }
        }
        #expect(self.fault(text) == .signature)
        #expect(!"\(file)".contains("PRIVATE"))
    }

    @Test("of more tokens than a file may have the oldest ends, and there is an end to all of them")
    func bounded() async throws {
        var limits = APIKeyLimits()
        limits.tokensPerKeyMax = 2
        limits.tokensMax = 3
        let fixture = try await IdentityFixture(keyLimits: limits)
        var tokens: [String] = []
        let keys = fixture.directory.keys
        for id in ["one", "two"] {
            let file = try await fixture.makeKey(APIKeys.Wish(id: id, name: "x", kind: .file)).file
            let assertion = try self.assertion(file)
            func next() throws(AssertionFault) -> String {
                try keys.exchange(assertion: assertion, audience: Self.audience, isSuspended: { _ in false }).text
            }
            if id == "one" {
                for _ in 0..<3 { tokens.append(try next()) }
                #expect(tokens.map { keys.caller(forAccessToken: $0) != nil } == [false, true, true])
                continue
            }
            tokens.append(try next())
            #expect(throws: AssertionFault.tooManyTokens) { try next() }
            fixture.move(seconds: 3_600)
            tokens.append(try next())
        }
    }

    @Test("keys of before there were files stay what they were")
    func migration() async throws {
        let folder = try TemporaryDirectory()
        let path = "\(folder.path)/identity.db"
        let database = try Database.open(DatabaseConfiguration(path: path, readerCount: 1))
        try await database.migrate(Array(IdentitySchema.migrations.prefix(1)))
        let text = "clm_key_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        try await database.write { connection in
            try connection.execute(
                "INSERT INTO apiKey (id, name, owner, createdAt, version) VALUES ('old', 'Old', 'administrator', 1, 1)",
                []
            )
            try connection.execute(
                "INSERT INTO apiKeySecret (digest, apiKey, shown, createdAt) VALUES (?1, 'old', 'clm_key_AAAAAA', 1)",
                [.blob(SHA256.hash(text.utf8))]
            )
        }
        let directory = IdentityDirectory(store: IdentityStore(database: database))
        try await directory.load()
        #expect(directory.keys.find("old")?.kind == .text)
        #expect(directory.keys.caller(for: text)?.principal == .client(id: "old"))
        try await directory.close()
    }
}
