import Catalog
import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import Gateway

@Suite("GET /api/v1/stores/{store}/studies/{study}")
struct StudyTests {
    /// One study with a CT series of three slices and a report, as the store has its instances.
    private static func search(_ search: UpstreamSearch) -> [DataSet] {
        guard case .instances = search.scope else { return [] }
        return [
            Sample.instance(uid: "1.7.3", number: 3), Sample.instance(uid: "1.7.1", number: 1),
            Sample.instance(uid: "1.9.1", series: "1.9"), Sample.instance(uid: "1.7.2", number: 2),
        ]
    }

    /// The same as the catalog takes it in.
    private static func entry(_ series: [String] = [Sample.series, "1.9"]) throws -> StudyEntry {
        try StudyEntry(
            Sample.study(),
            series: series.enumerated().map { index, uid in
                (Sample.series(uid: uid, modality: index == 0 ? "CT" : "SR", number: index + 1), index == 0 ? 3 : 1)
            }
        )
    }

    private static func gateway(_ upstream: ScriptedUpstream) async throws -> GatewayUnderTest {
        try await GatewayUnderTest(upstream).knowing([try Self.entry()])
    }

    @Test("counts and names modalities without asking the store")
    func summary() async throws {
        let upstream = ScriptedUpstream(search: { Self.search($0) })
        let answer = try await Self.gateway(upstream).request(.get, Sample.studyPath)
        #expect(answer.status == .ok)
        #expect(answer.text.contains(#""modalities":["CT","SR"],"seriesCount":2,"instanceCount":4"#))
        #expect(!answer.text.contains(#""series":["#))
        #expect(upstream.log.searches.isEmpty)
    }

    @Test("lists series with their counts, without asking the store")
    func includedSeries() async throws {
        let upstream = ScriptedUpstream()
        let answer = try await Self.gateway(upstream).request(.get, "\(Sample.studyPath)?include=series")
        let uids = answer.text.matches(of: /"uid":"([0-9.]+)"/).map { String($0.output.1) }
        #expect(uids == [Sample.study, Sample.series, "1.9"])
        #expect(answer.text.contains(#""instanceCount":3,"links""#))
        #expect(upstream.log.searches.isEmpty)
    }

    @Test("lists series and instances in the order of their numbers")
    func included() async throws {
        let gateway = try await Self.gateway(ScriptedUpstream(search: { Self.search($0) }))
        let answer = try await gateway.request(.get, "\(Sample.studyPath)?include=series,instances")
        #expect(answer.status == .ok)
        #expect(answer.text.contains(#""instanceCount":4,"scope""#))
        let uids = answer.text.matches(of: /"uid":"([0-9.]+)"/).map { String($0.output.1) }
        #expect(uids == [Sample.study, Sample.series, "1.7.1", "1.7.2", "1.7.3", "1.9", "1.9.1"])
        #expect(answer.text.contains("/series/\(Sample.series)/instances/1.7.1/rendered"))
    }

    @Test("a study that the catalog does not know yet is asked of the store; one that nobody has is 404")
    func readThrough() async throws {
        let gateway = try await GatewayUnderTest(ScriptedUpstream()).knowing([])
        #expect(try await gateway.request(.get, Sample.studyPath).status == .notFound)
        let name = try #require(StoreName("radiology"))
        try await gateway.parts.catalog.add(name, upstream: .holding([try Self.entry()]))
        #expect(try await gateway.request(.get, Sample.studyPath).status == .ok)
    }

    @Test("instances of a series that the catalog does not know make it look again")
    func behindOurBack() async throws {
        let gateway = try await GatewayUnderTest(ScriptedUpstream(search: { Self.search($0) }))
            .knowing([try Self.entry([Sample.series])])
        // It is counted when it is first looked at.
        #expect(try await gateway.request(.get, Sample.studyPath).status == .ok)
        let name = try #require(StoreName("radiology"))
        try await gateway.parts.catalog.add(name, upstream: .holding([try Self.entry()]))
        let bare = try await gateway.request(.get, Sample.studyPath)
        #expect(bare.text.contains(#""seriesCount":1"#))
        let whole = try await gateway.request(.get, "\(Sample.studyPath)?include=instances")
        #expect(whole.text.contains(#""modalities":["CT","SR"],"seriesCount":2,"instanceCount":4"#))
    }

    @Test("refuses what it does not know", arguments: ["include=pixels", "include=", "include=series,", "x=1"])
    func refusals(query: String) async throws {
        let gateway = try await Self.gateway(ScriptedUpstream(search: { Self.search($0) }))
        let answer = try await gateway.request(.get, "\(Sample.studyPath)?\(query)")
        #expect(answer.status == .badRequest)
    }

    @Test(
        "refuses what is no UID",
        arguments: ["abc", "1..2", "1.2%2F3", "..", "1.2.", String(repeating: "1", count: 65), "1.2%00"]
    )
    func malformedUIDs(uid: String) async throws {
        let upstream = ScriptedUpstream()
        let answer = try await GatewayUnderTest(upstream).request(.get, "/api/v1/stores/radiology/studies/\(uid)")
        #expect(answer.status == .badRequest)
        #expect(upstream.log.searches.isEmpty)
    }

    @Test("more instances than one answer may list are refused rather than shown in part")
    func tooMany() async throws {
        let gateway = try await Self.gateway(
            ScriptedUpstream(search: { search in
                guard case .instances = search.scope else { return Self.search(search) }
                return (0..<search.limit).map { Sample.instance(uid: "1.7.\(search.offset + $0)") }
            })
        )
        let answer = try await gateway.request(.get, "\(Sample.studyPath)?include=instances")
        #expect(answer.status == .unprocessableContent)
    }

    @Test("a server that gives a few at a time is asked until nothing comes")
    func cappingServer() async throws {
        let all = (0..<7).map { Sample.instance(uid: "1.7.\($0)", series: $0 < 6 ? Sample.series : "1.9", number: $0) }
        let gateway = try await Self.gateway(
            ScriptedUpstream(search: { search in
                guard case .instances = search.scope else { return [] }
                return Array(all.dropFirst(search.offset).prefix(3))
            })
        )
        let answer = try await gateway.request(.get, "\(Sample.studyPath)?include=instances")
        #expect(answer.text.contains(#""instanceCount":7,"scope""#))
    }

    @Test("a server without an offset, which gives everything each time, is not asked for ever")
    func noOffset() async throws {
        let upstream = ScriptedUpstream(search: { Self.search($0) })
        let answer = try await Self.gateway(upstream).request(.get, "\(Sample.studyPath)?include=instances")
        #expect(answer.status == .ok)
        #expect(upstream.log.searches.count == 2)
    }
}
