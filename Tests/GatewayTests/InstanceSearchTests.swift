import Catalog
import CollimatorCore
import DICOMweb
import HTTPTypes
import HummingbirdTesting
import Testing

@testable import Gateway

@Suite("Searches for instances")
struct InstanceSearchTests {
    /// A store that gives the instances of any series by pages: ten, numbered, every other one of 256 rows.
    private static func store() -> ScriptedUpstream {
        ScriptedUpstream(exchange: { request in
            let items = try QueryParameters(parsing: request.query)
            let (limit, offset) = (items.values("limit").first ?? "10", items.values("offset").first ?? "0")
            let segments = request.path.split(separator: "/")
            let series = segments.count > 3 ? String(segments[3]) : Sample.series
            let rows = (1...10).map { number in
                var instance = Sample.instance(uid: "\(series).\(number)", series: series, number: number)
                instance.set(.rows, number % 2 == 0 ? 256 : 512)
                instance.set(.retrieveURL, "\(ScriptedUpstream.root)/studies/x")
                return instance
            }
            let page = rows.dropFirst(Int(offset) ?? 0).prefix(Int(limit) ?? 0)
            return .chunks([String(decoding: DICOMJSON.encode(Array(page)), as: UTF8.self)])
        })
    }

    @Test(
        "what the store can match goes there and nothing else of the query",
        arguments: [
            (
                "instances?PatientName=Smith%5EJohn&00100020=M%26x&limit=5&includefield=all&access_token=t&alt=media",
                "instances?PatientName=Smith%5EJohn&PatientID=M%26x&includefield=all&limit=5"
            ),
            (
                "studies/1.2.1/instances?StudyDate=20260101-20260105",
                "studies/1.2.1/instances?StudyDate=20260101-20260105&limit=50000"
            ),
            (
                "studies/1.2.1/series/1.2.1.1/instances?limit=1000000000&offset=3",
                "studies/1.2.1/series/1.2.1.1/instances?limit=5000&offset=3"
            ),
            (
                "instances?SOPInstanceUID=1.2&includefield=NumberOfStudyRelatedInstances,RequestAttributesSequence.00400009",
                "instances?SOPInstanceUID=1.2&includefield=RequestAttributesSequence"
            ),
        ]
    )
    func passedOn(path: String, asked: String) async throws {
        let upstream = Self.store()
        let answer = try await QIDOTests.gateway(upstream).request(.get, "/dicomweb/radiology/\(path)")
        #expect(answer.status == .ok, "\(answer.text)")
        #expect(!answer.text.contains("upstream.test"))
        let request = try #require(upstream.log.requests.first)
        let query = Set((request.query ?? "").split(separator: "&"))
        #expect(request.path == asked.split(separator: "?")[0])
        #expect(query == Set(asked.split(separator: "?")[1].split(separator: "&")), "\(request.query ?? "")")
        #expect(answer.headers[values: .warning].isEmpty == !path.contains("alt="))
    }

    @Test(
        "what the store cannot match is matched here",
        arguments: [
            ("studies/1.2.1/series/1.2.1.1/instances?Rows=256", 5), ("studies/1.2.1/instances?Rows=256", 10),
            ("studies/1.2.1/instances?Rows=256&Modality=CT", 5), ("instances?PatientName=Smith*&Rows=256", 10),
            ("instances?ModalitiesInStudy=MR", 10), ("studies/1.2.1/instances?PatientName=Jo*", 0),
            ("studies/1.2.1/series/1.2.1.1/instances?InstanceNumber=3", 1), ("instances?StudyDate=20260106-", 10),
            ("studies/1.2.1/series/1.2.1.1/instances?SOPInstanceUID=1.2.1.1.3,1.2.1.1.4,1.2.9", 2),
            ("studies/1.2.1/instances?Rows=256&limit=4", 4), ("studies/1.2.1/instances?Rows=256&offset=7", 3),
            ("studies/1.2.1/series/1.2.2.1/instances?Rows=256", 0),
        ]
    )
    func completed(path: String, count: Int) async throws {
        let upstream = Self.store()
        let gateway = try await QIDOTests.gateway(upstream)
        for root in ["/dicomweb/radiology", QIDOTests.cloudRoot] {
            let answer = try await gateway.request(.get, "\(root)/\(path)")
            let rows = try QIDOTests.rows(answer)
            #expect(rows.count == count, "\(root)")
            #expect(Set(rows.compactMap { $0.string(.sopInstanceUID) }).count == count)
            #expect(rows.allSatisfy { $0.string(.retrieveURL)?.hasPrefix("http://localhost\(root)/studies/") == true })
            #expect(answer.headers[values: .warning].isEmpty == !path.contains("limit="))
        }
    }

    @Test(
        "texts of instances are matched here by letters, wildcards and lists, whatever their case, and what remains is said",
        arguments: [
            ("ImageComments=*lung*", [1, 3, 5, 7, 9]), ("ImageComments=LUNG%20WINDOW%20?", [1, 3, 5, 7, 9]),
            ("ImageComments=bone*", [2, 4, 6, 8, 10]), ("ImageComments=lung", []), ("ImageComments=*", Array(1...10)),
            ("ImageComments=*lung*&limit=2", [1, 3]), ("ImageComments=*lung*&Rows=256", []),
            ("ImageComments=*%206", [6]),
        ]
    )
    func texts(query: String, numbers: [Int]) async throws {
        let upstream = ScriptedUpstream(exchange: { request in
            let offset = try QueryParameters(parsing: request.query).values("offset").first.flatMap { Int($0) } ?? 0
            let rows = (1...10).map { number in
                var instance = Sample.instance(uid: "1.2.1.1.\(number)", series: "1.2.1.1", number: number)
                instance.set(.rows, number.isMultiple(of: 2) ? 256 : 512)
                let text = number.isMultiple(of: 2) ? "Bone kernel \(number)" : "Lung window \(number)"
                instance.set(.imageComments, text)
                return instance
            }
            return .chunks([String(decoding: DICOMJSON.encode(Array(rows.dropFirst(offset))), as: UTF8.self)])
        })
        let path = "/dicomweb/radiology/studies/1.2.1/series/1.2.1.1/instances?\(query)"
        let answer = try await QIDOTests.gateway(upstream).request(.get, path)
        let rows = numbers.isEmpty ? [] : try QIDOTests.rows(answer)
        #expect(answer.status == (numbers.isEmpty ? .noContent : .ok))
        #expect(rows.compactMap { $0.integer(.instanceNumber) } == numbers)
        #expect(answer.headers[.warning]?.contains("Additional results") ?? false == query.contains("limit="))
    }

    @Test(
        "an answer of the store as long as the limit says that more may remain",
        arguments: [
            ("limit=4", true), ("limit=10", true), ("limit=11", false), ("limit=5&offset=8", false), ("", false),
        ]
    )
    func remaining(query: String, remains: Bool) async throws {
        let gateway = try await QIDOTests.gateway(Self.store())
        for root in ["/dicomweb/radiology", QIDOTests.cloudRoot] {
            let path = "\(root)/studies/1.2.1/series/1.2.1.1/instances?\(query)"
            let answer = try await gateway.request(.get, path)
            #expect(answer.headers[.warning]?.contains("Additional results can be requested") ?? false == remains)
            #expect(!(try QIDOTests.rows(answer)).isEmpty)
        }
    }

    @Test(
        "a search of the whole store by what only instances have is refused",
        arguments: ["Rows=1", "SOPClassUID=1.2,1.3"]
    )
    func tooWide(query: String) async throws {
        let upstream = Self.store()
        let answer = try await QIDOTests.gateway(upstream).request(.get, "/dicomweb/radiology/instances?\(query)")
        #expect(answer.status == .badRequest)
        #expect(try answer.problem().detail?.contains("ReferringPhysicianName, StudyDate") == true)
        #expect(upstream.log.requests.isEmpty)
    }

    @Test("a study of more instances than are looked at is refused")
    func tooMany() async throws {
        let upstream = ScriptedUpstream(exchange: { request in
            let offset = try QueryParameters(parsing: request.query).values("offset").first.flatMap { Int($0) } ?? 0
            let rows = (0..<1_000).map { Sample.instance(uid: "1.4.\(offset + $0)", series: "1.2.1.1") }
            return .chunks([String(decoding: DICOMJSON.encode(rows), as: UTF8.self)])
        })
        let path = "/dicomweb/radiology/studies/1.2.1/instances?Rows=1"
        let answer = try await QIDOTests.gateway(upstream).request(.get, path)
        #expect(answer.status == .badRequest)
        #expect(try answer.problem().detail?.contains("10000 instances") == true)
    }

    @Test("the store's refusal is a problem here, and in its own words in its own form")
    func refused() async throws {
        let upstream = ScriptedUpstream(exchange: { _ in
            .chunks([CloudSample.refusal], status: 400, headers: [.contentType: "application/json"])
        })
        let gateway = try await QIDOTests.gateway(upstream)
        let plain = try await gateway.request(.get, "/dicomweb/radiology/instances?PatientID=1")
        #expect(plain.status == .badRequest)
        #expect(try plain.problem().detail?.contains("cannot match one of the attributes") == true)
        let cloud = try await gateway.request(.get, "\(QIDOTests.cloudRoot)/instances?PatientID=1")
        #expect(cloud.status == .badRequest && cloud.text == CloudSample.refusal)
    }

    @Test("nothing found stays 204, and what is no answer is not passed on")
    func others() async throws {
        let none = ScriptedUpstream(exchange: { _ in .chunks([], status: 204, headers: [:]) })
        #expect(try await QIDOTests.gateway(none).request(.get, "/dicomweb/radiology/instances").status == .noContent)
        let page = ScriptedUpstream(exchange: { _ in .chunks(["<html>"], headers: [.contentType: "text/html"]) })
        let gateway = try await QIDOTests.gateway(page)
        for path in ["instances", "studies/1.2.1/instances?Rows=1"] {
            #expect(try await gateway.request(.get, "/dicomweb/radiology/\(path)").status == .badGateway)
        }
    }
}
