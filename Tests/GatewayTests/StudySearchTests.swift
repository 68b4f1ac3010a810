import Catalog
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

    /// Three studies that differ in everything that can be searched for.
    private static let entries: [StudyEntry] = {
        var first = Sample.study(uid: "1.1", name: "Smith^John^Q")
        first.set(.issuerOfPatientID, "HOSP")
        first.set(.institutionName, "Saint Mary's Hospital")
        var second = Sample.study(uid: "1.2", name: "Müller-Lüdenscheidt^Änne=山田^太郎=やまだ^たろう")
        second.set(.patientID, "MRN-22")
        second.set(.studyDate, "20260212")
        second.set(.studyDescription, "MR KNEE LEFT")
        second.set(.accessionNumber, "B-1")
        second.set(.referringPhysicianName, "O'Brien^Pat")
        var third = Sample.study(uid: "1.3", name: "Smithers^Waylon")
        third.set(.patientID, "X-9")
        third.set(.studyDate, "20251231")
        third.set(.studyTime, "")
        third.set(.studyDescription, "")
        third.set(.accessionNumber, "A-78")
        do {
            return [
                try StudyEntry(first, series: [(Sample.series(uid: "1.1.1"), 4), (Sample.series(uid: "1.1.2"), 3)]),
                try StudyEntry(second, series: [(Sample.series(uid: "1.2.1", modality: "MR"), 12)]),
                try StudyEntry(third),
            ]
        } catch {
            preconditionFailure("the entries are usable")
        }
    }()

    private static func uids(_ answer: TestResponse) -> [String] {
        answer.text.matches(of: /"key":"[a-z]+\/([0-9.]+)"/).map { String($0.output.1) }
    }

    private static func cursor(_ answer: TestResponse) -> String? {
        answer.text.firstMatch(of: /"nextCursor":"([^"]+)"/).map { String($0.output.1) }
    }

    private static func gateway(_ entries: [StudyEntry] = Self.entries) async throws -> GatewayUnderTest {
        try await GatewayUnderTest(ScriptedUpstream()).knowing(entries)
    }

    @Test("shows a study as the contract has it, with null for what nobody knows")
    func studyShape() async throws {
        let gateway = try await Self.gateway([try StudyEntry(Sample.study(), series: [(Sample.series(), 7)])])
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
                "ideographic":null,"phonetic":null},"modalities":["CT"],"seriesCount":1,"instanceCount":null,\
                "scope":"study","updatedAt":"2026-09-21T14:13:20Z","links":{"self":"\(path)",\
                "series":"\(path)/series","instances":"\(path)/instances","priors":"\(path)/priors",\
                "metadata":"\(path)/metadata","archive":"\(path)/archive",\
                "thumbnail":"\(path)/thumbnail","dicomweb":"\(Sample.dicomweb)",\
                "ohif":"\(path)/ohif"}}],"nextCursor":null,"total":1,"complete":true}
                """
        )
    }

    @Test(
        "finds by each filter what a person would type",
        arguments: [
            ("patientName=smi", ["1.1", "1.3"]), ("patientName=jo+SMI", ["1.1"]), ("patientName=smi*", ["1.1", "1.3"]),
            ("patientName=Smith,+John", ["1.1"]), ("patientName=*ith", ["1.1"]),
            ("patientName=s?ith*", ["1.1", "1.3"]),
            ("patientName=jo+*ith", ["1.1"]), ("patientName=Smith%5EJohn%5EQ", ["1.1"]),
            ("patientName=Smith%5EJohn", []), ("patientName=Smith%5E*", ["1.1"]), ("patientName=*%5EWay*", ["1.3"]),
            ("patientName=muller", ["1.2"]), ("patientName=ludensch", ["1.2"]), ("patientName=anne", ["1.2"]),
            ("patientName=%E5%B1%B1%E7%94%B0", ["1.2"]), ("patientName=%3D%E5%B1%B1%E7%94%B0%5E*", ["1.2"]),
            ("patientName=%E3%82%84%E3%81%BE", ["1.2"]), ("patientId=mrn-1", ["1.1"]),
            ("patientId=MRN-*", ["1.2", "1.1"]), ("patientId=MRN-?", ["1.1"]), ("patientId=MRN", []),
            ("issuer=hosp", ["1.1"]), ("accessionNumber=A-77", ["1.1"]), ("accessionNumber=*7?", ["1.1", "1.3"]),
            ("studyUid=1.3&studyUid=1.2", ["1.2", "1.3"]), ("studyUid=1.9", []), ("modality=MR", ["1.2"]),
            ("modality=mr&modality=CT", ["1.2", "1.1"]), ("modality=RTSTRUCT", []),
            ("from=2026-01-01", ["1.2", "1.1"]), ("to=2026-01-05", ["1.1", "1.3"]),
            ("from=2026-01-05&to=2026-01-05", ["1.1"]), ("description=kne", ["1.2"]), ("description=left+mr", ["1.2"]),
            ("description=*NEE", ["1.2"]), ("referringPhysician=obri", ["1.2"]),
            ("referringPhysician=Lee%5EAnn", ["1.1", "1.3"]),
            ("institution=mary", ["1.1"]), ("q=smith+chest", ["1.1"]), ("q=smi*", ["1.1", "1.3"]), ("q=B-1", ["1.2"]),
            ("q=hosp", ["1.1"]), ("q=nobody", []), ("updatedSince=2026-09-21T14:13:20Z", ["1.2", "1.1", "1.3"]),
            ("updatedSince=2026-09-21T16:13:21%2B02:00", []), ("patientName=smi&modality=MR", []),
        ]
    )
    func filters(query: String, expected: [String]) async throws {
        let answer = try await Self.gateway().request(.get, "\(Self.path)?\(query)")
        #expect(answer.status == .ok)
        #expect(Self.uids(answer) == expected)
        #expect(answer.text.contains(#""total":\#(expected.count),"complete":true"#))
    }

    @Test(
        "puts them in each order",
        arguments: [
            ("-date", ["1.2", "1.1", "1.3"]), ("date", ["1.3", "1.1", "1.2"]), ("patientName", ["1.2", "1.1", "1.3"]),
            ("-patientName", ["1.3", "1.1", "1.2"]),
        ]
    )
    func orders(sort: String, expected: [String]) async throws {
        let gateway = try await Self.gateway()
        #expect(Self.uids(try await gateway.request(.get, "\(Self.path)?sort=\(sort)")) == expected)
    }

    @Test("the newest change is first or last, as asked")
    func orderOfChanges() async throws {
        let gateway = try await Self.gateway()
        let up = Self.uids(try await gateway.request(.get, "\(Self.path)?sort=updatedAt"))
        let down = Self.uids(try await gateway.request(.get, "\(Self.path)?sort=-updatedAt"))
        #expect(Set(up) == ["1.1", "1.2", "1.3"])
        #expect(up == down.reversed())
    }

    @Test(
        "refuses what makes no sense, with a reason",
        arguments: [
            "store=radiology", "PatientName=x", "patientName=", "patientName=*", "patientName=%3F+*", "patientName=+",
            "patientName=,", "patientName=%5E", "patientName=*%5E*", "patientId=", "patientId=*", "issuer=",
            "accessionNumber=?*", "studyUid=abc", "studyUid=1..2", "studyUid=1.2.*", "studyUid=1.1&studyUid=",
            "modality=", "modality=C*", "modality=CT/MR", "modality=ABCDEFGHIJKLMNOPQ", "from=20260105",
            "from=2026-02-30", "to=2026-13-01", "from=2026-02-02&to=2026-02-01", "limit=0", "limit=201", "limit=ten",
            "limit=-1", "limit=1000000000", "limit=5&limit=6", "patientName=a&patientName=b", "cursor=xyz", "cursor=",
            "patientId=%ZZ", "patientId=%C3%28", "patientId=a%00b", "patientId=a%5Cb", "sort=colour", "sort=", "q=",
            "q=s*th", "q=%3F", "updatedSince=2026-01-05", "updatedSince=now", "updatedSince=2026-02-30T00:00:00Z",
            "updatedSince=2026-01-05T24:00:00Z", "updatedSince=2026-01-05T10:00:00+02:00", "total=all",
            "include=instances", "include=", "description=", "institution=*",
            "patientId=\(String(repeating: "a", count: 800))",
            "patientName=\(Array(repeating: "a", count: 17).joined(separator: "+"))",
        ]
    )
    func refusals(query: String) async throws {
        let answer = try await Self.gateway([]).request(.get, "\(Self.path)?\(query)")
        #expect(answer.status == .badRequest)
        #expect(try answer.problem().detail != nil)
    }

    @Test("more patterns than one search may have are refused")
    func manyPatterns() async throws {
        let words = Array(repeating: "a?b", count: 16).joined(separator: "+")
        let query = "patientName=\(words)&description=\(words)&institution=x"
        let answer = try await Self.gateway([]).request(.get, "\(Self.path)?\(query)")
        #expect(answer.status == .badRequest)
    }

    @Test("names the known parameters to who uses another")
    func knownParametersAreNamed() async throws {
        let answer = try await Self.gateway([]).request(.get, "\(Self.path)?colour=red")
        let detail = try #require(try answer.problem().detail)
        for name in StudySearch.known { #expect(detail.contains(name)) }
    }

    @Test("a store that is not indexed to its end is said to be incomplete")
    func incomplete() async throws {
        let gateway = try GatewayUnderTest(ScriptedUpstream())
        try await gateway.parts.catalog.prepare()
        let answer = try await gateway.request(.get, Self.path)
        #expect(answer.text == #"{"items":[],"nextCursor":null,"total":null,"complete":false}"#)
    }

    @Test("lists the series of each study where they are asked for")
    func series() async throws {
        let answer = try await Self.gateway().request(.get, "\(Self.path)?include=series&studyUid=1.2")
        #expect(answer.text.contains(#""series":[{"uid":"1.2.1","study":"1.2","modality":"MR""#))
        let bare = try await Self.gateway().request(.get, "\(Self.path)?studyUid=1.2")
        #expect(!bare.text.contains(#""series":["#))
    }

    @Test("links to the next page, with the filters as they came")
    func links() async throws {
        let gateway = try await Self.gateway()
        let query = "limit=2&patientName=smi%20s&modality=CT&modality=SR"
        let first = try await gateway.request(.get, "\(Self.path)?limit=1&patientName=smi")
        let link = try #require(first.headers[values: .known("Link")].first)
        let match = try #require(link.firstMatch(of: /^<(.+)>; rel="next"$/))
        #expect(match.output.1.hasPrefix("\(Self.path)?limit=1&patientName=smi&cursor="))
        let next = try await gateway.request(.get, String(match.output.1))
        #expect(Self.uids(first) + Self.uids(next) == ["1.1", "1.3"])
        #expect(next.text.contains(#""nextCursor":null,"total":2"#))
        #expect(next.headers[values: .known("Link")].isEmpty)
        #expect(try await gateway.request(.get, "\(Self.path)?\(query)").status == .ok)
    }

    @Test(
        "answers 304 to who has the page, and not when a study has come",
        arguments: ["", "?limit=1", "?include=series"]
    )
    func notModified(query: String) async throws {
        let gateway = try await Self.gateway()
        let first = try await gateway.request(.get, "\(Self.path)\(query)")
        var headers = GatewayUnderTest.bearer
        headers[.ifNoneMatch] = first.headers[.eTag]
        #expect(try await gateway.request(.get, "\(Self.path)\(query)", headers: headers).status == .notModified)
        let more = Self.entries + [try StudyEntry(Sample.study(uid: "1.4"))]
        let fuller = try await gateway.knowing(more)
        #expect(try await fuller.request(.get, "\(Self.path)\(query)", headers: headers).status == .ok)
    }

    @Test("pages in every order until nothing is left", arguments: ["date", "-date", "patientName", "-updatedAt"])
    func paging(sort: String) async throws {
        let entries = try (1...7).map { try StudyEntry(Sample.study(uid: "1.2.\($0)", name: "N\($0 / 3)")) }
        let gateway = try await Self.gateway(entries)
        var uids: [String] = []
        var cursor: String?
        repeat {
            let next = cursor.map { "&cursor=\($0)" } ?? ""
            let answer = try await gateway.request(.get, "\(Self.path)?limit=3&sort=\(sort)\(next)")
            #expect(answer.status == .ok)
            uids += Self.uids(answer)
            cursor = Self.cursor(answer)
        } while cursor != nil
        #expect(uids.count == 7)
        #expect(Set(uids).count == 7)
    }

    @Test("a cursor does not show where it leads")
    func opaqueCursor() async throws {
        let answer = try await Self.gateway().request(.get, "\(Self.path)?limit=1&sort=patientName")
        let cursor = try #require(Self.cursor(answer))
        #expect(!cursor.contains("bXVsbGVy"))
        #expect(cursor.count < 200)
    }

    @Test("a cursor that was changed, or is of another search or order, is refused; another page size is not")
    func foreignCursor() async throws {
        let gateway = try await Self.gateway()
        let query = "patientName=smi&sort=patientName"
        let cursor = try #require(Self.cursor(try await gateway.request(.get, "\(Self.path)?limit=1&\(query)")))
        for other in [
            "patientName=smit&sort=patientName", "patientName=smi", "sort=patientName", "\(query)&modality=CT",
        ] {
            let answer = try await gateway.request(.get, "\(Self.path)?limit=1&\(other)&cursor=\(cursor)")
            #expect(answer.status == .badRequest)
        }
        for index in cursor.indices.dropLast() {
            var changed = cursor
            changed.replaceSubrange(index...index, with: cursor[index] == "A" ? "B" : "A")
            let answer = try await gateway.request(.get, "\(Self.path)?limit=1&\(query)&cursor=\(changed)")
            #expect(answer.status == .badRequest, "\(changed)")
        }
        let larger = try await gateway.request(.get, "\(Self.path)?limit=9&\(query)&cursor=\(cursor)&total=exact")
        #expect(Self.uids(larger) == ["1.3"])
    }

    @Test("a cursor leads on where studies came and went meanwhile")
    func stableCursor() async throws {
        let gateway = try await Self.gateway()
        let first = try await gateway.request(.get, "\(Self.path)?limit=1")
        let cursor = try #require(Self.cursor(first))
        #expect(Self.uids(first) == ["1.2"])
        var newest = Sample.study(uid: "1.4")
        newest.set(.studyDate, "20270101")
        let changed = try await gateway.knowing([Self.entries[0], Self.entries[2], try StudyEntry(newest)])
        let next = try await changed.request(.get, "\(Self.path)?limit=9&cursor=\(cursor)")
        #expect(Self.uids(next) == ["1.1", "1.3"])
    }
}
