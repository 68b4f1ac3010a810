import Catalog
import CollimatorCore
import DICOMweb
import Hummingbird
import HummingbirdTesting
import Testing

@testable import Gateway

@Suite("GET …/studies/{study}/priors")
struct PriorsTests {
    private static func entry(_ uid: String, _ id: String?, _ issuer: String?, day: Int = 1) throws -> StudyEntry {
        var study = Sample.study(uid: uid)
        study.set(.patientID, id ?? "")
        if let issuer { study.set(.issuerOfPatientID, issuer) }
        study.set(.studyDate, "2026010\(day)")
        return try StudyEntry(study, series: [(Sample.series(uid: "\(uid).1"), 1)])
    }

    private static func gateway(_ stores: [String: [StudyEntry]]) async throws -> GatewayUnderTest {
        var gateway = try GatewayUnderTest(stores: stores.mapValues { _ in ScriptedUpstream() })
        for (store, entries) in stores { gateway = try await gateway.knowing(entries, in: store) }
        return gateway
    }

    private static func keys(_ answer: TestResponse) -> [String] {
        answer.text.matches(of: /"key":"([a-z0-9.\/]+)"/).map { String($0.output.1) }
    }

    @Test("finds the patient's other studies in every store by identifier and issuer, newest first")
    func acrossStores() async throws {
        let gateway = try await Self.gateway([
            "a": [
                try Self.entry("1.1", "P", "H", day: 2), try Self.entry("1.2", "P", "H", day: 1),
                try Self.entry("1.3", "P", "OTHER"), try Self.entry("1.4", "P", nil), try Self.entry("1.5", "p", "H"),
            ],
            "b": [
                try Self.entry("1.1", "P", "H"), try Self.entry("2.1", "P", "H", day: 3),
                try Self.entry("2.2", "Q", "H"),
                try Self.entry("2.3", "P", nil),
            ],
        ])
        let answer = try await gateway.request(.get, "/api/v1/stores/a/studies/1.1/priors")
        #expect(answer.status == .ok)
        #expect(Self.keys(answer) == ["b/2.1", "a/1.2"])
    }

    @Test("looks in the same store alone where there is no issuer")
    func withoutIssuer() async throws {
        let gateway = try await Self.gateway([
            "a": [try Self.entry("1.1", "P", nil), try Self.entry("1.2", "P", nil), try Self.entry("1.3", "P", "H")],
            "b": [try Self.entry("2.1", "P", nil)],
        ])
        let answer = try await gateway.request(.get, "/api/v1/stores/a/studies/1.1/priors")
        #expect(Self.keys(answer) == ["a/1.2"])
    }

    @Test("counts without the study itself and its copies, and pages")
    func paging() async throws {
        let gateway = try await Self.gateway([
            "a": try (1...5).map { try Self.entry("1.\($0)", "P", "H", day: $0) },
            "b": [try Self.entry("1.3", "P", "H")],
        ])
        var keys: [String] = []
        var query = "limit=2"
        while true {
            let answer = try await gateway.request(.get, "/api/v1/stores/a/studies/1.3/priors?\(query)")
            #expect(answer.text.contains(#""total":4,"complete":true"#))
            keys += Self.keys(answer)
            guard let match = answer.text.firstMatch(of: /"nextCursor":"([^"]+)"/) else { break }
            query = "limit=2&cursor=\(match.output.1)"
        }
        #expect(keys == ["a/1.5", "a/1.4", "a/1.2", "a/1.1"])
    }

    @Test("a study without an identifier of its patient has none")
    func withoutIdentifier() async throws {
        let gateway = try await Self.gateway(["a": [try Self.entry("1.1", nil, "H"), try Self.entry("1.2", nil, "H")]])
        let answer = try await gateway.request(.get, "/api/v1/stores/a/studies/1.1/priors")
        #expect(answer.text == #"{"items":[],"nextCursor":null,"total":0,"complete":true}"#)
    }

    @Test("an unknown study is 404; an unknown parameter and a cursor of another study are 400")
    func refusals() async throws {
        let gateway = try await Self.gateway(["a": try (1...3).map { try Self.entry("1.\($0)", "P", "H", day: $0) }])
        let path = "/api/v1/stores/a/studies"
        #expect(try await gateway.request(.get, "\(path)/1.9/priors").status == .notFound)
        #expect(try await gateway.request(.get, "\(path)/1.1/priors?patientName=x").status == .badRequest)
        let first = try await gateway.request(.get, "\(path)/1.1/priors?limit=1")
        let match = try #require(first.text.firstMatch(of: /"nextCursor":"([^"]+)"/))
        let other = try await gateway.request(.get, "\(path)/1.2/priors?limit=1&cursor=\(match.output.1)")
        #expect(other.status == .badRequest)
    }
}
