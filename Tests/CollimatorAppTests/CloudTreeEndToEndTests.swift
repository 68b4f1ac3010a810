import NIOHTTP1
import PhantomStudies
import TestSupport
import Testing

@testable import CollimatorApp

@Suite("/v1/projects/… and deleting, end to end", .timeLimit(.minutes(3)))
struct CloudTreeEndToEndTests {
    private static let dataset = "projects/local/locations/us-central1/datasets/imaging-data"
    private static let store = "/v1/\(dataset)/dicomStores/radiology-images"

    private static func text(_ answer: (status: UInt, headers: HTTPHeaders, body: [UInt8])) -> String {
        String(decoding: answer.body, as: UTF8.self)
    }

    @Test("a store made through the gateway takes files, is there after a restart, and can be deleted")
    func life() async throws {
        let folder = try TemporaryDirectory()
        let file = try #require(PhantomCollection(detail: .reduced).first { _ in true })
        try await RunningArchive.run(in: folder.path) { archive in
            let datasets = "/v1/projects/local/locations/us-central1/datasets"
            #expect(try await archive.request(.POST, "\(datasets)?datasetId=imaging-data").status == 200)
            let made = try await archive.request(
                .POST,
                "/v1/\(Self.dataset)/dicomStores?dicomStoreId=radiology-images"
            )
            #expect(made.status == 200, "\(Self.text(made))")
            let stored = try await archive.request(
                .POST,
                "\(Self.store)/dicomWeb/studies",
                headers: ["Content-Type": "application/dicom", "Accept": "application/dicom+json"],
                body: file.bytes
            )
            #expect(stored.status == 200)
            #expect(Self.text(stored).contains("\(archive.url)\(Self.store)/dicomWeb/studies/\(file.studyUID)"))
        }
        try await RunningArchive.run(in: folder.path) { archive in
            let bytes = try await archive.request(
                .GET,
                "/dicomweb/radiology-images/studies/\(file.studyUID)/series/\(file.seriesUID)"
                    + "/instances/\(file.instanceUID)",
                headers: ["Accept": "application/dicom; transfer-syntax=*"]
            )
            #expect(bytes.status == 200)
            #expect(bytes.body == file.bytes)
            #expect(try await archive.request(.GET, "/readyz").status == 200)
            #expect(try await archive.request(.DELETE, Self.store).status == 200)
            #expect(try await archive.request(.GET, "/api/v1/stores/radiology-images").status == 404)
        }
        try await RunningArchive.run(in: folder.path) { archive in
            let ours = try await archive.request(.GET, "/api/v1/stores/radiology-images")
            #expect(ours.status == 404)
            let theirs = try await archive.request(.GET, "\(Self.store)/dicomWeb/studies")
            #expect(theirs.status == 404)
        }
    }

    @Test("a study is deleted through an operation, an instance at once")
    func deleting() async throws {
        let folder = try TemporaryDirectory()
        let files = Array(PhantomCollection(detail: .reduced).prefix(2))
        try await RunningArchive.run(in: folder.path) { archive in
            for file in files { _ = try await archive.upload(file.bytes) }
            let file = try #require(files.first)
            let study = "/api/v1/stores/radiology/studies/\(file.studyUID)"
            let instance = "\(study)/series/\(file.seriesUID)/instances/\(file.instanceUID)"
            #expect(try await archive.request(.DELETE, instance).status == 204)
            #expect(try await archive.request(.DELETE, instance).status == 404)
            let begun = try await archive.request(.DELETE, study)
            // The study is gone already where the instance was its only one.
            guard begun.status != 404 else { return }
            #expect(begun.status == 202)
            let location = try #require(begun.headers.first(name: "Location"))
            let events = try await archive.request(.GET, "\(location)/events")
            #expect(Self.text(events).contains(#""state":"succeeded""#))
            #expect(try await archive.request(.GET, study).status == 404)
            let list = try await archive.request(.GET, "/api/v1/operations")
            #expect(Self.text(list).contains(#""kind":"delete-study""#))
        }
    }
}
