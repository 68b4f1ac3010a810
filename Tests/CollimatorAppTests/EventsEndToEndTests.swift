import AsyncHTTPClient
import Catalog
import CollimatorCore
import DICOMweb
import NIOCore
import Foundation
import NIOHTTP1
import PhantomStudies
import TestSupport
import Testing

@testable import CollimatorApp

@Suite("Events of the stores in collimator serve", .timeLimit(.minutes(2)))
struct EventsEndToEndTests {
    private static let files: [PhantomFile] = Array(PhantomCollection(detail: .reduced).prefix(6))

    @Test("what is stored behind the gateway's back is found by its message, and no sweep is needed")
    func stored() async throws {
        let folder = try TemporaryDirectory()
        let radiology = try #require(StoreName("radiology"))
        try await RunningArchive.run(in: folder.path) { archive in
            let direct = try #require(archive.direct)
            try await Self.whenSubscribed(archive)
            for file in Self.files { _ = try await direct.storeSinglePart(.bytes(file.bytes)) }
            let studies = Set(Self.files.map(\.studyUID))
            // The comparison of counts comes only after half a minute.
            let end = ContinuousClock.now + .seconds(20)
            while true {
                let page = try await archive.catalog.search(
                    StudyQuery(stores: [radiology], visibility: .everything, limit: 100)
                )
                if Set(page.studies.map(\.study)) == studies { break }
                try #require(ContinuousClock.now < end)
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    @Test("a message that names no store of ours is shown as set aside, with nothing of what it said")
    func poison() async throws {
        let folder = try TemporaryDirectory()
        try await RunningArchive.run(in: folder.path) { archive in
            try await Self.whenSubscribed(archive)
            let text = "projects/p/locations/l/datasets/d/dicomStores/other/dicomWeb/studies/1.2.3"
            let data = Data(text.utf8).base64EncodedString()
            try await Self.emulator(
                archive,
                "topics/collimator-dicom:publish",
                "{\"messages\":[{\"data\":\"\(data)\"}]}"
            )
            let end = ContinuousClock.now + .seconds(60)
            while true {
                let answer = try await archive.request(.GET, "/api/v1/events/rejections")
                try #require(answer.status == 200)
                let body = String(decoding: answer.body, as: UTF8.self)
                if body.contains("unknown-store") {
                    #expect(body.contains("\"sizeBytes\":\(text.utf8.count)"))
                    #expect(!body.contains("1.2.3") && !body.contains("other"))
                    break
                }
                try #require(ContinuousClock.now < end)
                try await Task.sleep(for: .milliseconds(50))
            }
            for path in ["?limit=0", "?cursor=x", "?surprise=1"] {
                let refused = try await archive.request(.GET, "/api/v1/events/rejections\(path)")
                #expect(refused.status == 400)
            }
        }
    }

    /// Waits until the store publishes to a topic that is listened to.
    private static func whenSubscribed(_ archive: RunningArchive) async throws {
        let end = ContinuousClock.now + .seconds(60)
        while true {
            let path = "/v1/projects/local/locations/local/datasets/imaging/dicomStores/radiology"
            let answer = try await archive.request(.GET, path)
            if String(decoding: answer.body, as: UTF8.self).contains("collimator-dicom") { return }
            try #require(ContinuousClock.now < end)
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// One request to the emulator itself, with a token of its service account.
    private static func emulator(_ archive: RunningArchive, _ path: String, _ json: String) async throws {
        let reach = try #require(archive.reach)
        var request = HTTPClientRequest(url: "\(archive.emulatorURL)/v1/projects/local/\(path)")
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        if let authorization = try await reach.authorization(false) {
            request.headers.add(name: "Authorization", value: authorization)
        }
        request.body = .bytes(Array(json.utf8))
        let response = try await archive.client.execute(request, timeout: .seconds(20))
        #expect(response.status == .ok)
    }
}
