import DICOMweb
import Foundation
import NIOHTTP1
import Testing

@testable import HealthcareEmulator

@Suite("GET …/studies, …/series, …/instances")
struct SearchTests {
    private static func fill(_ server: TestServer) async throws {
        for index in 1...3 { try await server.store(TestObject(index)) }
        var other = TestObject(9)
        other.study = "1.2.826.0.1.3680043.10.2.1"
        other.series = "1.2.826.0.1.3680043.10.2.1.1"
        other.patientName = "Yamada^Tarou=山田^太郎"
        other.patientID = "MRN-2"
        other.studyDate = "20260201"
        other.modality = "MR"
        try await server.store(other)
    }

    private func values(_ reply: TestServer.Reply, _ tag: String) -> [String] {
        (reply.json as? [[String: Any]] ?? []).compactMap {
            (($0[tag] as? [String: Any])?["Value"] as? [Any])?.first as? String
        }
    }

    @Test("an empty answer is 204 without a body")
    func empty() async throws {
        try await withEmulator { server in
            let reply = try await server.get(TestServer.dicomWeb + "/studies")
            #expect(reply.status == 204)
            #expect(reply.body.isEmpty)
        }
    }

    /// Searches and the number of their answers.
    private static let searches: [(path: String, count: Int)] = [
        ("/studies", 2), ("/studies?PatientID=MRN-1", 1), ("/studies?00100020=MRN-2", 1),
        ("/studies?PatientID=MRN*", 0),
        ("/studies?StudyDate=20260105", 1), ("/studies?StudyDate=20260101-20260301", 2),
        ("/studies?StudyDate=20260201-20260201", 1), ("/studies?PatientName=Doe%5EJane", 1),
        ("/studies?PatientName=jan&fuzzymatching=true", 1), ("/studies?PatientName=ane&fuzzymatching=true", 0),
        ("/series?Modality=MR", 1), ("/series?Modality=mr", 0), ("/instances", 4), ("/instances?Modality=CT", 3),
        ("/instances?SOPInstanceUID=1.2.826.0.1.3680043.10.1.1.1.2", 1), ("/instances?limit=2", 2),
        ("/instances?limit=2&offset=3", 1), ("/instances?offset=4", 0),
        ("/studies/1.2.826.0.1.3680043.10.1.1/series", 1), ("/studies/1.2.826.0.1.3680043.10.1.1/instances", 3),
        ("/studies/1.2.826.0.1.3680043.10.1.1/series/1.2.826.0.1.3680043.10.1.1.1/instances", 3),
        ("/studies/1.9.9/instances", 0), ("/studies?AccessionNumber=A-1&ReferringPhysicianName=Lee%5EAnn", 2),
    ]

    @Test("find what matches exactly")
    func matches() async throws {
        try await withEmulator { server in
            try await Self.fill(server)
            for (path, count) in Self.searches {
                let reply = try await server.get(TestServer.dicomWeb + path)
                #expect(reply.status == (count == 0 ? 204 : 200), "\(path)")
                #expect((reply.json as? [Any] ?? []).count == count, "\(path)")
            }
        }
    }

    @Test("give the attributes of the level, and more on request, and never computed ones")
    func attributes() async throws {
        try await withEmulator { server in
            try await Self.fill(server)
            let path = TestServer.dicomWeb + "/studies?PatientID=MRN-1"
            let study = try #require((try await server.get(path).json as? [[String: Any]])?.first)
            #expect(study["0020000D"] != nil)
            #expect((study["00100030"] as? [String: Any])?.keys.sorted() == ["vr"])
            for tag in ["00081030", "00080061", "00201206", "00201208", "00081190", "00080060"] {
                #expect(study[tag] == nil, "\(tag)")
            }
            let described = try await server.get(path + "&includefield=StudyDescription")
            #expect(self.values(described, "00081030") == ["CHEST"])
            let all = try await server.get(TestServer.dicomWeb + "/instances?includefield=all&limit=1")
            let instance = try #require((all.json as? [[String: Any]])?.first)
            #expect(instance["00280010"] != nil)
            #expect((instance["7FE00010"] as? [String: Any])?["InlineBinary"] == nil)
        }
    }

    @Test("name bulk data that can be fetched")
    func bulkData() async throws {
        try await withEmulator { server in
            try await server.store(TestObject())
            for query in ["includefield=all", "includefield=PixelData"] {
                let reply = try await server.get(TestServer.dicomWeb + "/instances?" + query)
                let instance = try #require((reply.json as? [[String: Any]])?.first)
                let uri = try #require((instance["7FE00010"] as? [String: Any])?["BulkDataURI"] as? String)
                let origin = "http://127.0.0.1:\(server.port)"
                try #require(uri.hasPrefix(origin + "/"))
                let bulk = try await server.get(
                    String(uri.dropFirst(origin.count)),
                    accept: "application/octet-stream"
                )
                #expect(bulk.status == 200)
                #expect(bulk.body == TestObject().pixels)
            }
        }
    }

    @Test("are the same in one piece and in many", arguments: ["/instances?includefield=all", "/series", "/studies"])
    func streamed(path: String) async throws {
        var limits = EmulatorLimits()
        limits.searchPageBytesMax = 1
        limits.metadataPageBytesMax = 1
        try await withEmulator(limits: limits) { server in
            try await Self.fill(server)
            let count = path.hasPrefix("/instances") ? 4 : 2
            let reply = try await server.get(TestServer.dicomWeb + path)
            #expect(reply.status == 200)
            #expect((reply.json as? [Any])?.count == count)
            #expect(reply.headers.first(name: "Content-Length") == nil)
            let accept = "multipart/related; type=\"application/dicom+xml\""
            let xml = try Multipart(try await server.get(TestServer.dicomWeb + path, accept: accept))
            #expect(xml.parts.count == count)
            let one = try await server.get(TestServer.dicomWeb + path.split(separator: "?")[0] + "?limit=1")
            #expect((one.json as? [Any])?.count == 1)
            #expect(one.headers.first(name: "Content-Length") != nil)
            #expect(try await server.get(TestServer.dicomWeb + "/studies?PatientID=none").status == 204)
            let study = TestServer.dicomWeb + "/studies/\(TestObject().study)/metadata"
            #expect((try await server.get(study).json as? [Any])?.count == 3)
        }
    }

    @Test("can be XML, a part for each match")
    func xml() async throws {
        try await withEmulator { server in
            try await Self.fill(server)
            let accept = "multipart/related; type=\"application/dicom+xml\""
            let reply = try await server.get(TestServer.dicomWeb + "/studies", accept: accept)
            let multipart = try Multipart(reply)
            #expect(multipart.type == "application/dicom+xml")
            #expect(multipart.parts.count == 2)
            #expect(
                multipart.parts.allSatisfy {
                    String(decoding: $0.body, as: UTF8.self).contains("keyword=\"PatientName\"")
                }
            )
            #expect(try await server.get(TestServer.dicomWeb + "/studies", accept: "text/csv").status == 406)
            #expect(try await server.get(TestServer.dicomWeb + "/studies", accept: "application/json").status == 200)
        }
    }

    @Test(
        "what is refused is an error of the upstream's form",
        arguments: ["?SOPClassUID=1", "?limit=100000", "?StudyDate=x"]
    )
    func refused(query: String) async throws {
        try await withEmulator { server in
            let reply = try await server.get(TestServer.dicomWeb + "/instances" + query)
            #expect(reply.status == 400)
            #expect((reply.json as? [Any])?.count == 1)
            #expect(reply.errorStatus == "INVALID_ARGUMENT")
        }
    }
}
