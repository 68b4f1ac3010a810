import DICOMweb
import FoundationEssentials
import NIOHTTP1
import PhantomStudies
import ServiceLifecycle
import TestSupport
import Testing

@testable import CollimatorApp

/// A few files of the made-up archive, small ones.
private enum Demo {
    static let files: [PhantomFile] = Array(PhantomCollection(detail: .reduced).prefix(12))
}

@Suite("collimator serve, end to end", .timeLimit(.minutes(3)))
struct EndToEndTests {
    @Test("what is uploaded can be searched, seen and retrieved, and is there after a restart")
    func journey() async throws {
        let folder = try TemporaryDirectory()
        let files = Demo.files
        let first = try #require(files.first)
        try await RunningArchive.run(in: folder.path) { archive in
            for file in files {
                let answer = try await archive.upload(file.bytes)
                #expect(answer.status == 201, "\(file.relativePath): \(answer.text)")
                #expect(answer.text.contains(file.instanceUID.rawValue))
            }
            try await Self.look(at: archive, files: files)
            let again = try await archive.upload(first.bytes)
            #expect(again.status == 200)
            #expect(again.text.contains(#""outcome":"duplicate""#))
        }
        try await RunningArchive.run(in: folder.path) { archive in
            try await Self.look(at: archive, files: files)
        }
    }

    /// Search, one study, a picture and the bytes themselves.
    private static func look(at archive: RunningArchive, files: [PhantomFile]) async throws {
        let file = try #require(files.first)
        let api = "/api/v1/stores/radiology/studies"
        let list = try await archive.request(.GET, api)
        #expect(list.status == 200)
        let text = String(decoding: list.body, as: UTF8.self)
        for study in Set(files.map(\.studyUID)) { #expect(text.contains(study.rawValue)) }

        let one = try await archive.request(.GET, "\(api)/\(file.studyUID)?include=series,instances")
        #expect(one.status == 200)
        let study = String(decoding: one.body, as: UTF8.self)
        for other in files where other.studyUID == file.studyUID {
            #expect(study.contains(other.instanceUID.rawValue))
        }

        let instance = "\(file.studyUID)/series/\(file.seriesUID)/instances/\(file.instanceUID)"
        let picture = try await archive.request(.GET, "\(api)/\(instance)/rendered?width=64&height=64")
        #expect(picture.status == 200)
        #expect(picture.body.starts(with: [0xFF, 0xD8]))
        #expect(picture.headers.first(name: "Collimator-Rendition") == "preview")

        let bytes = try await archive.request(
            .GET,
            "/dicomweb/radiology/studies/\(instance)",
            headers: ["Accept": "application/dicom; transfer-syntax=*"]
        )
        #expect(bytes.status == 200)
        #expect(bytes.body == file.bytes)
    }

    @Test("finds studies by the beginning of a name and by day")
    func search() async throws {
        let folder = try TemporaryDirectory()
        try await RunningArchive.run(in: folder.path) { archive in
            for file in Demo.files { _ = try await archive.upload(file.bytes) }
            let all = try await Self.studies(archive, "")
            let known = try #require(all.first)
            let day = try #require(known.date)
            let name = try #require(known.patient.name?.family ?? known.patient.name?.display)
            let prefix = String(name.prefix(3)).addingPercentEncoding()
            let byName = try await Self.studies(archive, "?patientName=\(prefix)")
            #expect(byName.contains { $0.uid == known.uid })
            let byDay = try await Self.studies(archive, "?from=\(day)&to=\(day)")
            #expect(byDay.contains { $0.uid == known.uid })
            let byUID = try await Self.studies(archive, "?studyUid=\(known.uid)")
            #expect(byUID.map(\.uid) == [known.uid])
            let nobody = try await Self.studies(archive, "?patientName=zzzz")
            #expect(nobody.isEmpty)
            let longAgo = try await Self.studies(archive, "?to=1950-01-01")
            #expect(longAgo.isEmpty)
        }
    }

    @Test("lets nobody in without the key, and tells them nothing")
    func strangers() async throws {
        let folder = try TemporaryDirectory()
        try await RunningArchive.run(in: folder.path) { archive in
            for path in ["/api/v1/stores", "/dicomweb/radiology/studies", "/nothing"] {
                for key in [String?.none, "clm_admin_wrong"] {
                    let refused = try await archive.request(.GET, path, key: .some(key))
                    #expect(refused.status == 401)
                }
            }
            let unknown = try await archive.request(.GET, "/nothing")
            #expect(unknown.status == 404)
            for path in ["/healthz", "/readyz"] {
                let open = try await archive.request(.GET, path, key: .some(nil))
                #expect(open.status == 200)
            }
        }
    }

    @Test("bytes that are no DICOM are refused with a reason, and the service goes on")
    func strangeBytes() async throws {
        let folder = try TemporaryDirectory()
        try await RunningArchive.run(in: folder.path) { archive in
            let file = try #require(Demo.files.first)
            var changed = file.bytes
            changed[changed.count - 1] ^= 0xFF
            let uploads: [([UInt8], UInt)] = [
                (Array("hello".utf8), 422), (Array(file.bytes.prefix(500)), 422), (file.bytes, 201), (changed, 409),
            ]
            for (bytes, status) in uploads {
                let answer = try await archive.upload(bytes)
                #expect(answer.status == status, "\(answer.text)")
            }
            let missing = try await archive.request(.GET, "/api/v1/stores/radiology/studies/1.2.3.4.5")
            #expect(missing.status == 404)
        }
    }

    @Test("the URLs in metadata lead back to the gateway and can be followed")
    func bulkData() async throws {
        let folder = try TemporaryDirectory()
        try await RunningArchive.run(in: folder.path) { archive in
            let file = try #require(Demo.files.first)
            let stored = try await archive.upload(file.bytes)
            #expect(stored.status == 201, "\(stored.text)")
            let answer = try await archive.request(.GET, "/dicomweb/radiology/studies/\(file.studyUID)/metadata")
            try #require(answer.status == 200, "\(String(decoding: answer.body, as: UTF8.self))")
            let text = String(decoding: answer.body, as: UTF8.self)
            #expect(!text.contains(archive.emulatorURL))
            let set = try #require(try DICOMJSON.dataSets(from: answer.body).first)
            guard case .bulkDataURI(let uri) = set[.pixelData]?.content else {
                Issue.record("the pixel data is not apart")
                return
            }
            #expect(uri.hasPrefix("\(archive.url)/dicomweb/radiology/"))
            let path = String(uri.dropFirst(archive.url.count))
            let bulk = try await archive.request(
                .GET,
                path,
                headers: ["Accept": "application/octet-stream; transfer-syntax=*"]
            )
            #expect(bulk.status == 200)
            #expect(!bulk.body.isEmpty)
        }
    }

    @Test("a second process on the same folder is refused, and so is a port in use")
    func conflicts() async throws {
        let folder = try TemporaryDirectory()
        let other = try TemporaryDirectory()
        let otherPath = other.path
        try await RunningArchive.run(in: folder.path) { [path = folder.path] archive in
            var same = ServeConfiguration()
            same.dataDirectory = path
            await #expect(throws: StartupError.self) {
                try await ArchiveService.serve(same, surroundings: RunningArchive.surroundings())
            }
            var taken = ServeConfiguration()
            taken.dataDirectory = otherPath
            taken.emulatorPort = 0
            taken.port = try #require(Int(archive.url.split(separator: ":").last ?? ""))
            let service = try await ArchiveService.serve(taken, surroundings: RunningArchive.surroundings())
            let refusal = await #expect(throws: StartupError.self) { try await service.run() }
            #expect(refusal?.message.contains("in use") == true)
        }
    }

    @Test("the made-up studies are only for an archive of its own")
    func demoNeedsItsOwnArchive() async throws {
        let folder = try TemporaryDirectory()
        var configuration = try await ServeConfiguration.read(environment: [
            "COLLIMATOR_STORES_NAMES": "a", "COLLIMATOR_STORES_A_DICOMWEB_URL": "http://127.0.0.1:1",
            "COLLIMATOR_STORES_A_CREDENTIALS": "none", "COLLIMATOR_DATA_DIR": folder.path,
        ])
        configuration.fillsWithDemo = true
        let refused = configuration
        await #expect(throws: StartupError.self) {
            try await ArchiveService.serve(refused, surroundings: RunningArchive.surroundings())
        }
    }

    private struct Page: Decodable {
        let items: [Study]
    }

    private struct Study: Decodable {
        let uid: String
        let date: String?
        let patient: Patient

        struct Patient: Decodable {
            let name: Name?

            struct Name: Decodable {
                let display: String
                let family: String?
            }
        }
    }

    private static func studies(_ archive: RunningArchive, _ query: String) async throws -> [Study] {
        let answer = try await archive.request(.GET, "/api/v1/stores/radiology/studies\(query)")
        #expect(answer.status == 200)
        return try JSONDecoder().decode(Page.self, from: Data(answer.body)).items
    }
}

extension String {
    fileprivate func addingPercentEncoding() -> String {
        self.utf8.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
