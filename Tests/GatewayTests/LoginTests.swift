import CollimatorCore
import Foundation
import HTTPTypes
import HummingbirdTesting
import Synchronization
import Testing

@testable import Gateway
@testable import Identity

@Suite("Logging in with a browser at an issuer")
struct LoginTests {
    private static let page: HTTPFields = [
        .secFetchSite: "same-origin", .known("Sec-Fetch-Mode"): "navigate", .known("Sec-Fetch-Dest"): "document",
    ]
    private static let back: HTTPFields = [
        .secFetchSite: "cross-site", .known("Sec-Fetch-Mode"): "navigate", .known("Sec-Fetch-Dest"): "document",
    ]

    private let issuer: LoginSample
    private let gateway: GatewayUnderTest

    init() async throws {
        let issuer = try LoginSample()
        self.issuer = issuer
        self.gateway = try await Self.gateway(issuer, publicURL: "https://imaging.example.org")
    }

    private static func gateway(_ issuer: LoginSample?, publicURL: String?) async throws -> GatewayUnderTest {
        var gateway = try GatewayUnderTest(ScriptedUpstream(search: { _ in [] }), publicURL: publicURL)
        gateway.parts.browser = BrowserAccess(host: "127.0.0.1", isLoopback: true, publicURL: publicURL)
        gateway = try await gateway.knowingCallers()
        gateway.parts.signIns = SignIns(login: issuer?.login)
        return gateway
    }

    /// The cookie of a login that was begun, and what the issuer was given.
    private func begin(
        _ query: String = "issuer=hospital",
        gateway: GatewayUnderTest? = nil
    ) async throws -> (cookie: String, asked: [String: String]) {
        let answer = try await (gateway ?? self.gateway).request(.get, "/auth/login?\(query)", headers: Self.page)
        #expect(answer.status == .seeOther)
        let location = try #require(answer.headers[.location])
        let items = URLComponents(string: location)?.queryItems ?? []
        let cookie = try #require(answer.headers[.setCookie]?.split(separator: ";").first)
        return (String(cookie), Dictionary(items.map { ($0.name, $0.value ?? "") }, uniquingKeysWith: { $1 }))
    }

    private func comeBack(_ query: String, cookie: String?, headers: HTTPFields = back) async throws -> TestResponse {
        var headers = headers
        headers[.cookie] = cookie
        return try await self.gateway.request(.get, "/auth/callback?\(query)", headers: headers)
    }

    @Test("ends in a session of whom the issuer names, whose cookie other sites' pages do not send")
    func journey() async throws {
        let (cookie, asked) = try await self.begin("issuer=hospital&returnTo=/app/%23/studies/radiology/1.2")
        #expect(cookie.hasPrefix("__Host-collimator_login="))
        #expect(asked["redirect_uri"] == "https://imaging.example.org/auth/callback")
        try self.issuer.logIn("ann", nonce: try #require(asked["nonce"]))
        let answer = try await self.comeBack("code=c&state=\(asked["state"] ?? "")&session_state=x", cookie: cookie)
        #expect(answer.status == .seeOther)
        #expect(answer.headers[.location] == "/app/#/studies/radiology/1.2")
        #expect(answer.headers[.cacheControl] == "no-store")
        let cookies = answer.headers[values: .setCookie]
        #expect(cookies.count == 2)
        let session = try #require(cookies.first { $0.hasPrefix("__Host-collimator_session=") })
        #expect(session.hasSuffix("; Path=/; HttpOnly; SameSite=Strict; Secure; Max-Age=43200"))
        #expect(
            cookies.contains("__Host-collimator_login=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0")
        )
        let secret = String(try #require(session.split(separator: ";").first))
        let me = try await self.gateway.request(
            .get,
            "/api/v1/me",
            headers: [.cookie: secret, .secFetchSite: "same-origin"]
        )
        #expect(me.status == .ok)
        #expect(me.text.contains(#""principal":"user:hospital/ann""#))
        let known = self.gateway.parts.identity.principals.find(.user(issuer: "hospital", subject: "ann"))
        #expect(known?.method == .session)
        // Only our own page changes anything with it, and the way out ends it.
        for (site, status) in [("cross-site", HTTPResponse.Status.forbidden), ("same-origin", .noContent)] {
            let out = try await self.gateway.request(
                .post,
                "/auth/logout",
                headers: [.cookie: secret, .secFetchSite: site]
            )
            #expect(out.status == status)
            if status == .noContent {
                #expect(out.headers[.clearSiteData] == #""cache", "storage""#)
                #expect(out.headers[.setCookie]?.hasSuffix("Max-Age=0") == true)
            }
        }
        let after = try await self.gateway.request(
            .get,
            "/api/v1/me",
            headers: [.cookie: secret, .secFetchSite: "same-origin"]
        )
        #expect(after.status == .unauthorized)
    }

    @Test("without the cookie of that login nobody comes in, and a person is told so by the page")
    func binding() async throws {
        let (cookie, asked) = try await self.begin()
        let (_, other) = try await self.begin()
        try self.issuer.logIn("mallory", nonce: try #require(asked["nonce"]))
        for (state, cookie) in [
            (asked["state"], nil), (other["state"], cookie), (nil, cookie), (asked["state"], "\(cookie); \(cookie)"),
        ] as [(String?, String?)] {
            let query = "code=c" + (state.map { "&state=\($0)" } ?? "")
            let person = try await self.comeBack(query, cookie: cookie)
            #expect(person.status == .seeOther)
            #expect(person.headers[.location] == "/app/#login=invalid-input")
            #expect(!person.headers[values: .setCookie].contains { $0.contains("session") })
            let program = try await self.comeBack(query, cookie: cookie, headers: [:])
            #expect(program.status == .badRequest)
            #expect(try program.problem().code == "invalid-input")
        }
    }

    @Test("whom the issuer refuses, and who is suspended, does not come in")
    func refusals() async throws {
        let (cookie, asked) = try await self.begin()
        let query = "code=c&state=\(asked["state"] ?? "")"
        self.issuer.refuse()
        let refused = try await self.comeBack(query, cookie: cookie)
        #expect(refused.headers[.location] == "/app/#login=unauthenticated")
        let said = try await self.comeBack("error=access_denied&state=\(asked["state"] ?? "")", cookie: cookie)
        #expect(said.headers[.location] == "/app/#login=unauthenticated")

        let administrator = Caller(verified: .administrator, method: .administratorKey)
        let ann = Principal.user(issuer: "hospital", subject: "ann")
        _ = try await self.gateway.parts.identity.principals.suspend(ann, by: administrator)
        try self.issuer.logIn("ann", nonce: try #require(asked["nonce"]))
        let suspended = try await self.comeBack(query, cookie: cookie)
        #expect(suspended.headers[.location] == "/app/#login=unauthenticated")
        #expect(!suspended.headers[values: .setCookie].contains { $0.contains("session") })
    }

    @Test("a suspension ends the session within the request after it")
    func suspension() async throws {
        let (cookie, asked) = try await self.begin()
        try self.issuer.logIn("bob", nonce: try #require(asked["nonce"]))
        let answer = try await self.comeBack("code=c&state=\(asked["state"] ?? "")", cookie: cookie)
        let session = try #require(answer.headers[values: .setCookie].first { $0.contains("session") })
        let headers: HTTPFields = [
            .cookie: String(session.split(separator: ";")[0]), .secFetchSite: "same-origin",
        ]
        #expect(try await self.gateway.request(.get, "/api/v1/me", headers: headers).status == .ok)
        let id = PrincipalTarget.id(.user(issuer: "hospital", subject: "bob"))
        let path = "/api/v1/access/principals/\(id)/suspension"
        #expect(try await self.gateway.request(.put, path).status == .ok)
        #expect(try await self.gateway.request(.get, "/api/v1/me", headers: headers).status == .unauthorized)
        #expect(try await self.gateway.request(.delete, path).status == .noContent)
        #expect(try await self.gateway.request(.get, "/api/v1/me", headers: headers).status == .unauthorized)
    }

    @Test(
        "begins for our own page, at an issuer that is configured, with a way back to a page of ours",
        arguments: [
            ("issuer=hospital", "same-origin", 303), ("issuer=hospital", "none", 303),
            ("issuer=hospital&returnTo=/viewer/?StudyInstanceUIDs=1.2", "same-origin", 303),
            ("issuer=hospital", "cross-site", 403), ("issuer=hospital", "same-site", 403),
            ("", "same-origin", 400), ("issuer=", "same-origin", 400), ("issuer=Hospital", "same-origin", 400),
            ("issuer=hospital&issuer=hospital", "same-origin", 400), ("issuer=hospital&x=1", "same-origin", 400),
            ("issuer=clinic", "same-origin", 404),
            ("issuer=hospital&returnTo=//evil.example", "same-origin", 400),
            ("issuer=hospital&returnTo=https://evil.example/app/", "same-origin", 400),
            ("issuer=hospital&returnTo=/%5Cevil.example", "same-origin", 400),
            ("issuer=hospital&returnTo=/app/%0d%0aSet-Cookie:a=b", "same-origin", 400),
        ]
    )
    func beginnings(query: String, site: String, status: Int) async throws {
        let answer = try await self.gateway.request(.get, "/auth/login?\(query)", headers: [.secFetchSite: site])
        #expect(answer.status.code == status)
    }

    @Test("on this machine goes by its own names alone")
    func thisMachine() async throws {
        let gateway = try await Self.gateway(self.issuer, publicURL: nil)
        let (cookie, asked) = try await self.begin(gateway: gateway)
        #expect(cookie.hasPrefix("collimator_login="))
        #expect(asked["redirect_uri"] == "http://localhost/auth/callback")
        let access = gateway.parts.browser
        #expect(
            access.loginCookie.beginning("x", lifetime: .seconds(1))
                == "collimator_login=x; Path=/; HttpOnly; SameSite=Lax; Max-Age=1"
        )
    }

    @Test("an issuer that does not answer is 503, one that is not configured 404")
    func unavailable() async throws {
        self.issuer.isUp.withLock { $0 = false }
        let down = try await self.gateway.request(.get, "/auth/login?issuer=hospital", headers: [:])
        #expect(down.status == .serviceUnavailable)
        #expect(down.headers[.retryAfter] != nil)
        let none = try await Self.gateway(nil, publicURL: nil)
        for path in ["/auth/login?issuer=hospital", "/auth/callback?code=c&state=s"] {
            #expect(try await none.request(.get, path, headers: [:]).status == .notFound)
        }
        let issuers = try await none.request(.get, "/auth/issuers", headers: [:])
        #expect(issuers.text == #"{"items":[]}"#)
    }

    @Test("names the issuers to whoever has to choose one")
    func issuers() async throws {
        let answer = try await self.gateway.request(.get, "/auth/issuers", headers: [:])
        #expect(answer.status == .ok)
        #expect(
            answer.text
                == #"{"items":[{"name":"hospital","label":"The hospital","links":{"login":"/auth/login?issuer=hospital"}}]}"#
        )
    }
}
