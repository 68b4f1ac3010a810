import Catalog
import CollimatorCore
import DICOMweb
import FoundationEssentials
import HTTPTypes
import HummingbirdTesting
import NIOCore
import Testing

@testable import Gateway

@Suite("Searches by the catalog")
struct QIDOTests {
    static let cloudRoot = "\(CloudSample.store)/dicomWeb"

    /// Three studies: Smith's CT with two series, Jones' MR of a month later, and one of old files without a date.
    static func gateway(_ upstream: ScriptedUpstream = ScriptedUpstream()) async throws -> GatewayUnderTest {
        var smith = Sample.study(uid: "1.2.1", name: "Smith^John^Q")
        smith.set(.institutionName, "St. Mary")
        var jones = Sample.study(uid: "1.2.2", name: "Jones^Änne")
        jones.set(.patientID, "MRN-2")
        jones.set(.patientBirthDate, "19850630")
        jones.set(.studyDate, "20260210")
        jones.set(.studyTime, "081500")
        jones.set(.studyDescription, "MR HEAD")
        jones.set(.referringPhysicianName, "Smithers^W")
        var old = DataSet()
        old.set(.studyInstanceUID, "1.2.3")
        old.set(.patientName, "Yamada^Tarou=山田^太郎")
        old.set(.patientID, "MRN-3")
        var first = Sample.series(uid: "1.2.1.1", modality: "CT", number: 1)
        first.set(.seriesDescription, "LUNG 1.0")
        first.set(.performedProcedureStepStartDate, "20260105")
        var request = DataSet()
        request.set(.scheduledProcedureStepID, "SPS-9")
        request.set(.requestedProcedureID, "RP-7")
        first.set(.requestAttributesSequence, items: [request])
        let second = Sample.series(uid: "1.2.1.2", modality: "SR", number: 2)
        let third = Sample.series(uid: "1.2.2.1", modality: "MR", number: 12)
        let gateway = try await GatewayUnderTest(upstream, cloud: ScriptedCloud([:])).knowing([
            try StudyEntry(smith, series: [(first, 120), (second, 1)]),
            try StudyEntry(jones, series: [(third, 40)]),
            try StudyEntry(old, series: [(Sample.series(uid: "1.2.3.1", modality: "CR", number: 1), 2)]),
        ])
        // Counts come with the study itself.
        let store = try #require(StoreName("radiology"))
        for uid in ["1.2.1", "1.2.2", "1.2.3"] {
            _ = try await gateway.parts.catalog.study(try #require(StudyUID(uid)), in: store)
        }
        return gateway
    }

    /// The rows of an answer in DICOM JSON.
    static func rows(_ answer: TestResponse) throws -> [DataSet] {
        guard answer.status == .ok else {
            #expect(answer.status == .noContent, "\(answer.text)")
            #expect(answer.body.readableBytes == 0)
            return []
        }
        #expect(answer.headers[.contentType] == "application/dicom+json")
        return try DICOMJSON.dataSets(from: Array(answer.body.readableBytesView))
    }

    @Test(
        "find studies by every form of matching, in both trees",
        arguments: [
            ("", ["1.2.2", "1.2.1", "1.2.3"]), ("PatientName=Smith*", ["1.2.1"]),
            ("PatientName=smith^john^q", ["1.2.1"]),
            ("PatientName=Smith", []), ("00100010=*ANN*", ["1.2.2"]), ("PatientName=Jones%5E%3Fnne", ["1.2.2"]),
            ("PatientName=*", ["1.2.2", "1.2.1", "1.2.3"]), ("PatientName=", ["1.2.2", "1.2.1", "1.2.3"]),
            ("PatientName=%E5%B1%B1%E7%94%B0*", ["1.2.3"]),
            ("PatientName=Yamada%5ETarou%3D%E5%B1%B1%E7%94%B0%5E*", ["1.2.3"]),
            ("PatientName=smi+jo&fuzzymatching=true", ["1.2.1"]), ("PatientName=mith&fuzzymatching=true", []),
            ("PatientID=MRN-2", ["1.2.2"]), ("StudyInstanceUID=1.2.1,1.2.3", ["1.2.1", "1.2.3"]),
            ("StudyInstanceUID=1.2.1%5C1.2.2", ["1.2.2", "1.2.1"]),
            ("StudyInstanceUID=1.2.1&0020000d=1.2.3", ["1.2.1", "1.2.3"]), ("StudyInstanceUID=1.2.9", []),
            ("StudyDate=20260105", ["1.2.1"]), ("StudyDate=20260101-20260217", ["1.2.2", "1.2.1"]),
            ("StudyDate=20260106-", ["1.2.2"]), ("StudyDate=-20260106", ["1.2.1"]), ("StudyTime=1030", ["1.2.1"]),
            ("StudyTime=07-09", ["1.2.2"]), ("PatientBirthDate=19800101-19891231", ["1.2.2"]),
            ("PatientBirthDate=19850630", ["1.2.2"]), ("ModalitiesInStudy=CT", ["1.2.1"]),
            ("ModalitiesInStudy=MR&ModalitiesInStudy=CR", ["1.2.2", "1.2.3"]),
            ("ModalitiesInStudy=MR%5CSR", ["1.2.2", "1.2.1"]),
            ("ModalitiesInStudy=C*", ["1.2.1", "1.2.3"]), ("StudyDescription=*head", ["1.2.2"]),
            ("ReferringPhysicianName=smithers*", ["1.2.2"]), ("InstitutionName=st.%20mary", ["1.2.1"]),
            ("ModalitiesInStudy=CT&PatientName=Smith*&StudyDate=20260101-20261231&includefield=all", ["1.2.1"]),
            ("PatientName=*x*&limit=101&offset=0&fuzzymatching=false&includefield=00081030,00080060", []),
            ("limit=1", ["1.2.2"]), ("limit=1&offset=1", ["1.2.1"]),
            ("limit=1000000000000000000000", ["1.2.2", "1.2.1", "1.2.3"]),
            ("offset=3", []), ("offset=1000000", []),
        ]
    )
    func studies(query: String, expected: [String]) async throws {
        let upstream = ScriptedUpstream()
        let gateway = try await Self.gateway(upstream)
        for root in ["/dicomweb/radiology", Self.cloudRoot] {
            let answer = try await gateway.request(.get, "\(root)/studies?\(query)")
            #expect(try Self.rows(answer).map { $0.string(.studyInstanceUID) } == expected, "\(root)")
        }
        #expect(upstream.log.requests.isEmpty)
    }

    @Test(
        "find series by their own and their study's attributes",
        arguments: [
            ("series", ["1.2.2.1", "1.2.1.1", "1.2.1.2", "1.2.3.1"]), ("series?Modality=CT", ["1.2.1.1"]),
            ("series?PatientName=Smith*&Modality=SR", ["1.2.1.2"]),
            ("series?ModalitiesInStudy=CT", ["1.2.1.1", "1.2.1.2"]),
            ("series?SeriesNumber=12", ["1.2.2.1"]), ("series?SeriesNumber=012", ["1.2.2.1"]),
            ("series?SeriesDescription=lung*", ["1.2.1.1"]),
            ("series?PerformedProcedureStepStartDate=20260101-", ["1.2.1.1"]),
            ("series?RequestAttributesSequence.ScheduledProcedureStepID=SPS-9", ["1.2.1.1"]),
            ("series?00400275.00400009=sps-*", ["1.2.1.1"]), ("series?RequestedProcedureID=RP-7", ["1.2.1.1"]),
            ("series?00401001=RP-8", []), ("series?SeriesInstanceUID=1.2.1.2,1.2.3.1", ["1.2.1.2", "1.2.3.1"]),
            ("studies/1.2.1/series", ["1.2.1.1", "1.2.1.2"]), ("studies/1.2.1/series?Modality=SR", ["1.2.1.2"]),
            ("studies/1.2.1/series?StudyInstanceUID=1.2.2", []), ("studies/1.2.9/series", []),
            ("series?limit=2&offset=1", ["1.2.1.1", "1.2.1.2"]),
        ]
    )
    func series(path: String, expected: [String]) async throws {
        let gateway = try await Self.gateway()
        for root in ["/dicomweb/radiology", Self.cloudRoot] {
            let answer = try await gateway.request(.get, "\(root)/\(path)")
            #expect(try Self.rows(answer).map { $0.string(.seriesInstanceUID) } == expected, "\(root)")
        }
    }

    @Test(
        "what makes no sense is 400 with words about it, in each tree's form",
        arguments: [
            ("studies?StudyInstanceUID=1.2.*", "Wildcards"), ("studies?StudyDate=2026*", "Wildcards"),
            ("studies?StudyTime=1?", "Wildcards"), ("series?SeriesNumber=1*", "Wildcards"),
            ("studies?StudyInstanceUID=x", "not a UID"), ("studies?StudyDate=20260230", "YYYYMMDD"),
            ("studies?StudyDate=2026-01-05", "YYYYMMDD"), ("studies?StudyDate=-", "YYYYMMDD"),
            ("studies?StudyDate=202601", "YYYYMMDD"), ("studies?StudyDate=20260301-20260201", "before it begins"),
            ("studies?StudyTime=2500", "HHMMSS"), ("series?SeriesNumber=one", "not a number"),
            ("studies?SOPInstanceUID=1.2", "search for studies"), ("studies?Modality=CT", "ModalitiesInStudy"),
            ("studies?PixelData=1", "search for studies"), ("studies?PatientName=Smi*&PatientName=Jo*", "list"),
            ("series?Rows=512", "search for series"), ("instances?PixelData=x", "binary"),
            ("studies?RequestAttributesSequence=x", "search for studies"),
            ("studies?RetrieveURL=x", "search for studies"),
            ("studies?00091001=x", "search for studies"), ("studies?NoSuchKeyword=x", "not known here"),
            ("studies?PatientNam=x", "not known here"), ("studies?limit=0", "from 1"), ("studies?limit=-1", "from 1"),
            ("studies?limit=x", "from 1"), ("studies?offset=1000001", "1000000"), ("studies?offset=-1", "1000000"),
            ("studies?fuzzymatching=maybe", "true or false"), ("studies?limit=1&limit=2", "more than once"),
            ("studies?PatientName=\(String(repeating: "a*b", count: 20))", "asterisks"),
        ]
    )
    func refusals(path: String, words: String) async throws {
        let upstream = ScriptedUpstream()
        let gateway = try await Self.gateway(upstream)
        let plain = try await gateway.request(.get, "/dicomweb/radiology/\(path)")
        #expect(plain.status == .badRequest)
        #expect(try plain.problem().detail?.contains(words) == true, "\(plain.text)")
        let cloud = try await gateway.request(.get, "\(Self.cloudRoot)/\(path)")
        #expect(cloud.status == .badRequest)
        #expect(cloud.text.hasPrefix(#"{"error":{"code":400,"message":""#) && cloud.text.contains(words))
        #expect(cloud.text.contains(#""status":"INVALID_ARGUMENT""#))
        #expect(upstream.log.requests.isEmpty)
    }

    @Test("a query of 100 kB is refused before it is read")
    func hugeQuery() async throws {
        let query = "PatientName=\(String(repeating: "x", count: 100_000))"
        let answer = try await Self.gateway().request(.get, "/dicomweb/radiology/studies?\(query)")
        #expect(answer.status.code == 431)
        #expect(try answer.problem().detail?.contains("longer than this service accepts") == true)
    }

    @Test("a study has what the standard requires, what was asked for, and what is worked out, and no more")
    func studyRow() async throws {
        let gateway = try await Self.gateway()
        let query = "PatientID=MRN-1&InstitutionName=&includefield=PatientAge&includefield=00080060,PatientSex"
        let answer = try await gateway.request(.get, "/dicomweb/radiology/studies?\(query)")
        let row = try #require(try Self.rows(answer).first)
        #expect(row.strings(.modalitiesInStudy) == ["CT", "SR"])
        #expect(row.integer(.numberOfStudyRelatedSeries) == 2)
        #expect(row.integer(.numberOfStudyRelatedInstances) == 121)
        #expect(row.string(.retrieveURL) == "http://localhost/dicomweb/radiology/studies/1.2.1")
        #expect(row.string(.instanceAvailability) == "ONLINE")
        #expect(row.string(.specificCharacterSet) == "ISO_IR 192")
        #expect(row.string(.institutionName) == "St. Mary")
        #expect(row.personName(.patientName)?.alphabetic == "Smith^John^Q")
        #expect(row[.patientAge] == nil)
        let plain = try Self.rows(try await gateway.request(.get, "/dicomweb/radiology/studies?PatientID=MRN-1"))
        #expect(plain.first?[.institutionName] == nil)
        let all = try await gateway.request(.get, "\(Self.cloudRoot)/studies?PatientID=MRN-1&includefield=all")
        let everything = try #require(try Self.rows(all).first)
        #expect(everything.string(.institutionName) == "St. Mary")
        #expect(everything.string(.retrieveURL) == "http://localhost\(Self.cloudRoot)/studies/1.2.1")
    }

    @Test("a series has its study's attributes where the search goes over studies, and where they are asked for")
    func seriesRow() async throws {
        let gateway = try await Self.gateway()
        let across = try #require(
            try Self.rows(try await gateway.request(.get, "/dicomweb/radiology/series?SeriesInstanceUID=1.2.1.1")).first
        )
        #expect(across.string(.patientID) == "MRN-1")
        #expect(across.integer(.numberOfSeriesRelatedInstances) == 120)
        #expect(across.string(.retrieveURL) == "http://localhost/dicomweb/radiology/studies/1.2.1/series/1.2.1.1")
        #expect(across.items(.requestAttributesSequence).first?.count == 2)
        let path = "/dicomweb/radiology/studies/1.2.1/series?Modality=CT"
        let within = try #require(try Self.rows(try await gateway.request(.get, path)).first)
        #expect(within[.patientID] == nil && within.string(.studyInstanceUID) == "1.2.1")
        let asked = try await gateway.request(
            .get,
            "\(path)&includefield=PatientID,ModalitiesInStudy&RequestAttributesSequence.RequestedProcedureID="
        )
        let row = try #require(try Self.rows(asked).first)
        #expect(row.string(.patientID) == "MRN-1")
        #expect(row.strings(.modalitiesInStudy) == ["CT", "SR"])
    }

    @Test("says how many remain, that the catalog is not complete, and what was passed over")
    func warnings() async throws {
        let gateway = try await Self.gateway()
        func warnings(_ path: String) async throws -> [String] {
            try await gateway.request(.get, path).headers[values: .warning]
        }
        let root = "/dicomweb/radiology"
        #expect(try await warnings("\(root)/studies?limit=3") == [])
        let remaining = #"299 collimator: "There are 2 additional results that can be requested""#
        #expect(try await warnings("\(root)/studies?limit=1") == [remaining])
        #expect(try await warnings("\(Self.cloudRoot)/studies?limit=1&PatientName=*") == [remaining])
        #expect(try await warnings("\(root)/studies?limit=1&offset=2") == [])
        #expect(try await warnings("\(root)/series?limit=1").first?.contains("Additional results can be") == true)
        #expect(
            try await warnings("\(root)/studies?colour=red&access_token=x&includefield=NoSuchKeyword") == [
                #"299 collimator: "Parameters that are no DICOM attributes were ignored.""#,
                Self.fieldIgnored,
            ]
        )
        #expect(try await warnings("\(root)/studies?includefield=BodyPartExamined") == [Self.fieldIgnored])
        #expect(try await warnings("\(root)/series?includefield=Rows") == [Self.fieldIgnored])
        #expect(try await warnings("\(root)/studies?includefield=StudyID,00201206,ProcedureCodeSequence") == [])
        #expect(try await warnings("\(root)/series?includefield=Modality,PatientSex,StudyDescription") == [])
        #expect(
            try await warnings("\(root)/studies?PatientName=Smi*&fuzzymatching=true").first?.contains("fuzzymatching")
                == true
        )
        let unwalked = try GatewayUnderTest(ScriptedUpstream())
        try await unwalked.parts.catalog.prepare()
        let empty = try await unwalked.request(.get, "\(root)/studies")
        #expect(empty.status == .noContent)
        #expect(empty.headers[values: .warning].first?.contains("not complete yet") == true)
    }

    private static let fieldIgnored =
        #"299 collimator: "Fields that are not known here, or not at this level, were ignored.""#

    @Test("answers in the media type that is accepted, with a tag for JSON and 304")
    func media() async throws {
        let gateway = try await Self.gateway()
        let path = "/dicomweb/radiology/studies"
        func get(_ accept: String, _ query: String = "") async throws -> TestResponse {
            try await gateway.request(.get, path + query, headers: GatewayUnderTest.bearer.with(.accept, accept))
        }
        let json = try await get("application/dicom+json")
        let tag = try #require(json.headers[.eTag])
        #expect(json.headers[.vary]?.contains("Accept") == true)
        #expect(json.headers[.cacheControl] == "private, no-cache")
        let again = try await gateway.request(
            .get,
            path,
            headers: GatewayUnderTest.bearer.with(.ifNoneMatch, tag)
        )
        #expect(again.status == .notModified && again.body.readableBytes == 0)
        let plain = try await get("application/json")
        #expect(plain.headers[.contentType] == "application/json")
        #expect(plain.text == json.text && plain.headers[.eTag] != tag)
        for (accept, query) in [
            (#"multipart/related; type="application/dicom+xml""#, ""),
            ("text/html", "?accept=multipart/related;type=%22application/dicom%2Bxml%22"),
        ] {
            let xml = try await get(accept, query)
            #expect(xml.headers[.contentType]?.hasPrefix(#"multipart/related; type="application/dicom+xml""#) == true)
            #expect(xml.text.components(separatedBy: "<NativeDicomModel").count == 4)
            #expect(xml.headers[.eTag] == nil)
        }
        let mixed = try await get(#"multipart/related; type="application/dicom+xml"; q=0.1, */*;q=0.5"#)
        #expect(mixed.headers[.contentType] == "application/dicom+json")
        #expect(try await get("image/png").status == .notAcceptable)
        let head = try await gateway.request(.head, path)
        #expect(head.status == .ok && head.body.readableBytes == 0)
        #expect(head.headers[.eTag] == tag)
    }

    @Test("pages by offset come to the end without gaps or repeats")
    func paging() async throws {
        let entries = try (0..<1_234).map { number in
            try StudyEntry(Sample.study(uid: "1.3.\(number)"), series: [(Sample.series(uid: "1.3.\(number).1"), 1)])
        }
        let gateway = try await GatewayUnderTest(ScriptedUpstream()).knowing(entries)
        var seen: [String] = []
        while true {
            let path = "/dicomweb/radiology/studies?PatientName=smith*&limit=600&offset=\(seen.count)"
            let page = try Self.rows(try await gateway.request(.get, path))
            guard !page.isEmpty else { break }
            seen += page.compactMap { $0.string(.studyInstanceUID) }
        }
        #expect(seen.count == 1_234 && Set(seen).count == 1_234)
        let all = try Self.rows(try await gateway.request(.get, "/dicomweb/radiology/studies"))
        #expect(all.count == 1_234)
        #expect(all.compactMap { $0.string(.studyInstanceUID) } == seen)
        let few = try Self.rows(
            try await GatewayUnderTest(ScriptedUpstream(), cloud: ScriptedCloud([:])).knowing(entries).request(
                .get,
                "\(Self.cloudRoot)/studies"
            )
        )
        #expect(few.count == 100)
    }
}
