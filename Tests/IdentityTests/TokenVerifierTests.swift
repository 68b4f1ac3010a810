import CollimatorCore
import Cryptography
import FoundationEssentials
import Testing

@testable import Identity

@Suite("tokens of an issuer")
struct TokenVerifierTests {
    private let under: VerifierUnderTest

    init() throws { self.under = try VerifierUnderTest() }

    @Test("a good one has a caller, with issuer and subject, groups and end")
    func good() async throws {
        let under = try VerifierUnderTest { $0.groupsClaim = "realm_access.roles" }
        let purpose = #"{"ihe_iua":{"purpose_of_use":[{"system":"urn:x","code":"TREAT"}]}}"#
        let caller = try await under.caller(
            under.key.token(
                under.claims(["realm_access": #"{"roles":["readers","a b"]}"#, "extensions": purpose])
            )
        )

        #expect(caller.principal == .user(issuer: "hospital", subject: "ann-1"))
        #expect(
            caller.memberships == [
                .group(issuer: "hospital", name: "readers"), .group(issuer: "hospital", name: "a b"),
                .authenticated(issuer: "hospital"),
            ]
        )
        #expect(caller.method == .oidcToken)
        #expect(caller.purposeOfUse == "TREAT")
        #expect(caller.expiresAt == Date(timeIntervalSince1970: Double(TestTime.start + 300)))
    }

    @Test(
        "cases 1, 3, 4, 5, 6 and 16: a header that is not the one accepted, with a signature that is right for it",
        arguments: [
            #"{"alg":"none","typ":"JWT","kid":"first"}"#, #"{"alg":"None","typ":"JWT","kid":"first"}"#,
            #"{"alg":"nOnE","typ":"JWT","kid":"first"}"#, #"{"alg":"HS256","typ":"JWT","kid":"first"}"#,
            #"{"alg":"RS512","typ":"JWT","kid":"first"}"#, #"{"alg":"PS256","typ":"JWT","kid":"first"}"#,
            #"{"alg":"ES256","typ":"JWT","kid":"first"}"#, #"{"alg":"RS256","typ":"JWT","kid":"first","crit":["x"]}"#,
            #"{"alg":"RS256","typ":"JWT","kid":"first","jku":"https://evil.example/keys"}"#,
            #"{"alg":"RS256","typ":"JWT","kid":"first","x5u":"https://evil.example/keys"}"#,
            #"{"alg":"RS256","typ":"JWT","kid":"first","jwk":{"kty":"RSA","n":"AQAB","e":"AQAB"}}"#,
            #"{"alg":"RS256","typ":"JWT","kid":"first","zip":"DEF"}"#,
            #"{"alg":"RS256","alg":"RS256","typ":"JWT","kid":"first"}"#,
            #"{"alg":"RS256","typ":"dpop+jwt","kid":"first"}"#,
        ]
    )
    func headers(header: String) async throws {
        let token = try self.under.key.sign(header: header, claims: self.under.claims())
        let unsigned = token.split(separator: ".").prefix(2).joined(separator: ".") + "."

        #expect(await self.under.code(token) == .unauthenticated)
        #expect(await self.under.code(unsigned) == .unauthenticated)
        // Nothing is fetched for the sake of a token but from where the configuration says.
        #expect(self.under.server.asked.allSatisfy { $0 == "https://login.example/keys" })
    }

    @Test("the account that alone counts is that of the token, and verified")
    func account() async throws {
        let under = try VerifierUnderTest {
            $0.account = "push@p.example"
            $0.kinds = [.identity]
        }
        // As Google makes them for service accounts: made for the account itself.
        let good: [String: String?] = [
            "scope": nil, "azp": #""1138""#, "email": #""push@p.example""#, "email_verified": "true",
        ]
        #expect(await under.code(try under.key.token(under.claims(good))) == nil)
        let wrong: [[String: String?]] = [
            ["email": #""other@p.example""#], ["email": #""PUSH@p.example""#], ["email": nil],
            ["email_verified": "false"], ["email_verified": nil], ["email_verified": #""true""#],
            ["aud": #""https://elsewhere.example""#], ["iss": #""https://other.example""#], ["scope": #""imaging""#],
        ]
        for change in wrong {
            let claims = under.claims(good.merging(change) { $1 })
            #expect(await under.code(try under.key.token(claims)) == .unauthenticated, "\(change)")
        }
    }

    @Test("case 2: a code made with the public key as shared secret", arguments: ["HS256", "RS256"])
    func algorithmConfusion(algorithm: String) async throws {
        let pem = try self.under.key.key.publicKey().pem()
        let text =
            Base64URL.encode(Array(#"{"alg":"\#(algorithm)","typ":"JWT","kid":"first"}"#.utf8)) + "."
            + Base64URL.encode(Array(self.under.claims().utf8))
        for secret in [pem, String(pem.dropLast()), pem + "\n", self.under.key.jwk, self.under.key.modulus] {
            let code = try HMACSHA256(key: Array(secret.utf8)).code(for: Array(text.utf8))
            #expect(await self.under.code(text + "." + Base64URL.encode(code)) == .unauthenticated)
        }
    }

    @Test(
        "case 7: the name of a key is a name and nothing else",
        arguments: [
            "../../etc/passwd", "' OR 1=1 --", #"a\u0000b"#, "ключ", String(repeating: "k", count: 10_000), "https://x",
        ]
    )
    func keyNames(name: String) async throws {
        let header = #"{"alg":"RS256","typ":"JWT","kid":"\#(name)"}"#
        let token = try self.under.key.sign(header: header, claims: self.under.claims())

        #expect(await self.under.code(token) == .unauthenticated)
    }

    @Test(
        "case 19: a token that is bound to a key is no bearer token",
        arguments: [
            #"{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}"#,
            #"{"x5t#S256":"bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"}"#,
            "{}", "null",
        ]
    )
    func bound(confirmation: String) async throws {
        #expect(try await self.under.code(changing: ["cnf": confirmation]) == .unauthenticated)
        #expect(try await self.under.code(changing: ["cnf": nil]) == nil)
    }

    @Test(
        "case 11: another issuer, however alike",
        arguments: [
            "https://login.example/", "https://login.exampl", "https://login.example.evil", "https://LOGIN.example",
            "http://login.example", " https://login.example", "login.example", "",
        ]
    )
    func issuers(issuer: String) async throws {
        #expect(try await self.under.code(changing: ["iss": #""\#(issuer)""#]) == .unauthenticated)
    }

    @Test(
        "case 12: an audience that is not exactly ours",
        arguments: [
            nil, #""""#, "[]", #"["collimator","other"]"#, #""collimato""#, #""collimators""#, #""Collimator""#,
            #"["collimator",1]"#, "1", "null", #"{"collimator":true}"#,
        ] as [String?]
    )
    func audiences(audience: String?) async throws {
        #expect(try await self.under.code(changing: ["aud": audience]) == .unauthenticated)
        #expect(try await self.under.code(changing: ["aud": #"["collimator"]"#]) == nil)
    }

    @Test(
        "case 13: times that are no whole numbers, or not now",
        arguments: [
            ("exp", nil), ("exp", "1767225900.5"), ("exp", #""1767225900""#), ("exp", "1e400"), ("exp", "-1"),
            ("exp", "0"), ("exp", "1767225500"), ("exp", "9223372036854775807"), ("exp", "99999999999999999999"),
            ("exp", "1767400000"), ("exp", "null"), ("nbf", "1767225600.5"), ("nbf", "1767225700"), ("nbf", #""0""#),
            ("nbf", "-5"), ("iat", "1767225700"), ("iat", "1767225600.0"), ("iat", "true"),
        ] as [(String, String?)]
    )
    func times(name: String, value: String?) async throws {
        #expect(try await self.under.code(changing: [name: value]) == .unauthenticated)
    }

    @Test("case 13: the clock of an issuer may differ by the skew that has a name, and not by more")
    func skew() async throws {
        let skew = TokenChecks.clockSkewSeconds
        let now = self.under.time.seconds

        #expect(skew <= 60)
        #expect(try await self.under.code(changing: ["iat": "\(now + skew)"]) == nil)
        #expect(try await self.under.code(changing: ["iat": "\(now + skew + 1)"]) == .unauthenticated)
        #expect(try await self.under.code(changing: ["iat": nil, "exp": "\(now - skew + 1)"]) == nil)
        #expect(try await self.under.code(changing: ["iat": nil, "exp": "\(now - skew)"]) == .unauthenticated)
    }

    @Test(
        "case 14: a token of another kind",
        arguments: [
            (["scope": nil, "nonce": #""n""#], "JWT"), (["scope": nil], "JWT"), (["at_hash": #""x""#], "JWT"),
            (["typ": #""ID""#], "JWT"), (["typ": #""Refresh""#], "JWT"), (["typ": #""Logout""#], "JWT"),
            (["token_use": #""id""#], "JWT"), (["typ": #""ID""#], "at+jwt"), (["typ": "1"], "JWT"),
        ] as [([String: String?], String)]
    )
    func kinds(changes: [String: String?], type: String) async throws {
        #expect(try await self.under.code(changing: changes, type: type) == .unauthenticated)
    }

    @Test(
        "access tokens of those who say so in other ways",
        arguments: [
            (["scope": nil], "at+jwt"), (["scope": nil, "typ": #""Bearer""#], "JWT"),
            (["scope": nil, "token_use": #""access""#], "JWT"), (["scope": nil, "scp": #""Imaging.Read""#], "JWT"),
        ] as [([String: String?], String)]
    )
    func accessTokens(changes: [String: String?], type: String) async throws {
        #expect(try await self.under.code(changing: changes, type: type) == nil)
    }

    @Test(
        "case 15: a claim that stands there twice",
        arguments: [#""sub":"bob","#, #""s\u0075b":"bob","#, #""exp":9999999999,"#]
    )
    func duplicates(member: String) async throws {
        let claims = "{" + member + String(self.under.claims().dropFirst())

        #expect(await self.under.code(try self.under.key.token(claims)) == .unauthenticated)
    }

    @Test("case 16: a header of half a megabyte, deep nesting and five segments cost nothing")
    func size() async throws {
        let long = #"{"alg":"RS256","kid":"first","x":"\#(String(repeating: "a", count: 500_000))"}"#
        let deep = String(repeating: "[", count: 2_000) + String(repeating: "]", count: 2_000)
        let tokens = [
            try self.under.key.sign(header: long, claims: self.under.claims()),
            try self.under.key.token(self.under.claims(["x": deep])),
            "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00iLCJ6aXAiOiJERUYifQ.a.b.c.d",
        ]
        for token in tokens { #expect(await self.under.code(token) == .unauthenticated) }
    }

    @Test(
        "case 17: what is no text is refused",
        arguments: ["eyJ\u{E9}.e30.AA", "eyJ", "eyJ.eyJ.", "eyJhbGciOiJSUzI1NiJ9..AA"]
    )
    func corrupted(token: String) async {
        #expect(await self.under.code(token) == .unauthenticated)
    }

    @Test("case 17: claims that are no UTF-8 are refused although they are signed")
    func notUTF8() async throws {
        let header = Base64URL.encode(Array(#"{"alg":"RS256","typ":"JWT","kid":"first"}"#.utf8))
        let claims = Array(self.under.claims().utf8).map { $0 == UInt8(ascii: "-") ? 0xFF : $0 }
        let text = header + "." + Base64URL.encode(claims)
        let signature = try self.under.key.key.rs256Signature(of: Array(text.utf8))

        #expect(await self.under.code(text + "." + Base64URL.encode(signature)) == .unauthenticated)
    }

    @Test("case 20: a token that was remembered is refused once it has ended")
    func expiry() async throws {
        let token = try self.under.key.token(self.under.claims())

        #expect(await self.under.code(token) == nil)
        self.under.time.pass(.seconds(299))
        #expect(await self.under.code(token) == nil)
        self.under.time.pass(.seconds(1 + TokenChecks.clockSkewSeconds))
        #expect(await self.under.code(token) == .unauthenticated)
    }

    @Test(
        "case 40: subjects that look alike are different callers",
        arguments: ["Ann-1", "\u{FF41}nn-1", "ann-1\u{301}"]
    )
    func lookalikes(subject: String) async throws {
        let caller = try await self.under.caller(self.under.key.token(self.under.claims(["sub": #""\#(subject)""#])))

        #expect(caller.principal != .user(issuer: "hospital", subject: "ann-1"))
    }

    @Test(
        "case 41: an e-mail address that is not verified, has two readings, or whose domain only looks right",
        arguments: [
            (#""ann@hospital.example""#, "true", true), (#""ann@HOSPITAL.example""#, "true", true),
            (#""ann@hospital.example""#, "false", false), (#""ann@hospital.example""#, #""true""#, false),
            (#""ann@evil.example@hospital.example""#, "true", false), (#""ann@evilhospital.example""#, "true", false),
            (#""ann@sub.hospital.example""#, "true", false), (#""ann@hospital.example.evil""#, "true", false),
            (#""hospital.example""#, "true", false), (#""@hospital.example""#, "true", false),
            (#""ann@hospital.example ""#, "true", false), ("null", "true", false),
        ]
    )
    func domains(email: String, verified: String, isLetIn: Bool) async throws {
        let under = try VerifierUnderTest { $0.allowedDomains = ["hospital.example"] }

        let code = try await under.code(changing: ["email": email, "email_verified": verified])
        #expect((code == nil) == isLetIn)
    }

    @Test("the organisation of a Google identity is the one that Google names")
    func google() async throws {
        let under = try VerifierUnderTest { issuer in
            var google = TokenIssuer(alias: "google", issuer: "https://accounts.google.com", audiences: ["collimator"])
            google?.keysAddress = issuer.keysAddress
            google?.allowedDomains = ["hospital.example"]
            google?.kinds = [.identity]
            if let google { issuer = google }
        }
        let good: [String: String?] = [
            "iss": #""https://accounts.google.com""#, "scope": nil, "azp": #""collimator""#,
            "email": #""ann@hospital.example""#, "email_verified": "true",
        ]
        func code(_ changes: [String: String?]) async throws -> CollimatorError.Code? {
            try await under.code(changing: good.merging(changes) { $1 })
        }

        #expect(try await code(["hd": #""hospital.example""#]) == nil)
        // Anybody can have a Google account with an address of their own.
        #expect(try await code([:]) == .unauthenticated)
        #expect(try await code(["hd": #""evilhospital.example""#]) == .unauthenticated)
        #expect(try await code(["hd": #""hospital.example""#, "email_verified": "false"]) == .unauthenticated)
        #expect(try await code(["hd": #""hospital.example""#, "azp": #""other""#]) == .unauthenticated)
    }

    @Test(
        "a token that hides its groups is refused while rules name groups of its issuer",
        arguments: [
            ["_claim_names": #"{"groups":"src1"}"#, "groups": nil], ["hasgroups": "true"],
            ["groups": "[\((0...TokenChecks.groupsMax).map { "\"g\($0)\"" }.joined(separator: ","))]"],
        ] as [[String: String?]]
    )
    func overage(changes: [String: String?]) async throws {
        let naming = try VerifierUnderTest(namesGroups: true) { $0.groupsClaim = "groups" }
        let silent = try VerifierUnderTest(namesGroups: false) { $0.groupsClaim = "groups" }
        let token = try silent.key.token(silent.claims(changes))

        #expect(await naming.code(token) == .unauthenticated)
        #expect(try await silent.caller(token).memberships == [.authenticated(issuer: "hospital")])
        // Also where it is remembered.
        #expect(await silent.code(token) == nil)
    }

    @Test("an identity token of a login is for that app and that login")
    func login() async throws {
        let claims = self.under.claims(["scope": nil, "nonce": #""n-1""#, "aud": #""app""#])
        let token = try self.under.key.token(claims)
        func code(_ clientID: String, _ nonce: String, _ token: String) async -> CollimatorError.Code? {
            do {
                _ = try await self.under.verifier.token(
                    identityToken: token,
                    of: "hospital",
                    clientID: clientID,
                    nonce: nonce
                )
                return nil
            } catch {
                return error.code
            }
        }

        #expect(await code("app", "n-1", token) == nil)
        #expect(await code("app", "n-2", token) == .unauthenticated)
        #expect(await code("other", "n-1", token) == .unauthenticated)
        #expect(await code("collimator", "n-1", try self.under.key.token(self.under.claims())) == .unauthenticated)
    }
}
