import CollimatorCore
import Cryptography
import Testing

@testable import Identity

@Suite("Logging in at an issuer")
struct BrowserLoginTests {
    private typealias Answer = BrowserLogin.Answer

    @Test("leads to the issuer with a state, a nonce and a challenge of their own each time")
    func begin() async throws {
        let under = try LoginUnderTest()
        let (begun, asked) = try await under.begin()
        #expect(begun.location.hasPrefix("https://login.example/authorize?tenant=1&response_type=code&"))
        #expect(asked["client_id"] == "viewer")
        #expect(asked["redirect_uri"] == LoginUnderTest.redirectURI)
        #expect(asked["scope"] == "openid profile email")
        #expect(asked["code_challenge_method"] == "S256")
        #expect(asked["access_type"] == nil)
        let (_, again) = try await under.begin()
        for name in ["state", "nonce", "code_challenge"] {
            #expect(asked[name]?.utf8.count == 43)
            #expect(asked[name] != again[name])
        }
        // The issuer is asked once where that is.
        #expect(under.under.server.asked.filter { $0.hasSuffix("openid-configuration") }.count == 1)
    }

    @Test("exchanges the code with the verifier of the challenge, and gives who the token names")
    func complete() async throws {
        let under = try LoginUnderTest()
        let (begun, asked) = try await under.begin(returnTo: "/app/#/studies/radiology/1.2.3")
        under.answer(try under.identityToken(asked["nonce"]))
        let answer = Answer(state: asked["state"], code: "c/1", issuer: "https://login.example", isRefusal: false)
        let (loggedIn, returnTo) = try await under.login.complete(answer, cookie: begun.cookie)
        #expect(loggedIn.caller.principal == .user(issuer: "hospital", subject: "ann-1"))
        #expect(
            loggedIn.caller.memberships == [
                .group(issuer: "hospital", name: "radiologists"), .authenticated(issuer: "hospital"),
            ]
        )
        #expect(loggedIn.caller.method == .session)
        #expect(returnTo == "/app/#/studies/radiology/1.2.3")
        let sent = try #require(under.endpoint.sent.first)
        #expect(sent.address == "https://login.example/token")
        #expect(sent.fields["grant_type"] == "authorization_code")
        #expect(sent.fields["code"] == "c/1")
        #expect(sent.fields["redirect_uri"] == LoginUnderTest.redirectURI)
        let verifier = try #require(sent.fields["code_verifier"])
        #expect(Base64URL.encode(SHA256.hash(verifier.utf8)) == asked["code_challenge"])
        #expect(!"\(begun.location)\(begun.cookie)".contains(verifier))
        // viewer:s3cret%2F%2B
        #expect(sent.authorization == "Basic dmlld2VyOnMzY3JldCUyRiUyQg==")
        #expect(sent.fields["client_secret"] == nil)
        #expect(!"\(loggedIn)".contains("refresh-1"))
    }

    @Test("puts the secret where the issuer takes it, and none where there is none")
    func secrets() async throws {
        let post = try LoginUnderTest(
            metadata: #","token_endpoint_auth_methods_supported":["client_secret_basic","client_secret_post"]"#
        )
        _ = try await post.loggedIn()
        #expect(post.endpoint.sent[0].fields["client_secret"] == "s3cret/+")
        #expect(post.endpoint.sent[0].authorization == nil)
        let open = try LoginUnderTest(secret: nil)
        _ = try await open.loggedIn()
        #expect(open.endpoint.sent[0].fields["client_id"] == "viewer")
        #expect(open.endpoint.sent[0].fields["client_secret"] == nil)
        #expect(open.endpoint.sent[0].authorization == nil)
    }

    @Test("counts only in the browser that began it, with the state of that login, for ten minutes")
    func binding() async throws {
        let under = try LoginUnderTest()
        let (begun, asked) = try await under.begin()
        let (other, otherAsked) = try await under.begin()
        under.answer(try under.identityToken(asked["nonce"]))
        func outcome(_ state: String?, _ cookie: String?) async -> CollimatorError.Code? {
            await code {
                let answer = Answer(state: state, code: "c", issuer: nil, isRefusal: false)
                _ = try await under.login.complete(answer, cookie: cookie)
            }
        }

        #expect(await outcome(asked["state"], nil) == .invalidInput)
        #expect(await outcome(nil, begun.cookie) == .invalidInput)
        #expect(await outcome(otherAsked["state"], begun.cookie) == .invalidInput)
        #expect(await outcome(asked["state"], other.cookie) == .invalidInput)
        #expect(await outcome(asked["state"], begun.cookie + "A") == .invalidInput)
        #expect(await outcome(asked["state"], String(repeating: "A", count: 5_000)) == .invalidInput)
        // Another process, or another gateway, has another secret.
        #expect(await outcome(asked["state"], try LoginUnderTest().begin().begun.cookie) == .invalidInput)
        #expect(under.endpoint.sent.isEmpty)
        under.under.time.pass(.seconds(599))
        #expect(await outcome(asked["state"], begun.cookie) == .unauthenticated, "the token has ended, the login not")
        under.under.time.pass(.seconds(1))
        #expect(await outcome(asked["state"], begun.cookie) == .invalidInput)
    }

    @Test("another issuer's answer, a refusal and an answer without a code let nobody in")
    func answers() async throws {
        let under = try LoginUnderTest(metadata: #","authorization_response_iss_parameter_supported":true"#)
        let (begun, asked) = try await under.begin()
        under.answer(try under.identityToken(asked["nonce"]))
        let good = Answer(state: asked["state"], code: "c", issuer: "https://login.example", isRefusal: false)
        for change: (inout Answer) -> Void in [
            { $0.issuer = "https://evil.example" }, { $0.issuer = "https://login.example/" }, { $0.issuer = nil },
            { $0.isRefusal = true }, { $0.code = nil }, { $0.code = "" },
            { $0.code = String(repeating: "c", count: 4_097) },
        ] {
            var answer = good
            change(&answer)
            let changed = answer
            #expect(
                await code { _ = try await under.login.complete(changed, cookie: begun.cookie) } == .unauthenticated
            )
        }
        #expect(under.endpoint.sent.isEmpty)
        #expect(await code { _ = try await under.login.complete(good, cookie: begun.cookie) } == nil)
    }

    @Test("an identity token that is of another login, app or kind, or none, lets nobody in")
    func tokens() async throws {
        let under = try LoginUnderTest()
        let (begun, asked) = try await under.begin()
        let nonce = asked["nonce"]
        let answer = Answer(state: asked["state"], code: "c", issuer: nil, isRefusal: false)
        let tokens: [String?] = [
            nil, "", try under.identityToken("another"), try under.identityToken(nil),
            try under.identityToken(nonce, ["aud": #""other""#]),
            try under.identityToken(nonce, ["aud": #""collimator""#]),
            try under.identityToken(nonce, ["iss": #""https://login.example/""#]),
            try under.identityToken(nonce, ["typ": #""Bearer""#]), try under.identityToken(nonce, ["exp": "1"]),
            try SigningKey.second.get().token(under.under.claims(["aud": #""viewer""#])),
        ]
        for token in tokens {
            under.answer(token)
            #expect(
                await code { _ = try await under.login.complete(answer, cookie: begun.cookie) } == .unauthenticated
            )
        }
        for (status, expected) in [
            (400, CollimatorError.Code.unauthenticated), (500, .unavailable), (302, .unavailable),
        ] {
            under.endpoint.answer(status, "{}")
            #expect(await code { _ = try await under.login.complete(answer, cookie: begun.cookie) } == expected)
        }
        under.endpoint.fail()
        #expect(await code { _ = try await under.login.complete(answer, cookie: begun.cookie) } == .unavailable)
    }

    @Test("an issuer that does not answer is asked once in the cooldown, however many logins begin")
    func unavailable() async throws {
        let under = try LoginUnderTest()
        under.under.server.answer(".well-known/openid-configuration", nil)
        for _ in 0..<100 { #expect(await code { _ = try await under.begin() } == .unavailable) }
        #expect(under.under.server.asked.count == 1)
        under.under.time.pass(.seconds(30))
        #expect(await code { _ = try await under.begin() } == .unavailable)
        #expect(under.under.server.asked.count == 2)
        let unknown = await code {
            _ = try await under.login.begin(at: "clinic", redirectURI: "https://x.example/", returnTo: "/app/")
        }
        #expect(unknown == .notFound)
    }

    @Test("made-up codes have the issuer asked a bounded number of times at once, and then others are let through")
    func flood() async throws {
        let under = try LoginUnderTest()
        let (begun, asked) = try await under.begin()
        let answer = Answer(state: asked["state"], code: "made-up", issuer: nil, isRefusal: false)
        let (signal, release) = AsyncStream.makeStream(of: Void.self)
        under.endpoint.hold(until: Task { for await _ in signal {} })
        let exchangesMax = under.login.limits.exchangesMax
        let codes = await withTaskGroup(of: CollimatorError.Code?.self) { group in
            for _ in 0..<(3 * exchangesMax) {
                group.addTask { await code { _ = try await under.login.complete(answer, cookie: begun.cookie) } }
            }
            var codes: [CollimatorError.Code?] = []
            // Those that are too many are answered while the others wait for the issuer.
            while codes.count < 2 * exchangesMax, let next = await group.next() { codes.append(next) }
            #expect(codes.allSatisfy { $0 == .unavailable })
            #expect(under.endpoint.sent.count == exchangesMax)
            release.finish()
            for await next in group { codes.append(next) }
            return codes
        }
        #expect(codes.filter { $0 == .unauthenticated }.count == exchangesMax)
        under.endpoint.hold(until: nil)
        #expect(try await under.loggedIn().caller.principal == .user(issuer: "hospital", subject: "ann-1"))
    }

    @Test(
        "leads back to a page of this service and nowhere else",
        arguments: [
            ("/app/", true), ("/app/#/studies/radiology/1.2", true), ("/viewer/?StudyInstanceUIDs=1.2", true),
            ("/launch?studyUID=1.2", true), ("/docs", true), ("/docs#search", true), ("/docs?x=..", true),
            ("/app/?x=%2e%2e", true), ("/docsy", false), ("/docs/..", false), ("/launch", false),
            ("/app/%2e%2e/auth/callback", false), ("/viewer/.%2E/x", false), ("/app/%2f/evil.example", false),
            ("", false), ("/", false), ("app/", false), ("//evil.example/app/", false), ("/\\evil.example", false),
            ("/app/\\..\\..", false), ("/app/../../x", false), ("https://evil.example/app/", false),
            ("/app/\r\nSet-Cookie: a=b", false), ("/app/ ", false), ("/app/é", false), ("/api/v1/studies", false),
            ("/auth/logout", false), ("javascript:alert(1)", false),
            ("/app/" + String(repeating: "a", count: 1_024), false),
        ]
    )
    func returns(path: String, isPage: Bool) {
        #expect(LoginReturn.isPage(path) == isPage)
    }
}
