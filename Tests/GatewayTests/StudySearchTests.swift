import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import Gateway

@Suite("GET /api/v1/stores/{store}/studies")
struct StudySearchTests {
    private static let path = "/api/v1/stores/radiology/studies"

    @Test("shows a study as the contract has it, with null for what nobody knows")
    func studyShape() async throws {
        let gateway = try GatewayUnderTest(ScriptedUpstream(search: { _ in [Sample.study()] }))
        let answer = try await gateway.request(.get, Self.path)
        #expect(answer.status == .ok)
        let path = Sample.studyPath
        #expect(
            answer.text == """
                {"items":[{"key":"radiology/\(Sample.study)","uid":"\(Sample.study)","store":"radiology",\
                "patient":{"id":"MRN-1","issuer":null,"name":{"display":"Smith, John Q","family":"Smith",\
                "given":"John","ideographic":null,"phonetic":null},"birthDate":"1970-01-01","sex":"M"},\
                "date":"2026-01-05","time":"10:30:00","timezoneOffset":null,"description":"CT CHEST",\
                "accessionNumber":"A-77","referringPhysician":{"display":"Lee, Ann","family":"Lee","given":"Ann",\
                "ideographic":null,"phonetic":null},"modalities":null,"seriesCount":null,"instanceCount":null,\
                "scope":"study","updatedAt":null,"links":{"self":"\(path)","series":"\(path)/series",\
                "instances":"\(path)/instances","metadata":"\(path)/metadata","archive":"\(path)/archive",\
                "dicomweb":"\(Sample.dicomweb)"}}],"nextCursor":null,"total":1,"complete":true}
                """
        )
    }

    @Test("asks the upstream for what it can search, for the caller, as a reader")
    func query() async throws {
        let upstream = ScriptedUpstream(search: { _ in [] })
        let gateway = try GatewayUnderTest(upstream)
        let answer = try await gateway.request(
            .get,
            "\(Self.path)?patientName=smi+jo*&patientId=MRN-1&accessionNumber=A%2D77&studyUid=1.2"
                + "&referringPhysician=Lee%5EAnn&from=2026-01-05&to=2026-02-28&limit=10"
        )
        #expect(answer.status == .ok)
        let search = try #require(upstream.log.searches.first)
        #expect(
            search.matches == [
                UpstreamSearch.Match(.patientName, "smi jo"), UpstreamSearch.Match(.patientID, "MRN-1"),
                UpstreamSearch.Match(.accessionNumber, "A-77"),
                UpstreamSearch.Match(.referringPhysicianName, "Lee^Ann"),
                UpstreamSearch.Match(.studyInstanceUID, "1.2"), UpstreamSearch.Match(.studyDate, "20260105-20260228"),
            ]
        )
        #expect(search.isFuzzy)
        #expect(search.limit == 11)
        #expect(upstream.log.calls == [UpstreamCall(tier: .read, principal: .administrator)])
    }

    @Test(
        "a name with a caret is matched whole, words are matched as beginnings",
        arguments: [
            ("Smith%5EJohn", "Smith^John", false), ("smith", "smith", true), ("smi*", "smi", true),
            ("%E5%B1%B1%E7%94%B0", "山田", true),
        ]
    )
    func patientName(encoded: String, value: String, isFuzzy: Bool) async throws {
        let upstream = ScriptedUpstream(search: { _ in [] })
        _ = try await GatewayUnderTest(upstream).request(.get, "\(Self.path)?patientName=\(encoded)")
        #expect(upstream.log.searches.first?.matches == [UpstreamSearch.Match(.patientName, value)])
        #expect(upstream.log.searches.first?.isFuzzy == isFuzzy)
    }

    @Test(
        "refuses what it cannot do and asks the upstream nothing",
        arguments: [
            "modality=CT", "sort=-date", "q=x", "store=radiology", "PatientName=x", "patientName=", "patientName=*",
            "patientName=s*ith", "patientName=%3F",
            "patientId=", "patientId=MRN-*", "studyUid=abc", "studyUid=1..2", "from=20260105", "from=2026-02-30",
            "from=2026-02-02&to=2026-02-01", "limit=0", "limit=201", "limit=ten", "limit=-1", "limit=5&limit=6",
            "cursor=xyz", "patientId=%ZZ", "patientId=%C3%28", "patientId=a%00b", "patientId=a%5Cb",
        ]
    )
    func refusals(query: String) async throws {
        let upstream = ScriptedUpstream(search: { _ in [] })
        let answer = try await GatewayUnderTest(upstream).request(.get, "\(Self.path)?\(query)")
        #expect(answer.status == .badRequest)
        #expect(try answer.problem().detail != nil)
        #expect(upstream.log.searches.isEmpty)
    }

    @Test("names the known parameters to who uses another")
    func knownParametersAreNamed() async throws {
        let answer = try await GatewayUnderTest(ScriptedUpstream()).request(.get, "\(Self.path)?colour=red")
        let detail = try #require(try answer.problem().detail)
        for name in ["patientName", "patientId", "accessionNumber", "studyUid", "from", "to", "limit", "cursor"] {
            #expect(detail.contains(name))
        }
        #expect(!detail.contains("modality"))
    }

    @Test("says of what needs the index that it is not yet available", arguments: StudySearch.notYetAvailable)
    func notYetAvailable(name: String) async throws {
        let answer = try await GatewayUnderTest(ScriptedUpstream()).request(.get, "\(Self.path)?\(name)=CT")
        let detail = try #require(try answer.problem().detail)
        #expect(answer.status == .badRequest)
        #expect(detail.contains("not yet available"))
        #expect(detail.contains(name))
    }

    @Test("a server with wildcards is asked with them")
    func wildcards() async throws {
        let upstream = ScriptedUpstream(search: { _ in [] })
        let gateway = try GatewayUnderTest(stores: ["orthanc": upstream], kind: .dicomweb)
        _ = try await gateway.request(.get, "/api/v1/stores/orthanc/studies?patientName=smi+jo")
        let search = try #require(upstream.log.searches.first)
        #expect(search.matches == [UpstreamSearch.Match(.patientName, "smi*^jo*")])
        #expect(!search.isFuzzy)
    }

    @Test("shows the counts and modalities that a server gives by itself")
    func givenCounts() async throws {
        var study = Sample.study()
        study.set(.modalitiesInStudy, values: [.string("SR"), .string("CT")])
        study.set(.numberOfStudyRelatedSeries, 2)
        study.set(.numberOfStudyRelatedInstances, 7)
        let given = study
        let gateway = try GatewayUnderTest(ScriptedUpstream(search: { _ in [given] }))
        let answer = try await gateway.request(.get, Self.path)
        #expect(answer.text.contains(#""modalities":["CT","SR"],"seriesCount":2,"instanceCount":7"#))
    }

    @Test("links to the next page, and counts when the end is seen")
    func links() async throws {
        let all = (1...3).map { Sample.study(uid: "1.2.\($0)") }
        let gateway = try GatewayUnderTest(
            ScriptedUpstream(search: { Array(all.dropFirst($0.offset).prefix($0.limit)) })
        )
        let first = try await gateway.request(.get, "\(Self.path)?limit=2&patientId=a%20b")
        let link = try #require(first.headers[values: .known("Link")].first)
        #expect(first.text.contains(#""total":null,"complete":true"#))
        let match = try #require(link.firstMatch(of: /^<(.+)>; rel="next"$/))
        let next = try await gateway.request(.get, String(match.output.1))
        #expect(match.output.1.hasPrefix("\(Self.path)?limit=2&patientId=a%20b&cursor="))
        #expect(next.text.contains(#""nextCursor":null,"total":3,"complete":true"#))
        #expect(next.headers[values: .known("Link")].isEmpty)
    }

    @Test("a server that gives fewer than were asked for is asked on, until nothing comes")
    func cappingServer() async throws {
        let all = (1...7).map { Sample.study(uid: "1.2.\($0)") }
        let gateway = try GatewayUnderTest(
            ScriptedUpstream(search: { Array(all.dropFirst($0.offset).prefix(min($0.limit, 2))) })
        )
        let whole = try await gateway.request(.get, Self.path)
        #expect(whole.text.matches(of: /"uid":"([0-9.]+)"/).count == 7)
        #expect(whole.text.contains(#""nextCursor":null,"total":7"#))
        let part = try await gateway.request(.get, "\(Self.path)?limit=5")
        #expect(part.text.matches(of: /"uid":"([0-9.]+)"/).count == 5)
        #expect(!part.text.contains(#""nextCursor":null"#))
    }

    @Test("what the upstream's offset cannot reach is said to be missing")
    func offsetEnd() async throws {
        let cursor = ListCursor(store: 0, offset: ListCursor.offsetMax, shown: ListCursor.offsetMax)
        let text = cursor.text(of: "radiology\n\n")
        let gateway = try GatewayUnderTest(
            ScriptedUpstream(search: { search in
                (0..<search.limit).map { Sample.study(uid: "1.2.\(search.offset + $0)") }
            })
        )
        let answer = try await gateway.request(.get, "\(Self.path)?limit=1&cursor=\(text)")
        #expect(answer.status == .ok)
        #expect(answer.text.contains(#""nextCursor":null,"total":null,"complete":false"#))
    }

    @Test("pages with a cursor until nothing is left")
    func paging() async throws {
        let all = (1...7).map { Sample.study(uid: "1.2.\($0)") }
        let upstream = ScriptedUpstream(search: { search in
            Array(all.dropFirst(search.offset).prefix(search.limit))
        })
        let gateway = try GatewayUnderTest(upstream)
        var uids: [String] = []
        var cursor: String?
        repeat {
            let next = cursor.map { "&cursor=\($0)" } ?? ""
            let answer = try await gateway.request(.get, "\(Self.path)?limit=3&patientId=P\(next)")
            #expect(answer.status == .ok)
            uids += answer.text.matches(of: /"uid":"([0-9.]+)"/).map { String($0.output.1) }
            cursor = answer.text.firstMatch(of: /"nextCursor":"([^"]+)"/).map { String($0.output.1) }
        } while cursor != nil
        #expect(uids == (1...7).map { "1.2.\($0)" })
        // The last page is one study short, so it is asked whether there is more.
        #expect(upstream.log.searches.map(\.offset) == [0, 3, 6, 7])
    }

    @Test("a cursor of another search is refused")
    func foreignCursor() async throws {
        let upstream = ScriptedUpstream(search: { _ in [Sample.study(uid: "1.1"), Sample.study(uid: "1.2")] })
        let gateway = try GatewayUnderTest(upstream)
        let first = try await gateway.request(.get, "\(Self.path)?limit=1&patientId=P")
        let match = try #require(first.text.firstMatch(of: /"nextCursor":"([^"]+)"/))
        let cursor = match.output.1
        let other = try await gateway.request(.get, "\(Self.path)?limit=1&patientId=Q&cursor=\(cursor)")
        #expect(other.status == .badRequest)
        for index in cursor.indices {
            var changed = cursor
            changed.replaceSubrange(index...index, with: cursor[index] == "A" ? "B" : "A")
            let answer = try await gateway.request(.get, "\(Self.path)?limit=1&patientId=P&cursor=\(changed)")
            #expect(answer.status == .badRequest, "\(changed)")
        }
        let same = try await gateway.request(.get, "\(Self.path)?limit=1&patientId=P&cursor=\(cursor)")
        #expect(same.status == .ok)
    }

    @Test("a study without a usable UID is the upstream's fault and not left out")
    func unusableStudy() async throws {
        let gateway = try GatewayUnderTest(
            ScriptedUpstream(search: { _ in [Sample.study(), Sample.study(uid: "not a uid")] })
        )
        let answer = try await gateway.request(.get, Self.path)
        #expect(answer.status == .badGateway)
    }
}
