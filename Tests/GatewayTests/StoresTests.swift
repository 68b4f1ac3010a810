import CollimatorCore
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import Gateway

@Suite("GET /api/v1/stores")
struct StoresTests {
    private let gateway: GatewayUnderTest

    init() throws {
        self.gateway = try GatewayUnderTest(ScriptedUpstream())
    }

    @Test("lists the configured stores")
    func list() async throws {
        let answer = try await self.gateway.request(.get, "/api/v1/stores")
        #expect(answer.status == .ok)
        #expect(
            answer.text == """
                {"items":[{"name":"radiology","kind":"healthcare",\
                "resource":"projects/p/locations/l/datasets/d/dicomStores/s",\
                "links":{"self":"/api/v1/stores/radiology","studies":"/api/v1/stores/radiology/studies",\
                "dicomweb":"/dicomweb/radiology"}}],"nextCursor":null}
                """
        )
        #expect(answer.headers[.cacheControl] == "private, no-cache")
    }

    @Test("answers 304 to who has it already")
    func notModified() async throws {
        let first = try await self.gateway.request(.get, "/api/v1/stores/radiology")
        let tag = try #require(first.headers[.eTag])
        var headers = GatewayUnderTest.bearer
        headers[.ifNoneMatch] = #""other", W/\#(tag)"#
        let second = try await self.gateway.request(.get, "/api/v1/stores/radiology", headers: headers)
        #expect(second.status == .notModified)
        #expect(second.body.readableBytes == 0)
        headers[.ifNoneMatch] = #""other""#
        let third = try await self.gateway.request(.get, "/api/v1/stores/radiology", headers: headers)
        #expect(third.status == .ok)
    }

    @Test("takes no parameters", arguments: ["/api/v1/stores?x=1", "/api/v1/stores/radiology?limit=1", "/api/v1/me?a"])
    func parameters(uri: String) async throws {
        let answer = try await self.gateway.request(.get, uri)
        #expect(answer.status == .badRequest)
    }

    @Test(
        "a store that is not configured is 404, whatever its name looks like",
        arguments: ["cardiology", "Radiology", "%72adiology"]
    )
    func unknownStore(name: String) async throws {
        let answer = try await self.gateway.request(.get, "/api/v1/stores/\(name)")
        #expect(answer.status == .notFound)
    }

    @Test("a name that can be read in two ways is 400", arguments: ["..", "a%2Fb", "radiology%00"])
    func doubtfulStore(name: String) async throws {
        let answer = try await self.gateway.request(.get, "/api/v1/stores/\(name)")
        #expect(answer.status == .badRequest)
    }
}
