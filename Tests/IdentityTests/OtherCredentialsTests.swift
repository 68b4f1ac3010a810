import CollimatorCore
import FoundationEssentials
import Logging
import Synchronization
import Testing

@testable import Identity

@Suite("credentials of other kinds")
struct OtherCredentialsTests {
    /// Made with another library, as Google's proxy makes them: the key is thrown away.
    private static let proxyKey = """
        {"kty":"EC","crv":"P-256","alg":"ES256","use":"sig","kid":"e1",\
        "x":"H_iGaZz7cKiVzQhFtvZffNsnqgHqI41oy_UItgUTJwI","y":"dkTNDt1OgJVWPLwVUyCP0T7KNtY8mb5JOHJWE2jXFKs"}
        """
    private static let assertion = """
        eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImUxIn0.eyJpc3MiOiJodHRwczovL2Nsb3VkLmdvb2dsZS5jb20vaWFwIiwiYXVkIjoi\
        L3Byb2plY3RzLzEvYXBwcy9wIiwic3ViIjoiYWNjb3VudHMuZ29vZ2xlLmNvbToxMDgxIiwiZW1haWwiOiJhbm5AaG9zcGl0YWwuZXhhbXBsZSIs\
        ImhkIjoiaG9zcGl0YWwuZXhhbXBsZSIsImlhdCI6MTc2NzIyNTYwMCwiZXhwIjoxNzY3MjI2MjAwfQ.hP7OxXg68jqulISRscsl7sXrEYQSSNXCh\
        3yJ876685_yN4QwTE4F5rqwRuDgMH5ZC0ivpJK1PFWsHCDy93RDDg
        """

    private let administratorKey = AdministratorKey.generateText()

    private func authenticator(audience: String = "/projects/1/apps/p", domain: String = "hospital.example") throws
        -> Authenticator
    {
        var issuer = try #require(
            TokenIssuer(alias: "proxy", issuer: "https://cloud.google.com/iap", audiences: [audience])
        )
        issuer.form = .proxyAssertion
        issuer.keysAddress = "https://login.example/keys"
        issuer.allowedDomains = [domain]
        let time = TestTime()
        let tokens = TokenVerifier(
            issuers: [issuer],
            client: IssuerServer(keys: [Self.proxyKey]).client,
            surroundings: TokenVerifier.Surroundings(
                clock: time.clock,
                now: time.now,
                logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
            )
        )
        return Authenticator(
            administratorKey: try #require(AdministratorKey(self.administratorKey)),
            tokens: tokens
        )
    }

    private func code(_ authenticator: Authenticator, _ authorization: [String], _ assertions: [String]) async
        -> CollimatorError.Code?
    {
        do {
            _ = try await authenticator.authenticate(authorization: authorization, proxyAssertions: assertions)
            return nil
        } catch {
            return error.code
        }
    }

    @Test("an assertion of Google's proxy is a caller, in its own header and nowhere else")
    func proxy() async throws {
        let authenticator = try self.authenticator()
        let caller = try await authenticator.authenticate(authorization: [], proxyAssertions: [Self.assertion])

        #expect(caller.principal == .user(issuer: "proxy", subject: "accounts.google.com:1081"))
        #expect(await self.code(authenticator, ["Bearer \(Self.assertion)"], []) == .unauthenticated)
        #expect(await self.code(authenticator, [], [String(Self.assertion.dropLast(2)) + "AA"]) == .unauthenticated)
        #expect(
            await self.code(try self.authenticator(audience: "/projects/2"), [], [Self.assertion]) == .unauthenticated
        )
        #expect(
            await self.code(try self.authenticator(domain: "other.example"), [], [Self.assertion]) == .unauthenticated
        )
    }

    @Test("case 18: two credentials in one request are refused")
    func conflict() async throws {
        let authenticator = try self.authenticator()
        let good = "Bearer \(self.administratorKey)"

        #expect(await self.code(authenticator, [good], []) == nil)
        #expect(await self.code(authenticator, [good], [Self.assertion]) == .invalidInput)
        #expect(await self.code(authenticator, [], [Self.assertion, Self.assertion]) == .invalidInput)
    }

    @Test("without an issuer of that form the proxy's header is not looked at")
    func notConfigured() async throws {
        let authenticator = Authenticator(administratorKey: try #require(AdministratorKey(self.administratorKey)))

        #expect(await self.code(authenticator, [], [Self.assertion]) == .unauthenticated)
        #expect(await self.code(authenticator, ["Bearer \(self.administratorKey)"], [Self.assertion]) == nil)
    }

    @Test("a request without a credential has a caller only where the configuration says so")
    func anonymous() async throws {
        let key = try #require(AdministratorKey(self.administratorKey))
        let open = Authenticator(administratorKey: key, admitsAnonymous: true)

        #expect(try await open.authenticate(authorization: []).principal == .anonymous)
        #expect(try await open.authenticate(authorization: []).method == .anonymous)
        #expect(await self.code(open, ["Bearer wrong"], []) == .unauthenticated)
        #expect(await self.code(Authenticator(administratorKey: key), [], []) == .unauthenticated)
    }

    @Test("an opaque access token of Google is resolved once, and remembered for minutes and not beyond its end")
    func google() async throws {
        let time = TestTime()
        let asked = Mutex<[String]>([])
        let reply = Mutex<(Int, String)>((200, Self.tokenInfo(expires: TestTime.start + 400)))
        let verifier = GoogleAccessTokens(
            configuration: Self.configuration(domains: ["hospital.example"]),
            clock: time.clock
        ) { form, address in
            #expect(address == "https://tokens.example/info")
            asked.withLock { $0.append(form) }
            let (status, body) = reply.withLock { $0 }
            return (status, Array(body.utf8))
        }

        #expect(verifier.accepts("ya29.abc"))
        #expect(!verifier.accepts("clm_admin_abc"))
        for _ in 0..<3 {
            let caller = try await verifier.caller("ya29.a+b")
            #expect(caller.principal == .user(issuer: "google", subject: "1081"))
            #expect(caller.method == .googleAccessToken)
        }
        #expect(asked.withLock { $0 } == ["access_token=ya29.a%2Bb"])
        time.pass(.seconds(300))
        _ = try await verifier.caller("ya29.a+b")
        time.pass(.seconds(100))
        reply.withLock { $0 = (400, #"{"error":"invalid_token"}"#) }
        for _ in 0..<3 { await #expect(throws: CollimatorError.self) { try await verifier.caller("ya29.a+b") } }
        #expect(asked.withLock { $0.count } == 3)
    }

    @Test(
        "an access token for another app, of another domain, without a subject or an end is refused",
        arguments: [
            (#""aud":"app""#, #""aud":"other""#), (#""sub":"1081","#, ""),
            (#"@hospital.example"#, "@evilhospital.example"),
            (#""email_verified":"true""#, #""email_verified":"false""#),
            (#""exp":"1767226000""#, #""exp":"1767225600""#),
            (#""exp":"1767226000""#, #""exp":"soon""#), ("{", "["),
        ]
    )
    func refusedAccessTokens(from: String, to: String) async throws {
        let body = Self.tokenInfo(expires: TestTime.start + 400).replacing(from, with: to)
        let verifier = GoogleAccessTokens(
            configuration: Self.configuration(domains: ["hospital.example"]),
            clock: TestTime().clock
        ) { _, _ in (200, Array(body.utf8)) }
        let error = await #expect(throws: CollimatorError.self) { try await verifier.caller("ya29.x") }

        #expect(error?.code == .unauthenticated)
    }

    @Test("where Google does not answer it is not the caller who is wrong")
    func unreachable() async throws {
        let verifier = GoogleAccessTokens(configuration: Self.configuration(domains: []), clock: TestTime().clock) {
            _,
            _ in
            (503, [])
        }
        let error = await #expect(throws: CollimatorError.self) { try await verifier.caller("ya29.x") }

        #expect(error?.code == .unavailable)
    }

    private static func configuration(domains: [String]) -> GoogleAccessTokens.Configuration {
        GoogleAccessTokens.Configuration(
            alias: "google",
            audiences: ["app"],
            address: "https://tokens.example/info",
            allowedDomains: domains
        )
    }

    private static func tokenInfo(expires: Int64) -> String {
        """
        {"aud":"app","azp":"app","sub":"1081","scope":"openid","exp":"\(expires)","email":"ann@hospital.example",\
        "email_verified":"true"}
        """
    }
}
