import Archives
import Cryptography
import DICOMweb
import Foundation
import NIOHTTP1
import PhantomStudies
import TestSupport
import Testing

@testable import CollimatorApp

@Suite("reading through /api/v1, end to end", .timeLimit(.minutes(3)))
struct ReadingTests {
    @Test("a study's archive, files and metadata are what was sent")
    func archive() async throws {
        let folder = try TemporaryDirectory()
        let collection = Array(PhantomCollection(detail: .reduced).prefix(40))
        let study = try #require(collection.first?.studyUID)
        let files = collection.filter { $0.studyUID == study }
        try await RunningArchive.run(in: folder.path) { archive in
            for file in files { _ = try await archive.upload(file.bytes) }
            try await Self.compareArchive(of: study, with: files, in: archive)
            try await Self.compareFile(files[0], in: archive)
            try await Self.walk(study, files, in: archive)
        }
    }

    private static func compareArchive(
        of study: StudyUID,
        with files: [PhantomFile],
        in archive: RunningArchive
    ) async throws {
        let answer = try await archive.request(.GET, "/api/v1/stores/radiology/studies/\(study)/archive")
        #expect(answer.status == 200)
        let folder = try TemporaryDirectory()
        try Data(answer.body).write(to: URL(fileURLWithPath: folder.path + "/a.zip"))
        var zip = try ZipReader(path: folder.path + "/a.zip")
        var digests: [String: String] = [:]
        var manifest: [UInt8] = []
        while let entry = try zip.nextEntry() {
            var bytes: [UInt8] = []
            while let piece = try zip.nextPiece() { bytes += piece }
            digests[entry.name] = Hexadecimal.encode(SHA256.hash(bytes))
            manifest = bytes
        }
        let sent = Dictionary(
            uniqueKeysWithValues: files.map { file in
                ("\(study)/\(file.seriesUID)/\(file.instanceUID).dcm", Hexadecimal.encode(SHA256.hash(file.bytes)))
            }
        )
        digests["MANIFEST.json"] = nil
        #expect(digests == sent)
        let text = String(decoding: manifest, as: UTF8.self)
        #expect(text.contains("\"count\":\(files.count),"))
        for digest in sent.values { #expect(text.contains("\"sha256\":\"\(digest)\"")) }
    }

    private static func compareFile(_ file: PhantomFile, in archive: RunningArchive) async throws {
        let instance = "\(file.studyUID)/series/\(file.seriesUID)/instances/\(file.instanceUID)"
        let path = "/api/v1/stores/radiology/studies/\(instance)"
        let bytes = try await archive.request(.GET, "\(path)/file")
        #expect(bytes.status == 200)
        #expect(bytes.body == file.bytes)
        #expect(bytes.headers.first(name: "Content-Type") == "application/dicom")
        let metadata = try await archive.request(.GET, "\(path)/metadata")
        let text = String(decoding: metadata.body, as: UTF8.self)
        #expect(metadata.status == 200)
        #expect(text.contains(file.instanceUID.rawValue))
        #expect(!text.contains(archive.emulatorURL))
    }

    /// From the search over all stores down to an instance, by links alone.
    private static func walk(_ study: StudyUID, _ files: [PhantomFile], in archive: RunningArchive) async throws {
        let found = try await archive.request(
            .POST,
            "/api/v1/studies/search",
            headers: ["Content-Type": "application/json"],
            body: Array("{\"studyUid\":\"\(study)\"}".utf8)
        )
        var path = try #require(Self.link("series", in: found.body))
        for step in ["instances", "file"] {
            let answer = try await archive.request(.GET, path)
            #expect(answer.status == 200, "\(path)")
            path = try #require(Self.link(step, in: answer.body))
        }
        let file = try await archive.request(.GET, path)
        #expect(files.map(\.bytes).contains(file.body))
        let me = try await archive.request(.GET, "/api/v1/me")
        #expect(String(decoding: me.body, as: UTF8.self).contains("\"name\":\"radiology\""))
    }

    private static func link(_ name: String, in body: [UInt8]) -> String? {
        let text = String(decoding: body, as: UTF8.self)
        guard let start = text.range(of: "\"\(name)\":\"/") else { return nil }
        return "/" + String(text[start.upperBound...].prefix { $0 != "\"" })
    }
}
