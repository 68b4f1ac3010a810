import CollimatorCore
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Identity
import NIOCore
import Testing

@testable import Gateway

/// The headers of a browser.
private enum Browser {
    static let ownPage: HTTPFields = [.secFetchSite: "same-origin"]
    static let oldOwnPage: HTTPFields = [.origin: "http://localhost"]

    static func json(_ headers: HTTPFields) -> HTTPFields {
        var headers = headers
        headers[.contentType] = "application/json"
        return headers
    }

    static func signedIn(_ secret: String, _ more: HTTPFields = ownPage) -> HTTPFields {
        var headers = more
        headers[.cookie] = "other=1; collimator_session=\(secret)"
        return headers
    }
}

@Suite("Signing in with a browser")
struct SignInTests {
    private let gateway: GatewayUnderTest

    init() throws {
        self.gateway = try Self.gateway()
    }

    private static func gateway(host: String = "127.0.0.1", publicURL: String? = nil) throws -> GatewayUnderTest {
        let isLoopback = host == "127.0.0.1"
        var gateway = try GatewayUnderTest(ScriptedUpstream(search: { _ in [] }), publicURL: publicURL)
        gateway.parts.browser = BrowserAccess(host: host, isLoopback: isLoopback, publicURL: publicURL)
        return gateway
    }

    private func signIn(_ headers: HTTPFields = Browser.ownPage, token: String? = nil) async throws -> TestResponse {
        let token = token ?? self.gateway.parts.signIns.administratorToken()
        return try await self.gateway.request(
            .post,
            "/auth/sign-ins",
            headers: Browser.json(headers),
            body: ByteBuffer(string: #"{"token":"\#(token)"}"#)
        )
    }

    private func secret() throws -> String {
        try self.gateway.parts.signIns.redeem(token: self.gateway.parts.signIns.administratorToken())
    }

    @Test("a token becomes a cookie that scripts cannot read and that opens the service, once")
    func journey() async throws {
        let token = self.gateway.parts.signIns.administratorToken()
        let answer = try await self.signIn(token: token)
        #expect(answer.status == .noContent)
        let cookie = try #require(answer.headers[.setCookie])
        #expect(cookie.hasPrefix("collimator_session="))
        #expect(cookie.hasSuffix("; Path=/; HttpOnly; SameSite=Strict; Max-Age=43200"))

        let secret = String(cookie.dropFirst("collimator_session=".count).prefix(43))
        let stores = try await self.gateway.request(.get, "/api/v1/stores", headers: Browser.signedIn(secret))
        #expect(stores.status == .ok)

        let again = try await self.signIn(token: token)
        #expect(again.status == .unauthorized)
        #expect(again.headers[.setCookie] == nil)
        #expect(!again.text.contains(token))
    }

    @Test("signing in anew ends the session that the browser had, and a token that is none ends nothing")
    func again() async throws {
        let before = try self.secret()
        let failed = try await self.signIn(Browser.signedIn(before), token: String(repeating: "A", count: 43))
        #expect(failed.status == .unauthorized)
        let still = try await self.gateway.request(.get, "/api/v1/stores", headers: Browser.signedIn(before))
        #expect(still.status == .ok)

        let token = self.gateway.parts.signIns.administratorToken()
        #expect(try await self.signIn(Browser.signedIn(before), token: token).status == .noContent)
        let after = try await self.gateway.request(.get, "/api/v1/stores", headers: Browser.signedIn(before))
        #expect(after.status == .unauthorized)
    }

    @Test("signing out ends the session and empties the browser")
    func signOut() async throws {
        let secret = try self.secret()
        let answer = try await self.gateway.request(
            .delete,
            "/auth/sessions/current",
            headers: Browser.signedIn(secret)
        )
        #expect(answer.status == .noContent)
        #expect(answer.headers[.setCookie]?.contains("Max-Age=0") == true)
        #expect(answer.headers[.clearSiteData] == #""cache", "storage""#)
        let after = try await self.gateway.request(.get, "/api/v1/stores", headers: Browser.signedIn(secret))
        #expect(after.status == .unauthorized)
    }

    @Test(
        "another page's requests do not count",
        arguments: [
            (HTTPRequest.Method.get, ["Sec-Fetch-Site": "same-origin"], true),
            (.get, ["Sec-Fetch-Site": "none"], true),
            (.get, [:], true),
            (.get, ["Sec-Fetch-Site": "cross-site"], false),
            (.get, ["Sec-Fetch-Site": "same-site"], false),
            (.get, ["Origin": "http://evil.example"], false),
            (.delete, ["Sec-Fetch-Site": "same-origin"], true),
            (.delete, ["Origin": "http://localhost"], true),
            (.delete, ["Sec-Fetch-Site": "none"], false),
            (.delete, ["Sec-Fetch-Site": "cross-site"], false),
            (.delete, ["Sec-Fetch-Site": "same-site", "Origin": "http://localhost"], false),
            (.delete, ["Origin": "http://evil.example"], false),
            (.delete, ["Origin": "http://localhost:81"], false),
            (.delete, ["Origin": "null"], false),
            (.delete, [:], false),
        ]
    )
    func crossSite(method: HTTPRequest.Method, fields: [String: String], isAdmitted: Bool) async throws {
        var headers = Browser.signedIn(try self.secret(), [:])
        for (name, value) in fields { headers[try #require(HTTPField.Name(name))] = value }
        for path in method == .get ? ["/nothing"] : ["/nothing", "/auth/sessions/current"] {
            let answer = try await self.gateway.request(method, path, headers: headers)
            #expect((answer.status != .forbidden) == isAdmitted, "\(path)")
        }
    }

    @Test("another page cannot sign a browser in", arguments: ["cross-site", "same-site", "none"])
    func foreignSignIn(site: String) async throws {
        let token = self.gateway.parts.signIns.administratorToken()
        let refused = try await self.signIn([.secFetchSite: site], token: token)
        #expect(refused.status == .forbidden)
        // The token is not used up by it.
        let own = try await self.signIn(Browser.oldOwnPage, token: token)
        #expect(own.status == .noContent)
    }

    @Test(
        "a name that is not this machine's is refused on loopback, where a page may have rebound it",
        arguments: [
            ("127.0.0.1:8080", true), ("localhost:8080", true), ("LOCALHOST:8080", true), ("[::1]:8080", true),
            ("evil.example:8080", false), ("127.0.0.1.evil.example:8080", false), ("localhost:81", false),
            ("localhost", false), ("[::1]", false), ("", false),
        ]
    )
    func rebinding(authority: String, isOwn: Bool) {
        let head = HTTPRequest(method: .get, scheme: "http", authority: authority, path: "/api/v1/stores")
        let request = Request(head: head, body: RequestBody(buffer: ByteBuffer()))
        let local = BrowserAccess(host: "127.0.0.1", isLoopback: true, publicURL: nil)
        #expect(((try? local.admit(request, localPort: 8080)) != nil) == isOwn)
        // Elsewhere nobody knows which names there are, and the cookie is bound to the one it came from.
        let open = BrowserAccess(host: "0.0.0.0", isLoopback: false, publicURL: nil)
        #expect((try? open.admit(request, localPort: 8080)) != nil)
    }

    @Test("case 18: a header beside a cookie is refused, whatever is in them")
    func headerAndCookie() async throws {
        for secret in [try self.secret(), "x"] {
            for key in ["Bearer clm_admin_wrong", GatewayUnderTest.bearer[.authorization]] {
                var headers = Browser.signedIn(secret)
                headers[.authorization] = key
                for path in ["/api/v1/stores", "/viewer/app-config.js", "/nothing"] {
                    let answer = try await self.gateway.request(.get, path, headers: headers)
                    #expect(answer.status == .badRequest, "\(path)")
                    #expect(try answer.problem().code == "invalid-input")
                }
            }
        }
    }

    @Test("nothing that a session is given can run as a page of ours")
    func answersAreInert() async throws {
        let answer = try await self.gateway.request(
            .get,
            "/api/v1/stores",
            headers: Browser.signedIn(try self.secret())
        )
        #expect(answer.headers[.contentSecurityPolicy] == "default-src 'none'; sandbox")
        #expect(answer.headers[.xContentTypeOptions] == "nosniff")
    }

    @Test("a key makes links, a session does not")
    func links() async throws {
        let made = try await self.gateway.request(.post, "/auth/sign-in-links")
        #expect(made.status == .created)
        #expect(made.headers[.cacheControl] == "no-store")
        let token = try #require(made.text.firstMatch(of: /#signin=([\w-]{43})"/)?.1)
        let signedIn = try await self.signIn(token: String(token))
        #expect(signedIn.status == .noContent)
        let refused = try await self.gateway.request(
            .post,
            "/auth/sign-in-links",
            headers: Browser.signedIn(try self.secret())
        )
        #expect(refused.status == .forbidden)
    }

    @Test("a body that is no sign-in is refused")
    func bodies() async throws {
        let long = #"{"token":"\#(String(repeating: "A", count: 2000))"}"#
        for (body, type, status) in [
            ("{}", "application/json", 400), ("[]", "application/json", 400),
            (#"{"token":1}"#, "application/json", 400),
            ("token=x", "application/x-www-form-urlencoded", 415), (#"{"token":"x"}"#, "text/plain", 415),
            (long, "application/json", 413), (#"{"token":"x"}"#, "application/json", 401),
        ] {
            var headers = Browser.ownPage
            headers[.contentType] = type
            let answer = try await self.gateway.request(
                .post,
                "/auth/sign-ins",
                headers: headers,
                body: ByteBuffer(string: body)
            )
            #expect(answer.status.code == status, "\(body.prefix(20))")
        }
    }

    @Test("off loopback the cookie is bound to the host and to TLS, and the public origin is the only one")
    func published() async throws {
        let gateway = try Self.gateway(host: "0.0.0.0", publicURL: "https://imaging.example.org/")
        let token = gateway.parts.signIns.administratorToken()
        for (origin, status) in [
            ("http://localhost", HTTPResponse.Status.forbidden), ("https://imaging.example.org", .noContent),
        ] {
            let answer = try await gateway.request(
                .post,
                "/auth/sign-ins",
                headers: Browser.json([.origin: origin]),
                body: ByteBuffer(string: #"{"token":"\#(token)"}"#)
            )
            #expect(answer.status == status)
            guard status == .noContent else { continue }
            let cookie = try #require(answer.headers[.setCookie])
            #expect(cookie.hasPrefix("__Host-collimator_session=") && cookie.contains("; Secure"))
        }
    }

    @Test(
        "a cookie is nobody among the paths of the Healthcare API, wherever it comes from",
        arguments: ["cross-site", "same-site", "same-origin", "none"]
    )
    func cloudTree(site: String) async throws {
        let headers = Browser.signedIn(try self.secret(), [.secFetchSite: site])
        for path in [
            "/v1/projects/p/locations", "\(CloudSample.store)/dicomWeb/studies", "/v1/nothing",
            "//v1/projects/p/locations",
        ] {
            let answer = try await self.gateway.request(.get, path, headers: headers)
            #expect(answer.status == .unauthorized, "\(path)")
        }
        // A key beside it counts as ever.
        var withKey = headers
        withKey[.authorization] = GatewayUnderTest.bearer[.authorization]
        let answer = try await self.gateway.request(.get, "/v1/nothing", headers: withKey)
        #expect(answer.status == .notFound)
    }

    @Test("two session cookies are none")
    func twoCookies() async throws {
        let secret = try self.secret()
        var headers = Browser.ownPage
        headers[.cookie] = "collimator_session=x; collimator_session=\(secret)"
        let answer = try await self.gateway.request(.get, "/api/v1/stores", headers: headers)
        #expect(answer.status == .unauthorized)
    }
}
