import CollimatorCore
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import Gateway

@Suite("The endpoint table")
struct EndpointTableTests {
    private let gateway: GatewayUnderTest
    private let table: EndpointTable

    init() throws {
        self.gateway = try GatewayUnderTest(ScriptedUpstream(search: { _ in [] }))
        self.table = self.gateway.parts.endpointTable(logger: GatewayUnderTest.quiet)
    }

    @Test("is open at health, readiness, the way in and out, the page and the description alone")
    func openRoutes() {
        let open = self.table.endpoints.filter { $0.access == .open }.map(\.path)
        #expect(
            Set(open) == [
                "/openapi.yaml", "/docs",
                "/healthz", "/readyz", "/", "/app", "/app/{file}", "/auth/sign-ins", "/auth/sessions/current",
                "/auth/issuers", "/auth/login", "/auth/callback", "/auth/logout", "/oauth2/token",
                "/events/pubsub", "/viewer", "/viewer/app-config.js", "/viewer/**", "/launch", "/launch/here",
            ]
        )
    }

    @Test("has no route twice")
    func routesAreUnique() {
        let routes = self.table.endpoints.map { "\($0.method) \($0.path)" }
        #expect(Set(routes).count == routes.count)
        #expect(routes.count >= 20)
    }

    @Test("refuses every guarded route without a caller, with the same words")
    func everyRouteNeedsACaller() async throws {
        try await self.gateway.application.test(.router) { client in
            for endpoint in self.table.endpoints where endpoint.access != .open {
                let answer = try await client.execute(uri: Self.path(endpoint.path), method: endpoint.method)
                #expect(answer.status == .unauthorized, "\(endpoint.method) \(endpoint.path)")
                let isCloud = endpoint.path.hasPrefix("/v1/")
                #expect(answer.headers[.wwwAuthenticate] == (isCloud ? #"Bearer realm="collimator""# : "Bearer"))
                if isCloud {
                    #expect(answer.text.contains(#""status":"UNAUTHENTICATED""#))
                    continue
                }
                #expect(try answer.problem().code == "unauthenticated")
            }
        }
    }

    @Test("answers 405 with Allow to a method that a path does not have")
    func otherMethodsAreRefused() async throws {
        try await self.gateway.application.test(.router) { client in
            for (path, endpoints) in Dictionary(grouping: self.table.endpoints, by: \.path) {
                let methods = endpoints.map(\.method)
                let other = try #require([HTTPRequest.Method.put, .patch].first { !methods.contains($0) })
                let answer = try await client.execute(
                    uri: Self.path(path),
                    method: other,
                    headers: GatewayUnderTest.bearer
                )
                #expect(answer.status == .methodNotAllowed, "\(path)")
                let allow = try #require(answer.headers[.allow])
                for endpoint in endpoints { #expect(allow.contains(endpoint.method.rawValue)) }
                if path.hasPrefix("/v1/") {
                    #expect(answer.text.contains(#""status":"UNIMPLEMENTED""#))
                    continue
                }
                #expect(try answer.problem().code == "method-not-allowed")
            }
        }
    }

    @Test("tells writing routes from reading ones")
    func permissionsFitTheMethod() {
        for endpoint in self.table.endpoints {
            guard case .permission(let permission) = endpoint.access else { continue }
            // Google's method asks with POST what a credential may do, and a search by POST reads.
            if endpoint.path.hasSuffix(":testIamPermissions") { continue }
            // To make the index anew only reads what is in the store.
            if endpoint.path.hasSuffix("/catalog-rebuilds") { continue }
            // A plan changes nothing.
            if endpoint.path.hasSuffix("/iam/plans") { continue }
            // A signature is kept nowhere.
            if endpoint.path == "/api/v1/signed-links" { continue }
            // Who may call and what is kept here: no store is asked.
            if endpoint.path.hasPrefix("/api/v1/access/") { continue }
            if endpoint.path.hasPrefix("/api/v1/webhooks") { continue }
            let reads = endpoint.method == .get || endpoint.path == "/api/v1/studies/search"
            let tier: ActionTier = reads ? .read : endpoint.method == .delete ? .delete : .write
            #expect(permission.tier == tier, "\(endpoint.path)")
        }
    }

    @Test("answers HEAD like GET without a body")
    func headIsDerived() async throws {
        let get = try await self.gateway.request(.get, "/api/v1/stores")
        let head = try await self.gateway.request(.head, "/api/v1/stores")
        #expect(head.status == .ok)
        #expect(head.headers[.contentLength] == get.headers[.contentLength])
        #expect(head.body.readableBytes == 0)
    }

    /// The template with values that parse.
    private static func path(_ template: String) -> String {
        template.replacing("{store}", with: "radiology").replacing("{study}", with: Sample.study)
            .replacing("{series}", with: Sample.series).replacing("{instance}", with: Sample.instance)
            .replacing("{frame}", with: "1").replacing("{frames}", with: "1").replacing("**", with: "7FE00010")
    }
}
