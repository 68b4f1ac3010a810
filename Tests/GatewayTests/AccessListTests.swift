import Catalog
import CollimatorCore
import DICOMweb
import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import Testing

@testable import Gateway

@Suite("Access: what lists and studies show")
struct AccessListTests {
    @Test(
        "case 36: searches give only what is permitted, and count only that",
        arguments: [
            "", "?StudyInstanceUID=1.2.1,1.2.2,1.2.3", "?PatientName=*", "?includefield=all",
            "?fuzzymatching=true&PatientName=smi", "?offset=0&limit=10",
        ]
    )
    func qido(query: String) async throws {
        let gateway = try await GatewayUnderTest.judged(by: ScriptedJudge(["1.2.1": .whole]))
        for root in ["/dicomweb/radiology", QIDOTests.cloudRoot] {
            let answer = try await gateway.request(.get, "\(root)/studies\(query)")
            let rows = try QIDOTests.rows(answer)
            #expect(rows.map { $0.string(.studyInstanceUID) } == ["1.2.1"], "\(root)")
            #expect(!answer.text.contains("1.2.2"))
        }
        let series = try QIDOTests.rows(try await gateway.request(.get, "/dicomweb/radiology/series"))
        #expect(Set(series.compactMap { $0.string(.seriesInstanceUID) }) == ["1.2.1.1", "1.2.1.2"])
    }

    @Test("case 36: past the end of what is permitted there is nothing, and other values find nothing")
    func nothingMore() async throws {
        let gateway = try await GatewayUnderTest.judged(by: ScriptedJudge(["1.2.1": .whole]))
        for query in [
            "offset=1", "PatientName=Jones*", "PatientID=MRN-2", "StudyInstanceUID=1.2.2", "ModalitiesInStudy=MR",
        ] {
            #expect(
                try await gateway.request(.get, "/dicomweb/radiology/studies?\(query)").status == .noContent,
                "\(query)"
            )
        }
        let total = try await gateway.request(.get, "/api/v1/stores/radiology/studies?total=exact&limit=1")
        #expect(total.text.contains(#""total":1"#))
        #expect(total.text.contains(#""nextCursor":null"#))
        let store = try await gateway.request(.get, "/api/v1/stores/radiology")
        #expect(store.text.contains(#""studyCount":1"#))
        let everywhere = try await gateway.request(.get, "/api/v1/studies")
        #expect(everywhere.text.contains("1.2.1") && !everywhere.text.contains("1.2.2"))
    }

    @Test("case 35: a launch that names a forbidden study among others opens none of them")
    func launch() async throws {
        let gateway = try await GatewayUnderTest.judged(by: ScriptedJudge(["1.2.1": .whole]))
        let start = "/launch/here?requestType=STUDY&studyUID="
        #expect(try await gateway.request(.get, "\(start)1.2.1").status == .seeOther)
        #expect(try await gateway.request(.get, "\(start)1.2.1,1.2.2").status == .notFound)
        #expect(try await gateway.request(.get, "\(start)1.2.2").status == .notFound)
        #expect(
            try await gateway.request(.get, "/launch/here?requestType=STUDY&accessionNumber=A-77").status == .seeOther
        )
    }

    @Test("cases 37 and 38: a right on some series shows these, and counts, modalities and search tell of no others")
    func series() async throws {
        let gateway = try await GatewayUnderTest.judged(by: try GatewayUnderTest.ofOneSeries())
        for path in [
            "/api/v1/stores/radiology/studies/1.2.1?include=series", "/api/v1/stores/radiology/studies?include=series",
        ] {
            let answer = try await gateway.request(.get, path)
            #expect(answer.status == .ok)
            #expect(answer.text.contains(#""scope":"series""#), "\(path)")
            #expect(answer.text.contains(#""modalities":["CT"],"seriesCount":1,"instanceCount":120"#), "\(answer.text)")
            #expect(answer.text.contains("1.2.1.1") && !answer.text.contains("1.2.1.2"))
        }
        let list = try await gateway.request(.get, "/api/v1/stores/radiology/studies/1.2.1/series")
        #expect(list.text.contains("1.2.1.1") && !list.text.contains("1.2.1.2"))
        #expect(
            try await gateway.request(.get, "/api/v1/stores/radiology/studies/1.2.1/series/1.2.1.2").status == .notFound
        )
        #expect(
            try await gateway.request(.get, "/dicomweb/radiology/studies?ModalitiesInStudy=SR").status == .noContent
        )
        let rows = try QIDOTests.rows(
            try await gateway.request(.get, "/dicomweb/radiology/studies?includefield=all&ModalitiesInStudy=CT")
        )
        #expect(rows.map { $0.strings(.modalitiesInStudy) } == [["CT"]])
        #expect(rows.map { $0.integer(.numberOfStudyRelatedInstances) } == [120])
        let series = try QIDOTests.rows(try await gateway.request(.get, "/dicomweb/radiology/studies/1.2.1/series"))
        #expect(series.map { $0.string(.seriesInstanceUID) } == ["1.2.1.1"])
    }

    @Test(
        "a study with a right on some series is retrieved as these, in one body, with nothing of the others asked for"
    )
    func composed() async throws {
        let upstream = ScriptedUpstream(exchange: { request in
            if request.path.hasSuffix("/metadata") {
                return .chunks([#"[{"0020000E":{"vr":"UI","#, #""Value":["1.2.1.1"]}}, {"00080018":{"vr":"UI"}}]"#])
            }
            return .chunks(
                ["--up\r\nContent-Type: application/dicom\r\n\r\nDIC", "M\r\n--up--\r\n"],
                headers: [.contentType: #"multipart/related; type="application/dicom"; boundary=up"#]
            )
        })
        let series = Set(try ["1.2.1.1", "1.2.1.2"].map { try #require(SeriesUID($0)) })
        for permitted in [try GatewayUnderTest.ofOneSeries(), ScriptedJudge(["1.2.1": .series(series)])] {
            let gateway = try await GatewayUnderTest.judged(by: permitted, upstream)
            let before = upstream.log.requests.count
            for root in ["/dicomweb/radiology", QIDOTests.cloudRoot] {
                let files = try await gateway.request(.get, "\(root)/studies/1.2.1")
                #expect(files.status == .ok)
                #expect(files.headers[.eTag] == nil)
                let type = try #require(files.headers[.contentType].flatMap { DICOMweb.MediaType(parsing: $0) })
                let boundary = try #require(type["boundary"])
                #expect(boundary != "up" && type["type"] == "application/dicom")
                #expect(files.text.hasSuffix("--\(boundary)--\r\n"))
                let data = try await gateway.request(.get, "\(root)/studies/1.2.1/metadata")
                #expect(data.text.hasPrefix(#"[{"0020000E""#) && data.text.hasSuffix("]"))
                let count = data.text.components(separatedBy: "1.2.1.1").count - 1
                let asked = upstream.log.requests.dropFirst(before).map(\.path)
                #expect(asked.allSatisfy { $0.hasPrefix("studies/1.2.1/series/1.2.1.") })
                #expect(files.text.components(separatedBy: "DICM").count - 1 == count)
            }
            let manifest = try await gateway.request(.get, "/api/v1/stores/radiology/studies/1.2.1/ohif")
            #expect(manifest.status != .ok || !manifest.text.contains("1.2.1.2"))
        }
        // What cannot be put together of series is for those who may see the study.
        let gateway = try await GatewayUnderTest.judged(by: try GatewayUnderTest.ofOneSeries(), upstream)
        #expect(try await gateway.request(.get, "/dicomweb/radiology/studies/1.2.1/rendered").status == .forbidden)
    }

    @Test("a composed list that breaks off in a series is a problem where that is known in time, and else has no end")
    func brokenOff() async throws {
        let upstream = ScriptedUpstream(exchange: { request in
            let isSecond = request.path.contains("1.2.1.2")
            return .chunks([isSecond ? #"[{"00080018":{}"# : #"[{"00080018":{}}]"#])
        })
        let series = Set(try ["1.2.1.1", "1.2.1.2"].map { try #require(SeriesUID($0)) })
        let path = "/dicomweb/radiology/studies/1.2.1/metadata"
        var gateway = try await GatewayUnderTest.judged(by: ScriptedJudge(["1.2.1": .series(series)]), upstream)
        let problem = try await gateway.request(.get, path)
        #expect(problem.status == .badGateway)
        #expect(!problem.text.contains("00080018"))
        gateway.parts.limits.heldListBytesMax = 4
        let cutting = gateway
        await #expect(throws: (any Error).self) { try await cutting.request(.get, path) }
    }

    @Test("case 47: a right that is taken away is refused with the next request")
    func revoked() async throws {
        let judge = ScriptedJudge(["1.2.1": .whole])
        let gateway = try await GatewayUnderTest.judged(by: judge)
        #expect(try await gateway.request(.get, "/api/v1/stores/radiology/studies/1.2.1").status == .ok)
        judge.revoke()
        #expect(try await gateway.request(.get, "/api/v1/stores/radiology/studies/1.2.1").status == .notFound)
        #expect(try await gateway.request(.get, "/dicomweb/radiology/studies").status == .notFound)
    }

    @Test("case 45: a search takes no members that it does not know")
    func strangeMembers() async throws {
        let gateway = try await GatewayUnderTest.judged(by: ScriptedJudge(["1.2.1": .whole]))
        for member in ["owner", "tenant", "visibility", "permission"] {
            var headers = GatewayUnderTest.bearer
            headers[.contentType] = "application/json"
            let body = ByteBuffer(string: "{\"\(member)\":\"x\"}")
            let answer = try await gateway.request(.post, "/api/v1/studies/search", headers: headers, body: body)
            #expect([.badRequest, .unprocessableContent].contains(answer.status), "\(member)")
        }
    }
}
