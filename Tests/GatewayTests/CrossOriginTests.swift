import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import Gateway

@Suite("Pages of other origins")
struct CrossOriginTests {
    private static let origin = "https://viewer.example.org"
    private let application: Application<RouterResponder<GatewayContext>>

    init() throws {
        var parts = try GatewayUnderTest(ScriptedUpstream(search: { _ in [] })).parts
        parts.allowedOrigins = [Self.origin]
        self.application = gatewayApplication(
            parts,
            address: .hostname("127.0.0.1", port: 0),
            logger: GatewayUnderTest.quiet
        )
    }

    private func request(_ method: HTTPRequest.Method, _ uri: String, _ headers: HTTPFields) async throws
        -> TestResponse
    {
        try await self.application.test(.router) { client in
            try await client.execute(uri: uri, method: method, headers: headers)
        }
    }

    private static func preflight(_ origin: String) -> HTTPFields {
        [.origin: origin, .accessControlRequestMethod: "DELETE", .accessControlRequestHeaders: "authorization"]
    }

    @Test("ask first and are told what the path has, without a caller")
    func preflight() async throws {
        let answer = try await self.request(.options, Sample.dicomweb, Self.preflight(Self.origin))
        #expect(answer.status == .noContent)
        #expect(answer.headers[.accessControlAllowOrigin] == Self.origin)
        #expect(answer.headers[.accessControlAllowMethods] == "DELETE, GET, HEAD, OPTIONS, POST")
        #expect(answer.headers[.accessControlAllowHeaders]?.contains("Authorization") == true)
        #expect(answer.headers[.accessControlMaxAge] == "600")
        #expect(answer.headers[.vary]?.contains("Origin") == true)
        #expect(answer.headers[.accessControlAllowCredentials] == nil)
    }

    @Test(
        "that are not listed are told nothing",
        arguments: [
            "https://viewer.example.org.evil.test", "http://viewer.example.org", "https://viewer.example.org:8443",
            "null", "*", "https://VIEWER.example.org",
        ]
    )
    func otherOrigins(origin: String) async throws {
        let asked = try await self.request(.options, Sample.dicomweb, Self.preflight(origin))
        #expect(asked.status == .unauthorized)
        #expect(asked.headers[.accessControlAllowOrigin] == nil)
        var headers = GatewayUnderTest.bearer
        headers[.origin] = origin
        let answer = try await self.request(.get, "/api/v1/stores", headers)
        #expect(answer.status == .ok)
        #expect(answer.headers[.accessControlAllowOrigin] == nil)
        #expect(answer.headers[.vary]?.contains("Origin") == true)
    }

    @Test("may read answers, and errors as well")
    func answers() async throws {
        var headers = GatewayUnderTest.bearer
        headers[.origin] = Self.origin
        let good = try await self.request(.get, "/api/v1/stores", headers)
        let unknown = try await self.request(.get, "/nothing", headers)
        let nobody = try await self.request(.get, "/api/v1/stores", [.origin: Self.origin])
        #expect([good.status, unknown.status, nobody.status] == [.ok, .notFound, .unauthorized])
        for answer in [good, unknown, nobody] {
            #expect(answer.headers[.accessControlAllowOrigin] == Self.origin)
            let exposed = answer.headers[.accessControlExposeHeaders] ?? ""
            for name in ["ETag", "Request-Id", "Warning", "Collimator-Rendition"] { #expect(exposed.contains(name)) }
        }
    }

    @Test("are named once in Vary, whatever else is in it")
    func varyOnce() async throws {
        let listed = try await self.request(.get, "/api/v1/stores", GatewayUnderTest.bearer)
        #expect(listed.headers[values: .vary] == ["Authorization, Cookie, Origin"])
        let refused = try await self.request(.get, "/api/v1/stores", [:])
        #expect(refused.headers[values: .vary] == ["Origin"])
        let preflight = try await self.request(.options, Sample.dicomweb, Self.preflight(Self.origin))
        #expect(preflight.headers[.vary]?.hasSuffix(", Origin") == true)
    }

    @Test("get no headers where none are listed")
    func offByDefault() async throws {
        let gateway = try GatewayUnderTest(ScriptedUpstream(search: { _ in [] }))
        var headers = GatewayUnderTest.bearer
        headers[.origin] = Self.origin
        let answer = try await gateway.request(.get, "/api/v1/stores", headers: headers)
        #expect(answer.headers[.accessControlAllowOrigin] == nil)
        #expect(answer.headers[.vary] == "Authorization, Cookie, Origin")
    }

    @Test("OPTIONS without an origin says what a path has, to a caller")
    func plainOptions() async throws {
        let answer = try await self.request(.options, "/api/v1/stores", GatewayUnderTest.bearer)
        #expect(answer.status == .noContent)
        #expect(answer.headers[.allow] == "GET, HEAD, OPTIONS")
        let nobody = try await self.request(.options, "/api/v1/stores", [:])
        #expect(nobody.status == .unauthorized)
    }

    @Test(
        "are listed as browsers write them",
        arguments: [
            ("https://viewer.example.org", true), ("http://localhost:3000", true), ("https://a.test:8443", true),
            ("*", false), ("null", false), ("https://a.test/", false), ("https://a.test:443", false),
            ("http://a.test:80", false), ("https://A.test", false), ("https://u@a.test", false),
            ("ftp://a.test", false),
            ("https://", false), ("https://a.test:0", false), ("https://a.test:08", false), ("", false),
        ]
    )
    func origins(text: String, isValid: Bool) {
        #expect(WebOrigin.isValid(text) == isValid)
    }
}
