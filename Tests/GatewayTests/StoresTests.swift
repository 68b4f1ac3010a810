import Catalog
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
                "resource":"projects/p/locations/l/datasets/d/dicomStores/s","studyCount":null,"catalog":null,\
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

    @Test("says how current the catalog is, and how many studies there are")
    func catalog() async throws {
        let gateway = try await self.gateway.knowing([try StudyEntry(Sample.study())])
        let answer = try await gateway.request(.get, "/api/v1/stores/radiology")
        #expect(
            answer.text.contains(
                #""studyCount":1,"catalog":{"phase":"current","progressPercent":null,"#
                    + #""asOf":"2026-09-21T14:13:20Z","complete":true}"#
            )
        )
        let name = try #require(StoreName("radiology"))
        let begun = try GatewayUnderTest(ScriptedUpstream())
        try await begun.parts.catalog.add(name, upstream: .holding([]))
        let early = try await begun.request(.get, "/api/v1/stores/radiology")
        #expect(early.text.contains(#""studyCount":null,"catalog":{"phase":"backfilling""#))
        #expect(early.text.contains(#""asOf":null,"complete":false"#))
    }

    @Test("begins the catalog of a store anew, and says where to look")
    func rebuild() async throws {
        let gateway = try await self.gateway.knowing([try StudyEntry(Sample.study())])
        let answer = try await gateway.request(.post, "/api/v1/stores/radiology/catalog-rebuilds")
        #expect(answer.status == .accepted)
        #expect(answer.headers[.location] == "/api/v1/stores/radiology")
        #expect(answer.headers[.cacheControl] == "no-store")
        #expect(answer.text.contains(#""catalog":{"phase":"#))
        let unknown = try await gateway.request(.post, "/api/v1/stores/cardiology/catalog-rebuilds")
        #expect(unknown.status == .notFound)
        let doubtful = try await gateway.request(.post, "/api/v1/stores/radiology/catalog-rebuilds?now=1")
        #expect(doubtful.status == .badRequest)
        let unkept = try await GatewayUnderTest(ScriptedUpstream())
            .request(.post, "/api/v1/stores/radiology/catalog-rebuilds")
        #expect(unkept.status == .notFound)
    }
}
