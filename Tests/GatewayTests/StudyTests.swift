import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import Gateway

@Suite("GET /api/v1/stores/{store}/studies/{study}")
struct StudyTests {
    /// One study with a CT series of three slices and a report.
    private static func search(_ search: UpstreamSearch) -> [DataSet] {
        switch search.scope {
        case .studies: [Sample.study()]
        case .series:
            [Sample.series(uid: "1.9", modality: "SR", number: 2), Sample.series()]
        case .instances:
            [
                Sample.instance(uid: "1.7.3", number: 3), Sample.instance(uid: "1.7.1", number: 1),
                Sample.instance(uid: "1.9.1", series: "1.9"), Sample.instance(uid: "1.7.2", number: 2),
            ]
        case .allSeries, .allInstances: []
        }
    }

    @Test("counts series and names modalities, and leaves the instances uncounted unless asked")
    func summary() async throws {
        let upstream = ScriptedUpstream(search: { Self.search($0) })
        let answer = try await GatewayUnderTest(upstream).request(.get, Sample.studyPath)
        #expect(answer.status == .ok)
        #expect(answer.text.contains(#""modalities":["CT","SR"],"seriesCount":2,"instanceCount":null"#))
        #expect(!answer.text.contains(#""series":["#))
        #expect(!upstream.log.searches.contains { $0.scope != .studies && $0.limit == 1 })
    }

    @Test("lists series and instances in the order of their numbers")
    func included() async throws {
        let gateway = try GatewayUnderTest(ScriptedUpstream(search: { Self.search($0) }))
        let answer = try await gateway.request(.get, "\(Sample.studyPath)?include=series,instances")
        #expect(answer.status == .ok)
        #expect(answer.text.contains(#""instanceCount":4,"scope""#))
        let uids = answer.text.matches(of: /"uid":"([0-9.]+)"/).map { String($0.output.1) }
        #expect(uids == [Sample.study, Sample.series, "1.7.1", "1.7.2", "1.7.3", "1.9", "1.9.1"])
        #expect(answer.text.contains("/series/\(Sample.series)/instances/1.7.1/rendered"))
    }

    @Test("an unknown study is 404")
    func unknown() async throws {
        let gateway = try GatewayUnderTest(ScriptedUpstream(search: { _ in [] }))
        let answer = try await gateway.request(.get, Sample.studyPath)
        #expect(answer.status == .notFound)
    }

    @Test("another study than the one asked for is the upstream's fault")
    func wrongStudy() async throws {
        let gateway = try GatewayUnderTest(
            ScriptedUpstream(search: { search in search.scope == .studies ? [Sample.study(uid: "9.9")] : [] })
        )
        let answer = try await gateway.request(.get, Sample.studyPath)
        #expect(answer.status == .badGateway)
    }

    @Test("refuses what it does not know", arguments: ["include=pixels", "include=", "include=series,", "x=1"])
    func refusals(query: String) async throws {
        let gateway = try GatewayUnderTest(ScriptedUpstream(search: { Self.search($0) }))
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
        let gateway = try GatewayUnderTest(
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
        let all = (0..<7).map { Sample.instance(uid: "1.7.\($0)", number: $0) }
        let gateway = try GatewayUnderTest(
            ScriptedUpstream(search: { search in
                guard case .instances = search.scope else { return search.offset > 0 ? [] : Self.search(search) }
                return Array(all.dropFirst(search.offset).prefix(3))
            })
        )
        let answer = try await gateway.request(.get, "\(Sample.studyPath)?include=instances")
        #expect(answer.text.contains(#""instanceCount":7,"scope""#))
    }

    @Test("a server without an offset, which gives everything each time, is not asked for ever")
    func noOffset() async throws {
        let upstream = ScriptedUpstream(search: { Self.search($0) })
        let answer = try await GatewayUnderTest(upstream).request(.get, "\(Sample.studyPath)?include=instances")
        #expect(answer.status == .ok)
        #expect(upstream.log.searches.count == 5)
    }
}
