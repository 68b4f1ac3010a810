import Catalog
import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import Gateway

@Suite("GET …/series and …/instances")
struct SeriesTests {
    private static let seriesPath = "\(Sample.studyPath)/series/\(Sample.series)"

    /// Two series, of which one has two slices and a report; filters work as an upstream's do.
    private static let upstream = ScriptedUpstream(search: { search in
        guard search.offset == 0, case .instances = search.scope else { return [] }
        var report = Sample.instance(uid: "1.9.1", series: "1.9")
        report.set(.sopClassUID, "1.2.840.10008.5.1.4.1.1.88.33")
        report.remove(.rows)
        report.remove(.columns)
        let found = [Sample.instance(uid: "1.7.2", number: 2), report, Sample.instance(uid: "1.7.1")]
        return found.filter { set in search.matches.allSatisfy { set.string($0.tag) == $0.value } }
    })

    private let gateway: GatewayUnderTest

    init() async throws {
        var first = Sample.series()
        first.set(.seriesDescription, "LUNG")
        first.set(.seriesDate, "20260105")
        first.set(.laterality, "L")
        let report = Sample.series(uid: "1.9", modality: "SR", number: 2)
        self.gateway = try await GatewayUnderTest(Self.upstream)
            .knowing([try StudyEntry(Sample.study(), series: [(report, 1), (first, 2)])])
    }

    private static func uids(_ answer: TestResponse) -> [String] {
        answer.text.matches(of: /"uid":"([0-9.]+)"/).map { String($0.output.1) }
    }

    @Test("lists the series in the order of their numbers, with their counts")
    func series() async throws {
        let answer = try await self.gateway.request(.get, "\(Sample.studyPath)/series")
        let path = Self.seriesPath
        #expect(answer.status == .ok)
        #expect(
            answer.text.hasPrefix(
                """
                {"items":[{"uid":"\(Sample.series)","study":"\(Sample.study)","modality":"CT","number":1,\
                "description":"LUNG","date":"2026-01-05","bodyPart":null,"laterality":"L","instanceCount":2,\
                "links":{"self":"\(path)","study":"\(Sample.studyPath)","instances":"\(path)/instances",\
                "metadata":"\(path)/metadata","archive":"\(path)/archive",\
                "thumbnail":"\(path)/thumbnail","rendered":null,\
                "dicomweb":"\(Sample.dicomweb)/series/\(Sample.series)"}},
                """
            )
        )
        #expect(Self.uids(answer) == [Sample.series, "1.9"])
        #expect(answer.text.hasSuffix(#"],"nextCursor":null}"#))
    }

    @Test("shows one series, and its instances where they are asked for")
    func oneSeries() async throws {
        let bare = try await self.gateway.request(.get, Self.seriesPath)
        #expect(Self.uids(bare) == [Sample.series])
        let whole = try await self.gateway.request(.get, "\(Self.seriesPath)?include=instances")
        #expect(Self.uids(whole) == [Sample.series, "1.7.1", "1.7.2"])
        #expect(whole.text.contains(#""instanceCount":2"#))
        #expect(whole.text.contains("\"rendered\":\"\(Self.seriesPath)/instances/1.7.2/rendered\",\"dicomweb\""))
    }

    @Test("lists instances of a study and of a series, those of a series together and by number")
    func instances() async throws {
        let ofStudy = try await self.gateway.request(.get, "\(Sample.studyPath)/instances")
        #expect(Self.uids(ofStudy) == ["1.7.1", "1.7.2", "1.9.1"])
        let ofSeries = try await self.gateway.request(.get, "\(Self.seriesPath)/instances")
        #expect(Self.uids(ofSeries) == ["1.7.1", "1.7.2"])
        let path = "\(Self.seriesPath)/instances/1.7.1"
        #expect(
            ofSeries.text.hasPrefix(
                """
                {"items":[{"uid":"1.7.1","study":"\(Sample.study)","series":"\(Sample.series)",\
                "sopClassUid":"1.2.840.10008.5.1.4.1.1.2","kind":"image","number":1,"rows":512,"columns":512,\
                "bitsAllocated":null,"frames":1,"transferSyntaxUid":null,\
                "links":{"self":"\(path)","thumbnail":"\(path)/thumbnail",\
                "rendered":"\(path)/rendered","document":null,"file":"\(path)/file",\
                "metadata":"\(path)/metadata",
                """
            )
        )
    }

    @Test("shows one instance; a report has no picture")
    func oneInstance() async throws {
        let answer = try await self.gateway.request(.get, "\(Sample.studyPath)/series/1.9/instances/1.9.1")
        #expect(Self.uids(answer) == ["1.9.1"])
        #expect(answer.text.contains(#""kind":"report""#))
        #expect(answer.text.contains(#""rendered":null"#))
        #expect(answer.text.contains(#""frames":null"#))
    }

    @Test(
        "what is not there is 404",
        arguments: ["series/1.8", "series/1.8/instances", "series/1.9/instances/1.7.1", "series/1.9/instances/5"]
    )
    func missing(path: String) async throws {
        let answer = try await self.gateway.request(.get, "\(Sample.studyPath)/\(path)")
        #expect(answer.status == .notFound)
    }

    @Test("a study without anything is 404", arguments: ["series", "instances"])
    func emptyStudy(path: String) async throws {
        let gateway = try await GatewayUnderTest(ScriptedUpstream(search: { _ in [] })).knowing([])
        let answer = try await gateway.request(.get, "\(Sample.studyPath)/\(path)")
        #expect(answer.status == .notFound)
    }

    @Test("an upstream that does not filter is not believed")
    func unfiltered() async throws {
        let gateway = try await GatewayUnderTest(
            ScriptedUpstream(search: { search in
                if case .series = search.scope {
                    [Sample.series(uid: "1.1"), Sample.series(uid: "1.9")]
                } else {
                    [Sample.instance(uid: "1.7.1"), Sample.instance(uid: "1.9.1", series: "1.9")]
                }
            })
        ).knowing([try StudyEntry(Sample.study(), series: [(Sample.series(uid: "1.1"), 1)])])
        for path in ["series/1.9", "series/1.9/instances", "series/1.9/instances/1.9.1"] {
            let answer = try await gateway.request(.get, "\(Sample.studyPath)/\(path)")
            #expect(answer.status == .badGateway, "\(path)")
        }
    }

    @Test("refuses parameters and malformed identifiers", arguments: ["series?x=1", "series/a.b", "instances?limit=1"])
    func refusals(path: String) async throws {
        let answer = try await self.gateway.request(.get, "\(Sample.studyPath)/\(path)")
        #expect(answer.status == .badRequest)
    }

    @Test("answers 304 and HEAD", arguments: ["", "/series", "/instances", "/series/\(Sample.series)"])
    func conditional(path: String) async throws {
        let gateway = self.gateway
        let get = try await gateway.request(.get, Sample.studyPath + path)
        let head = try await gateway.request(.head, Sample.studyPath + path)
        #expect(head.status == .ok)
        #expect(head.headers[.eTag] == get.headers[.eTag])
        #expect(head.headers[.contentLength] == get.headers[.contentLength])
        var headers = GatewayUnderTest.bearer
        headers[.ifNoneMatch] = get.headers[.eTag]
        let again = try await gateway.request(.get, Sample.studyPath + path, headers: headers)
        #expect(again.status == .notModified)
        #expect(again.headers[.cacheControl] == "private, no-cache")
    }
}
