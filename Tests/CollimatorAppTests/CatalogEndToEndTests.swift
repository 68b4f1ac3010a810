import Catalog
import CollimatorCore
import DICOMweb
import FoundationEssentials
import Glibc
import Logging
import NIOHTTP1
import Persistence
import PhantomStudies
import TestSupport
import Testing

@testable import CollimatorApp

@Suite("The catalog of collimator serve", .timeLimit(.minutes(3)))
struct CatalogEndToEndTests {
    private static let files: [PhantomFile] = Array(PhantomCollection(detail: .reduced).prefix(12))
    private static let multipart = #"multipart/related; type="application/dicom"; boundary=b"#

    /// The ways of an upload: what is posted where, as which type.
    enum Way: String, CaseIterable, Sendable {
        case file = "/api/v1/stores/radiology/studies"
        case storeSingle = "/dicomweb/radiology/studies"
        case storeMultipart = "/dicomweb/radiology/studies?"
        case files = "/api/v1/stores/radiology/studies?"
        case cloud = "/v1/projects/local/locations/local/datasets/imaging/dicomStores/radiology/dicomWeb/studies"

        var isMultipart: Bool { self == .storeMultipart || self == .files }
    }

    @Test("what is uploaded is found by the very next search, with its counts", arguments: Way.allCases)
    func upload(way: Way) async throws {
        let folder = try TemporaryDirectory()
        let radiology = try #require(StoreName("radiology"))
        try await RunningArchive.run(in: folder.path) { archive in
            var sent: [StudyUID: Int] = [:]
            for file in Self.files {
                let answer = try await archive.request(
                    .POST,
                    way.rawValue.replacing("?", with: ""),
                    headers: ["Content-Type": way.isMultipart ? Self.multipart : "application/dicom"],
                    body: way.isMultipart ? Self.part(file) : file.bytes
                )
                #expect((200...201).contains(answer.status), "\(String(decoding: answer.body, as: UTF8.self))")
                sent[file.studyUID, default: 0] += 1
                let page = try await archive.catalog.search(
                    StudyQuery(stores: [radiology], visibility: .everything, limit: 100)
                )
                #expect(Self.counts(page) == sent)
            }
        }
    }

    @Test("an instance that is deleted is no longer counted, and a study that is deleted leaves the lists")
    func deletion() async throws {
        let folder = try TemporaryDirectory()
        let radiology = try #require(StoreName("radiology"))
        let sizes = Dictionary(grouping: Self.files, by: \.studyUID)
        let files = try #require(sizes.values.max { $0.count < $1.count })
        let study = try #require(files.first).studyUID
        try #require(files.count > 1)
        try await RunningArchive.run(in: folder.path) { archive in
            for file in files { _ = try await archive.upload(file.bytes) }
            let file = try #require(files.first)
            let path = "/dicomweb/radiology/studies/\(study)"
            let one = "\(path)/series/\(file.seriesUID)/instances/\(file.instanceUID)"
            #expect(try await archive.request(.DELETE, one).status == 204)
            let fewer = try await archive.catalog.search(
                StudyQuery(stores: [radiology], visibility: .everything, limit: 100)
            )
            #expect(Self.counts(fewer)[study] ?? 0 == files.count - 1)
            #expect(try await archive.request(.DELETE, path).status == 202)
            try await Self.eventually {
                try await archive.catalog.search(StudyQuery(stores: [radiology], visibility: .everything, limit: 100))
                    .studies.isEmpty
            }
        }
    }

    @Test("what is stored and deleted behind our back is found by a sweep, with the issuer and the counts")
    func behindOurBack() async throws {
        let folder = try TemporaryDirectory()
        let radiology = try #require(StoreName("radiology"))
        let study = try #require(Self.files.first).studyUID
        try await RunningArchive.run(in: folder.path, sweepSeconds: 1) { archive in
            let direct = try #require(archive.direct)
            var sent: [StudyUID: Int] = [:]
            for file in Self.files {
                _ = try await direct.storeSinglePart(.bytes(file.bytes))
                sent[file.studyUID, default: 0] += 1
            }
            let all = sent
            try await Self.eventually {
                Self.counts(
                    try await archive.catalog.search(
                        StudyQuery(stores: [radiology], visibility: .everything, limit: 100)
                    )
                ) == all
            }
            _ = try await direct.delete(.study(study))
            try await Self.eventually {
                let page = try await archive.catalog.search(
                    StudyQuery(stores: [radiology], visibility: .everything, limit: 100)
                )
                return !page.studies.contains { $0.study == study } && page.studies.count == all.count - 1
            }
        }
        let file = "\(folder.path)/catalog.db"
        var status = stat()
        #expect(stat(file, &status) == 0 && status.st_mode & 0o777 == 0o600)
        let isEmptied = stat("\(file)-wal", &status) != 0 || status.st_size == 0
        #expect(isEmptied, "the log holds nothing that the file does not")
    }

    @Test("a store that is made while the service runs is kept, and its rows go with it")
    func madeStore() async throws {
        let folder = try TemporaryDirectory()
        let file = try #require(Self.files.first)
        let made = try #require(StoreName("trial"))
        try await RunningArchive.run(in: folder.path) { archive in
            let stores = "/v1/projects/local/locations/local/datasets/imaging/dicomStores"
            #expect(try await archive.request(.POST, "\(stores)?dicomStoreId=trial").status == 200)
            let stored = try await archive.request(
                .POST,
                "/api/v1/stores/trial/studies",
                headers: ["Content-Type": "application/dicom"],
                body: file.bytes
            )
            #expect(stored.status == 201)
            let page = try await archive.catalog.search(StudyQuery(stores: [made], visibility: .everything, limit: 100))
            #expect(page.studies.map(\.study) == [file.studyUID])
            #expect(try await archive.request(.DELETE, "\(stores)/trial").status == 200)
            let gone = try await archive.catalog.search(StudyQuery(stores: [made], visibility: .everything, limit: 100))
            #expect(gone.studies.isEmpty)
            #expect(await archive.catalog.status(of: made) == nil)
        }
    }

    @Test("a damaged catalog is put aside and made anew")
    func damaged() async throws {
        let folder = try TemporaryDirectory()
        let radiology = try #require(StoreName("radiology"))
        let file = try #require(Self.files.first)
        try await RunningArchive.run(in: folder.path) { archive in _ = try await archive.upload(file.bytes) }
        let path = "\(folder.path)/catalog.db"
        try Data("this is no database, whatever its name says ".utf8).write(to: URL(filePath: path))
        try await RunningArchive.run(in: folder.path) { archive in
            try await Self.eventually {
                try await archive.catalog.search(StudyQuery(stores: [radiology], visibility: .everything, limit: 100))
                    .studies.count == 1
            }
        }
        #expect(FileManager.default.fileExists(atPath: "\(path).damaged"))
    }

    @Test("a catalog of a newer version stops the start, and says how to go on")
    func newer() async throws {
        let folder = try TemporaryDirectory()
        _ = try await CatalogService.make(in: folder.path, sweeping: .seconds(60), logger: RunningArchive.quiet)
        let database = try Database.open(DatabaseConfiguration(path: "\(folder.path)/catalog.db"))
        try await database.write { connection in
            _ = try connection.execute("INSERT INTO schemaMigration (number, name) VALUES (9999, 'of-the-future')")
        }
        try await database.close()
        let error = await #expect(throws: StartupError.self) {
            try await CatalogService.make(in: folder.path, sweeping: .seconds(60), logger: RunningArchive.quiet)
        }
        #expect(error?.description.contains("newer version") == true)
    }

    private static func counts(_ page: StudyPage) -> [StudyUID: Int] {
        Dictionary(
            page.studies.map { ($0.study, $0.instanceCount ?? -1) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    private static func part(_ file: PhantomFile) -> [UInt8] {
        Array("--b\r\nContent-Type: application/dicom\r\n\r\n".utf8) + file.bytes + Array("\r\n--b--\r\n".utf8)
    }

    /// The suite's time limit is the end of patience.
    private static func eventually(_ condition: () async throws -> Bool) async throws {
        while try await !condition() { try await Task.sleep(for: .milliseconds(20)) }
    }
}
