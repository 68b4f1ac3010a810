import CollimatorCore
import HTTPTypes
import HummingbirdTesting
import Persistence
import Testing

@testable import Catalog
@testable import Gateway

@Suite("A decision that cannot be made", .timeLimit(.minutes(1)))
struct AccessFaultTests {
    /// What decisions depend on cannot be read any more.
    private static func breakFacts(_ gateway: GatewayUnderTest) async throws {
        try await gateway.parts.catalog.catalog.database.write { connection in
            _ = try connection.execute("ALTER TABLE study RENAME TO studyThatIsGone")
        }
    }

    @Test("is a refusal, on every route that names a study, and the store is not asked")
    func refusal() async throws {
        let upstream = ScriptedUpstream()
        let gateway = try await GatewayUnderTest.judged(
            by: ScriptedJudge(["1.2.1": .whole, "1.2.2": .whole]),
            upstream
        )
        // The neighbour: before the fault the right is there.
        let path = "/api/v1/stores/radiology/studies/1.2.1"
        #expect(try await gateway.request(.get, path).status == .ok)
        try await Self.breakFacts(gateway)
        let before = upstream.log.requests.count + upstream.log.searches.count + upstream.log.stored.count
        try await gateway.application.test(.router) { client in
            for endpoint in AccessWalkTests.guarded(gateway) where endpoint.path.contains("{study}") {
                let answer = try await client.execute(
                    uri: AccessWalkTests.path(endpoint.path, study: "1.2.1", series: "1.2.1.1"),
                    method: endpoint.method,
                    headers: GatewayUnderTest.bearer
                )
                let route = "\(endpoint.method) \(endpoint.path)"
                #expect(answer.status.code >= 400, "\(route)")
                #expect(!answer.text.contains("Smith") && !answer.text.contains("MRN-1"), "\(route)")
                // What went wrong is for the log, not for callers.
                #expect(!answer.text.contains("studyThatIsGone") && !answer.text.contains("SELECT"), "\(route)")
            }
        }
        #expect(upstream.log.requests.count + upstream.log.searches.count + upstream.log.stored.count == before)
    }
}
