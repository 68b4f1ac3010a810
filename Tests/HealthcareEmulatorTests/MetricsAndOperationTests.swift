import Foundation
import NIOHTTP1
import Testing

@Suite("metrics, storage classes, deletion and operations")
struct MetricsAndOperationTests {
    private static let object = TestObject()
    private static let study = TestServer.dicomWeb + "/studies/\(object.study)"
    private static let series = study + "/series/\(object.series)"

    @Test("counts are text, and nought is left out")
    func metrics() async throws {
        try await withEmulator { server in
            let empty = try await server.get(TestServer.store + ":getDICOMStoreMetrics")
            #expect(empty.object.keys.sorted() == ["name"])
            for index in 1...3 { try await server.store(TestObject(index)) }
            let store = try await server.get(TestServer.store + ":getDICOMStoreMetrics").object
            #expect(store["studyCount"] as? String == "1")
            #expect(store["seriesCount"] as? String == "1")
            #expect(store["instanceCount"] as? String == "3")
            #expect(Int(store["blobStorageSizeBytes"] as? String ?? "") == 3 * (try Self.object.file().count))
            let study = try await server.get(Self.study + ":getStudyMetrics").object
            #expect(study["study"] as? String == String(Self.study.dropFirst(4)))
            #expect(study["seriesCount"] as? String == "1")
            #expect(study["instanceCount"] as? String == "3")
            let series = try await server.get(Self.series + ":getSeriesMetrics").object
            #expect(series["instanceCount"] as? String == "3")
            #expect(try await server.get(TestServer.dicomWeb + "/studies/1.9:getStudyMetrics").status == 404)
        }
    }

    @Test("a storage class is set by an operation")
    func storageClass() async throws {
        try await withEmulator { server in
            for index in 1...3 { try await server.store(TestObject(index)) }
            let info = TestServer.dicomWeb + Self.object.path + ":getStorageInfo"
            let before = try await server.get(info).object["blobStorageInfo"] as? [String: Any]
            #expect(before?["storageClass"] as? String == "STANDARD")
            let body = #"{"blobStorageSettings":{"blobStorageClass":"COLDLINE"}}"#
            let started = try await server.send(.POST, Self.study + ":setBlobStorageSettings", json: body)
            #expect(started.status == 200)
            let operation = try await server.awaitOperation(started.object["name"] as? String ?? "")
            let metadata = operation["metadata"] as? [String: Any]
            #expect((metadata?["counter"] as? [String: String]) == ["success": "3"])
            #expect(metadata?["endTime"] != nil)
            let after = try await server.get(info).object["blobStorageInfo"] as? [String: Any]
            #expect(after?["storageClass"] as? String == "COLDLINE")
            #expect(Int(after?["sizeBytes"] as? String ?? "") == (try Self.object.file().count))
            let whole = try await server.send(.POST, TestServer.store + ":setBlobStorageSettings", json: body)
            #expect(whole.status == 200)
        }
    }

    @Test(
        "storage classes that are none are refused",
        arguments: [
            "{}", #"{"blobStorageSettings":{}}"#, #"{"blobStorageSettings":{"blobStorageClass":"WARM"}}"#,
            #"{"nonsense":1}"#,
        ]
    )
    func storageClassRefused(json: String) async throws {
        try await withEmulator { server in
            let reply = try await server.send(.POST, TestServer.store + ":setBlobStorageSettings", json: json)
            #expect(reply.status == 400)
        }
    }

    @Test("a study and a series go by an operation, an instance at once")
    func deletion() async throws {
        try await withEmulator { server in
            for index in 1...3 { try await server.store(TestObject(index)) }
            let instance = try await server.send(.DELETE, TestServer.dicomWeb + Self.object.path)
            #expect(instance.status == 200)
            #expect(instance.text == "{}\n")
            #expect(try await server.get(TestServer.dicomWeb + Self.object.path).status == 404)
            let started = try await server.send(.DELETE, Self.study)
            let metadata = started.object["metadata"] as? [String: Any]
            #expect(
                metadata?["apiMethodName"] as? String
                    == "google.cloud.healthcare.v1.dicomweb.DicomWebService.DeleteStudy"
            )
            let operation = try await server.awaitOperation(started.object["name"] as? String ?? "")
            #expect(
                (operation["response"] as? [String: String]) == ["@type": "type.googleapis.com/google.protobuf.Empty"]
            )
            let counter = (operation["metadata"] as? [String: Any])?["counter"] as? [String: String]
            #expect(counter == ["success": "2"])
            #expect(try await server.get(Self.study).status == 404)
            #expect(try await server.get(TestServer.dicomWeb + "/studies").status == 204)
            // What was deleted can be stored again.
            #expect(try await server.store(TestObject()).status == 200)
        }
    }

    @Test("what is not there cannot be deleted", arguments: ["", "/series/1.3", "/series/1.3/instances/1.4"])
    func deletionOfNothing(suffix: String) async throws {
        try await withEmulator { server in
            let reply = try await server.send(.DELETE, TestServer.dicomWeb + "/studies/1.2" + suffix)
            #expect(reply.status == 404)
            #expect(reply.errorStatus == "NOT_FOUND")
        }
    }

    @Test("operations are listed, found and cancelled")
    func operations() async throws {
        try await withEmulator { server in
            try await server.store(TestObject())
            let started = try await server.send(.DELETE, Self.study)
            let name = started.object["name"] as? String ?? ""
            _ = try await server.awaitOperation(name)
            let parent = "/v1/projects/local/locations/local/datasets/imaging/operations"
            let list = try await server.get(parent)
            let names = (list.object["operations"] as? [[String: Any]])?.compactMap { $0["name"] as? String }
            #expect(names?.contains(name) == true)
            #expect(try await server.send(.POST, "/v1/\(name):cancel", json: "{}").text == "{}\n")
            for id in ["0", "999999", "abc", "1e3", "-1", "99999999999999999999"] {
                #expect(try await server.get("\(parent)/\(id)").status == 404)
            }
            #expect(try await server.get(parent + "?filter=done%3Dtrue").status == 501)
        }
    }
}
