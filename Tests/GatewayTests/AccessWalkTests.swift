import Catalog
import CollimatorCore
import DICOMweb
import HTTPTypes
import HummingbirdTesting
import Testing

@testable import Gateway

@Suite("Access, over every route")
struct AccessWalkTests {
    /// What nobody may learn who has no right to it.
    private static let secrets = ["Smith", "Jones", "MRN-1", "MRN-2", "CT CHEST", "MR HEAD"]

    static func path(_ template: String, study: String, series: String) -> String {
        var path = template
        for (name, value) in [
            ("study", study), ("series", series), ("instance", "\(series).1"), ("frame", "1"), ("frames", "1"),
            ("project", "p"), ("location", "l"), ("dataset", "d"), ("operation", "radiology.4711"),
            ("store", template.hasPrefix("/v1/") ? "s" : "radiology"),
        ] {
            path = path.replacing("{\(name)}", with: value)
        }
        return path.replacing("**", with: "7FE00010")
    }

    static func guarded(_ gateway: GatewayUnderTest) -> [Endpoint] {
        gateway.parts.endpointTable(logger: GatewayUnderTest.quiet).endpoints.filter { $0.access != .open }
    }

    /// A body without what differs between any two answers.
    private static func comparable(_ text: String) -> String {
        text.replacing(/"requestId":"[^"]*"/, with: "")
    }

    @Test("case 33: a study that the caller has no right to is answered for like one that is not there")
    func forbiddenIsUnknown() async throws {
        let upstream = ScriptedUpstream()
        for judge in [ScriptedJudge([:]), ScriptedJudge(["1.2.2": .whole])] {
            let gateway = try await GatewayUnderTest.judged(by: judge, upstream)
            let before = upstream.log.calls.count
            try await gateway.application.test(.router) { client in
                for endpoint in Self.guarded(gateway) where endpoint.path.contains("{study}") {
                    func answer(_ study: String) async throws -> TestResponse {
                        try await client.execute(
                            uri: Self.path(endpoint.path, study: study, series: "\(study).1"),
                            method: endpoint.method,
                            headers: GatewayUnderTest.bearer
                        )
                    }
                    let forbidden = try await answer("1.2.1")
                    let unknown = try await answer("1.2.9")
                    let route = "\(endpoint.method) \(endpoint.path)"
                    let isSearch = forbidden.status == .noContent
                    #expect(forbidden.status == .notFound || isSearch, "\(route)")
                    #expect(forbidden.status == unknown.status, "\(route)")
                    #expect(Self.comparable(forbidden.text) == Self.comparable(unknown.text), "\(route)")
                    #expect(forbidden.headers[.contentType] == unknown.headers[.contentType], "\(route)")
                    #expect(forbidden.headers[.eTag] == nil, "\(route)")
                }
            }
            #expect(upstream.log.calls.count == before)
        }
    }

    @Test("cases 33, 36 and 48: without a right no route tells anything of what is there")
    func nothingIsTold() async throws {
        let gateway = try await GatewayUnderTest.judged(by: ScriptedJudge([:]))
        try await gateway.application.test(.router) { client in
            for endpoint in Self.guarded(gateway) {
                let answer = try await client.execute(
                    uri: Self.path(endpoint.path, study: "1.2.1", series: "1.2.1.1"),
                    method: endpoint.method,
                    headers: GatewayUnderTest.bearer
                )
                let route = "\(endpoint.method) \(endpoint.path)"
                #expect(!Self.secrets.contains(where: answer.text.contains), "\(route)")
                guard (200..<300).contains(answer.status.code) else { continue }
                // Lists are empty and not refused.
                #expect(endpoint.method == .get, "\(route)")
                #expect(!answer.text.contains("radiology"), "\(route)")
            }
        }
    }

    @Test("case 48: the routes of administrators are refused to who may see a study")
    func administration() async throws {
        let gateway = try await GatewayUnderTest.judged(by: ScriptedJudge(["1.2.1": .whole]))
        try await gateway.application.test(.router) { client in
            for endpoint in Self.guarded(gateway) {
                guard case .permission(let permission) = endpoint.access, permission != .dicomWebRead,
                    permission != .storesList, permission != .storesGet, permission != .operationsList
                else { continue }
                let answer = try await client.execute(
                    uri: Self.path(endpoint.path, study: "1.2.1", series: "1.2.1.1"),
                    method: endpoint.method,
                    headers: GatewayUnderTest.bearer
                )
                #expect([.notFound, .forbidden].contains(answer.status), "\(endpoint.method) \(endpoint.path)")
            }
            #expect(try await client.execute(uri: "/metrics", method: .get).status == .unauthorized)
        }
    }

    @Test("case 34: a series of another study is not found in one's own, and the store is not asked")
    func otherSeries() async throws {
        let upstream = ScriptedUpstream()
        let gateway = try await GatewayUnderTest.judged(by: ScriptedJudge(["1.2.1": .whole]), upstream)
        let before = upstream.log.calls.count
        try await gateway.application.test(.router) { client in
            for endpoint in Self.guarded(gateway) where endpoint.path.contains("{series}") {
                let answer = try await client.execute(
                    uri: Self.path(endpoint.path, study: "1.2.1", series: "1.2.2.1"),
                    method: endpoint.method,
                    headers: GatewayUnderTest.bearer
                )
                #expect(answer.status == .notFound, "\(endpoint.method) \(endpoint.path)")
            }
        }
        #expect(upstream.log.calls.count == before)
    }

    @Test("case 39: another store is not found, whatever our own credential could reach")
    func otherStore() async throws {
        let upstream = ScriptedUpstream()
        let gateway = try await GatewayUnderTest.judged(by: ScriptedJudge(["1.2.1": .whole]), upstream)
        let before = upstream.log.calls.count
        for path in [
            "/api/v1/stores/trial/studies/1.2.1", "/api/v1/stores/trial/studies", "/dicomweb/trial/studies",
            "/dicomweb/trial/studies/1.2.1/metadata",
            "/v1/projects/other/locations/l/datasets/d/dicomStores/s/dicomWeb/studies/1.2.1",
            "/v1/projects/p/locations/l/datasets/d/dicomStores/other/dicomWeb/studies",
        ] {
            #expect(try await gateway.request(.get, path).status == .notFound, "\(path)")
        }
        #expect(try await gateway.request(.get, "/api/v1/studies?store=trial").status == .badRequest)
        #expect(upstream.log.calls.count == before)
    }
}
