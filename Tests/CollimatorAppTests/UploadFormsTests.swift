import DICOMweb
import FoundationEssentials
import NIOHTTP1
import PhantomStudies
import TestSupport
import Testing

@testable import CollimatorApp

@Suite("Uploads of several files to the emulator", .timeLimit(.minutes(3)))
struct UploadFormsTests {
    private static let files: [PhantomFile] = Array(PhantomCollection(detail: .reduced).prefix(6))
    private static let path = "/api/v1/stores/radiology/studies"

    private struct Upload: Decodable {
        let counts: Counts
        let items: [Item]

        struct Counts: Decodable, Equatable {
            var stored = 0
            var duplicate = 0
            var skipped = 0
            var refused = 0
        }

        struct Item: Decodable {
            let name: String?
            let outcome: String
            let reason: String?
            let instanceUid: String?
        }
    }

    private static func post(
        _ archive: RunningArchive,
        _ type: String,
        _ body: [UInt8],
        key: String? = nil
    ) async throws -> (status: UInt, headers: HTTPHeaders, upload: Upload) {
        var headers: HTTPHeaders = ["Content-Type": type]
        if let key { headers.add(name: "Idempotency-Key", value: key) }
        let answer = try await archive.request(.POST, Self.path, headers: headers, body: body)
        return (answer.status, answer.headers, try JSONDecoder().decode(Upload.self, from: Data(answer.body)))
    }

    private static func multipart(_ parts: [(head: String, content: [UInt8])]) -> [UInt8] {
        var body: [UInt8] = []
        for part in parts {
            body.append(contentsOf: "--b\r\n\(part.head)\r\n\r\n".utf8)
            body.append(contentsOf: part.content)
            body.append(contentsOf: "\r\n".utf8)
        }
        return body + Array("--b--\r\n".utf8)
    }

    @Test("a zip file of nested folders is stored, and the same files in a form are there already")
    func zipThenForm() async throws {
        let folder = try TemporaryDirectory()
        let files = Self.files
        try await RunningArchive.run(in: folder.path) { archive in
            var zip = StoredZip()
            for file in files { zip.add("export/\(file.relativePath)", file.bytes) }
            zip.add("export/readme.txt", Array("hello".utf8))
            let zipped = try await Self.post(archive, "application/zip", zip.bytes, key: "zip-1")
            #expect(zipped.status == 200)
            #expect(zipped.upload.counts == Upload.Counts(stored: files.count, skipped: 1))
            #expect(zipped.upload.items.prefix(files.count).map(\.instanceUid) == files.map(\.instanceUID.rawValue))
            let replayed = try await Self.post(archive, "application/zip", zip.bytes, key: "zip-1")
            #expect(replayed.headers.first(name: "Idempotency-Replayed") == "true")
            #expect(replayed.upload.counts == zipped.upload.counts)

            let parts = files.map { file in
                (#"Content-Disposition: form-data; name="f"; filename="\#(file.relativePath)""#, file.bytes)
            }
            let form = try await Self.post(archive, "multipart/form-data; boundary=b", Self.multipart(parts))
            #expect(form.status == 200)
            #expect(form.upload.counts == Upload.Counts(duplicate: files.count))
            for file in files {
                let path =
                    "/dicomweb/radiology/studies/\(file.studyUID)/series/\(file.seriesUID)"
                    + "/instances/\(file.instanceUID)"
                let stored = try await archive.request(
                    .GET,
                    path,
                    headers: ["Accept": "application/dicom; transfer-syntax=*"]
                )
                #expect(stored.body == file.bytes)
            }
        }
    }

    @Test("multipart/related: one file that conflicts and one that is cut do not sink the others")
    func related() async throws {
        let folder = try TemporaryDirectory()
        let files = Self.files
        try await RunningArchive.run(in: folder.path) { archive in
            _ = try await archive.upload(files[0].bytes)
            var changed = files[0].bytes
            changed[changed.count - 1] ^= 0xFF
            let contents = [changed, files[1].bytes, Array(files[2].bytes.prefix(500)), files[3].bytes]
            let parts = contents.map { ("Content-Type: application/dicom", $0) }
            let type = #"multipart/related; type="application/dicom"; boundary=b"#
            let answer = try await Self.post(archive, type, Self.multipart(parts))
            #expect(answer.status == 200)
            #expect(answer.upload.items.map(\.outcome) == ["refused", "stored", "refused", "stored"])
            #expect(answer.upload.items.map(\.reason) == ["conflict", nil, "invalid", nil])
        }
    }
}
