import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import TestSupport
import Testing

@testable import Gateway

@Suite("Uploads of several files")
struct ManyFilesTests {
    private static let related = #"multipart/related; type="application/dicom"; boundary=b"#
    private static let form = "multipart/form-data; boundary=b"
    private static let part = "Content-Type: application/dicom"

    private static func field(_ name: String, file: String?) -> String {
        "Content-Disposition: form-data; name=\"\(name)\"" + (file.map { "; filename=\"\($0)\"" } ?? "")
    }

    private func post(
        _ type: String,
        _ body: [UInt8],
        to upstream: ScriptedUpstream,
        limits: GatewayLimits = GatewayLimits(),
        changes: StudyChanges = .unheard
    ) async throws -> TestResponse {
        var gateway = try GatewayUnderTest(upstream, limits: limits)
        gateway.parts.changes = changes
        var headers = GatewayUnderTest.bearer
        headers[.contentType] = type
        return try await gateway.request(.post, UploadSample.path, headers: headers, body: ByteBuffer(bytes: body))
    }

    @Test("multipart/related: every part is stored, and each study is reported once")
    func related() async throws {
        let files = (1...9).map { UploadSample.file("1.2.\($0)", bytes: 100_000) }
        let upstream = UploadSample.storing()
        let heard = HeardChanges()
        let body = UploadSample.multipart(files.map { (Self.part, $0) })
        let answer = try await self.post(Self.related, body, to: upstream, changes: heard.hook)
        #expect(answer.status == .created)
        #expect(answer.headers[.location] == Sample.studyPath)
        let upload = try answer.upload()
        #expect(upload.counts == UploadText.Counts(stored: 9))
        #expect(upload.items.map(\.index) == Array(0..<9))
        #expect(upload.items.map(\.instanceUid) == (1...9).map { "1.2.\($0)" })
        #expect(Set(upstream.log.stored) == Set(files))
        #expect(heard.all.map(\.study.rawValue) == [Sample.study])
    }

    @Test("one bad file does not sink the others, and each has its reason")
    func mixed() async throws {
        let upstream = UploadSample.storing(
            { file in
                switch UploadSample.instance(of: file) {
                case "1.2.3": .conflicting
                case "1.2.4": .refused
                case "1.2.5": throw DICOMwebError.timeout
                case let instance: .stored(UploadSample.reference(instance: instance))
                }
            },
            search: { search in search.matches.first?.value == "1.2.2" ? [Sample.instance()] : [] }
        )
        let parts =
            (1...5).map { (Self.part, UploadSample.file("1.2.\($0)")) } + [("Content-Type: image/png", [1, 2, 3])]
        let answer = try await self.post(Self.related, UploadSample.multipart(parts), to: upstream)
        #expect(answer.status == .ok)
        let upload = try answer.upload()
        #expect(upload.counts == UploadText.Counts(stored: 1, duplicate: 1, refused: 4))
        let reasons = [nil, nil, "conflict", "invalid", "upstream-failed", "unsupported-media-type"]
        #expect(upload.items.map(\.reason) == reasons)
        #expect(upload.items.allSatisfy { ($0.reason == nil) == ($0.detail == nil) })
    }

    @Test("a file that comes twice is stored once and a duplicate once")
    func twice() async throws {
        // The store has it neither time that it is asked, as when both are sent side by side.
        let heard = HeardChanges()
        let files = ["1.2.1", "1.2.1", "1.2.2"].map { (Self.part, UploadSample.file($0)) }
        let answer = try await self.post(
            Self.related,
            UploadSample.multipart(files),
            to: UploadSample.storing(),
            changes: heard.hook
        )
        #expect(answer.status == .ok)
        #expect(answer.headers[.location] == nil)
        let upload = try answer.upload()
        #expect(upload.items.map(\.outcome) == ["stored", "duplicate", "stored"])
        #expect(upload.items.map(\.instanceUid) == ["1.2.1", "1.2.1", "1.2.2"])
        #expect(upload.counts == UploadText.Counts(stored: 2, duplicate: 1))
        #expect(heard.all.count == 1)
    }

    @Test("a receipt counts for the file that names its instance and for no other of the request")
    func receiptOfAnother() async throws {
        let upstream = UploadSample.storing { _ in .stored(UploadSample.reference(instance: "1.2.1")) }
        for order in [["1.2.1", "1.2.2"], ["1.2.2", "1.2.1"]] {
            let files = order.map { (Self.part, UploadSample.file($0)) }
            let answer = try await self.post(Self.related, UploadSample.multipart(files), to: upstream)
            #expect(answer.status == .ok)
            let upload = try answer.upload()
            #expect(upload.items.map(\.outcome) == order.map { $0 == "1.2.1" ? "stored" : "refused" })
            #expect(upload.items.compactMap(\.reason) == ["upstream-failed"])
        }
        // Two files whose file meta information is wrong, and which are one instance.
        let files = ["1.2.8", "1.2.9"].map { (Self.part, UploadSample.file($0, dataSet: "1.2.1")) }
        let answer = try await self.post(Self.related, UploadSample.multipart(files), to: upstream)
        #expect(try answer.upload().items.map(\.outcome) == ["stored", "duplicate"])
    }

    @Test("a zip file within a form is passed over, and the answer says how to send it")
    func zipWithinForm() async throws {
        var zip = StoredZip()
        zip.add("1.dcm", UploadSample.file("1.2.1"))
        let upstream = UploadSample.storing()
        let parts = [(Self.field("f", file: "study.zip"), zip.bytes)]
        let answer = try await self.post(Self.form, UploadSample.multipart(parts), to: upstream)
        #expect(answer.status == .unprocessableContent)
        let item = try #require(try answer.upload().items.first)
        #expect(item.outcome == "skipped" && item.reason == "not-dicom")
        #expect(item.detail?.contains("application/zip") == true)
        #expect(upstream.log.stored.isEmpty)
    }

    @Test("a form: any field name, several files, fields that are no files passed over")
    func form() async throws {
        let parts = [
            (Self.field("files", file: "a.dcm"), UploadSample.file("1.2.1")),
            (Self.field("note", file: nil), Array("hello".utf8)),
            (Self.field("files", file: "Müller\u{301}.dcm"), UploadSample.file("1.2.2")),
            (Self.field("x", file: "DICOMDIR"), UploadSample.file("1.2.3", sopClass: "1.2.840.10008.1.3.10")),
            (Self.field("x", file: "readme.txt"), Array("hello".utf8)),
            (Self.field("x", file: "none"), []),
        ]
        let upstream = UploadSample.storing()
        let answer = try await self.post(Self.form, UploadSample.multipart(parts), to: upstream)
        #expect(answer.status == .ok)
        let upload = try answer.upload()
        #expect(upload.counts == UploadText.Counts(stored: 2, skipped: 3))
        #expect(upload.items.map(\.name) == ["a.dcm", "Müller\u{301}.dcm", "DICOMDIR", "readme.txt", "none"])
        #expect(upload.items.map(\.reason) == [nil, nil, "dicomdir", "not-dicom", "empty"])
        #expect(upstream.log.stored.count == 2)
    }

    @Test(
        "the name of a file is read in each of its forms",
        arguments: [
            (#"form-data; name="f"; filename="a b.dcm""#, "a b.dcm"),
            ("form-data; name=f; filename*=UTF-8''M%C3%BCller.dcm", "Müller.dcm"),
            ("form-data; filename=Muller.dcm; filename*=utf-8'de'M%C3%BCller%20%221%22.dcm", "Müller \"1\".dcm"),
            ("form-data; filename=Muller.dcm; filename*=UTF-8''M%C3.dcm", "Muller.dcm"),
            ("form-data; filename=a.dcm; filename*=ISO-8859-1''M%FCller.dcm", "a.dcm"),
            ("form-data; filename*=ISO-8859-1''M%FCller.dcm", "ISO-8859-1''M%FCller.dcm"),
            ("form-data; name=f", ""),
        ]
    )
    func fileNames(disposition: String, name: String) {
        #expect(MultipartUpload.fileName(disposition) ?? "" == name)
    }

    @Test("nothing stored is 422, some or everything there already is 200")
    func statuses() async throws {
        let parts = [(Self.field("f", file: "a.txt"), Array("hello".utf8))]
        let none = try await self.post(Self.form, UploadSample.multipart(parts), to: UploadSample.storing())
        #expect(none.status == .unprocessableContent)
        #expect(try none.upload().counts == UploadText.Counts(skipped: 1))
        let there = UploadSample.storing(search: { _ in [Sample.instance()] })
        let again = try await self.post(
            Self.related,
            UploadSample.multipart([(Self.part, UploadSample.file())]),
            to: there
        )
        #expect(again.status == .ok)
        #expect(try again.upload().counts == UploadText.Counts(duplicate: 1))
        let onlyFirst = UploadSample.storing(
            search: { search in search.matches.first?.value == "1.2.1" ? [Sample.instance()] : [] }
        )
        let both = UploadSample.multipart(["1.2.1", "1.2.2"].map { (Self.part, UploadSample.file($0)) })
        let some = try await self.post(Self.related, both, to: onlyFirst)
        #expect(some.status == .ok)
        #expect(try some.upload().counts == UploadText.Counts(stored: 1, duplicate: 1))
        let empty = try await self.post(Self.form, UploadSample.multipart([]), to: there)
        #expect(empty.status == .unprocessableContent)
        #expect(try empty.problem().detail != nil)
    }

    @Test("a store that is down is a problem of the store, not of the files")
    func upstreamDown() async throws {
        let upstream = UploadSample.storing { _ in throw DICOMwebError.transport }
        let body = UploadSample.multipart([(Self.part, UploadSample.file()), (Self.part, UploadSample.file("1.2.3"))])
        let answer = try await self.post(Self.related, body, to: upstream)
        #expect(answer.status == .serviceUnavailable)
    }

    @Test("a body that ends early is a problem, and what was whole before is stored and reported")
    func truncated() async throws {
        let heard = HeardChanges()
        let upstream = UploadSample.storing()
        var body = UploadSample.multipart([
            (Self.part, UploadSample.file("1.2.1")), (Self.part, UploadSample.file("1.2.2")),
        ])
        body.removeLast(200)
        let answer = try await self.post(Self.related, body, to: upstream, changes: heard.hook)
        #expect(answer.status == .badRequest)
        #expect(try answer.problem().detail?.contains("safe") == true)
        #expect(upstream.log.stored == [UploadSample.file("1.2.1")])
        #expect(heard.all.count == 1)
    }

    @Test("files, bytes of a file, bytes of a request and names have limits")
    func limits() async throws {
        var limits = GatewayLimits()
        limits.uploadFilesMax = 2
        limits.uploadBytesMax = 5000
        limits.fileNameBytesMax = 10
        let three = (1...3).map { (Self.part, UploadSample.file("1.2.\($0)")) }
        let tooMany = try await self.post(
            Self.related,
            UploadSample.multipart(three),
            to: UploadSample.storing(),
            limits: limits
        )
        #expect(tooMany.status == .contentTooLarge)

        let parts = [
            (Self.field("f", file: "a-rather-long-name.dcm"), UploadSample.file("1.2.1", bytes: 10_000)),
            (Self.field("f", file: "b.dcm"), UploadSample.file("1.2.2")),
        ]
        let answer = try await self.post(
            Self.form,
            UploadSample.multipart(parts),
            to: UploadSample.storing(),
            limits: limits
        )
        let upload = try answer.upload()
        #expect(upload.items.map(\.reason) == ["too-large", nil])
        #expect(upload.items.allSatisfy { ($0.name?.utf8.count ?? 0) <= 10 })

        limits.uploadRequestBytesMax = 1000
        let tooLong = try await self.post(
            Self.form,
            UploadSample.multipart(parts),
            to: UploadSample.storing(),
            limits: limits
        )
        #expect(tooLong.status == .contentTooLarge)
    }

    @Test(
        "broken multipart bodies are refused",
        arguments: [
            ("multipart/form-data", "--b\r\n"), ("multipart/form-data; boundary=b", "hello"),
            ("multipart/related; boundary=b", "--b\r\nno header\r\n\r\nx\r\n--b--\r\n"),
        ]
    )
    func broken(type: String, body: String) async throws {
        let answer = try await self.post(type, Array(body.utf8), to: UploadSample.storing())
        #expect(answer.status == .badRequest)
    }

    @Test("a zip file: nested folders, an index, other files, what macOS adds")
    func zip() async throws {
        var zip = StoredZip()
        zip.add("study/series/1.dcm", UploadSample.file("1.2.1", bytes: 600_000))
        zip.add("DICOMDIR", UploadSample.file("1.2.9", sopClass: "1.2.840.10008.1.3.10"))
        zip.add("study/readme.txt", Array("hello".utf8))
        zip.add("__MACOSX/study/series/._1.dcm", UploadSample.file("1.2.8"))
        zip.add("study/series/2.dcm", UploadSample.file("1.2.2"))
        let upstream = UploadSample.storing()
        let answer = try await self.post("application/zip", zip.bytes, to: upstream)
        #expect(answer.status == .ok)
        let upload = try answer.upload()
        #expect(upload.counts == UploadText.Counts(stored: 2, skipped: 3))
        #expect(upload.items.map(\.reason) == [nil, "dicomdir", "not-dicom", "resource-fork", nil])
        #expect(upload.items.first?.name == "study/series/1.dcm")
        #expect(Set(upstream.log.stored) == [UploadSample.file("1.2.1", bytes: 600_000), UploadSample.file("1.2.2")])
    }

    @Test("a zip file with a path outside or an encrypted entry is refused before anything is stored")
    func hostileZip() async throws {
        for (name, flags) in [("../evil.dcm", UInt16(0)), ("/etc/evil.dcm", 0), ("secret.dcm", 1)] {
            var zip = StoredZip()
            zip.add("good.dcm", UploadSample.file())
            zip.add(name, UploadSample.file("1.2.2"), flags: flags)
            let upstream = UploadSample.storing()
            let answer = try await self.post("application/zip", zip.bytes, to: upstream)
            #expect(answer.status == .unprocessableContent, "\(name)")
            #expect(try answer.problem().detail?.contains("zip file has an") == true)
            #expect(upstream.log.stored.isEmpty)
        }
        let cut = StoredZip().bytes + Array("PK".utf8)
        let answer = try await self.post("application/zip", cut, to: UploadSample.storing())
        #expect(answer.status == .unprocessableContent)
    }

    @Test("an entry that does not agree with its checksum is refused, and so are those after it")
    func corruptEntry() async throws {
        var zip = StoredZip()
        zip.add("1.dcm", UploadSample.file("1.2.1"))
        zip.add("2.dcm", UploadSample.file("1.2.2"), checksum: 1)
        zip.add("3.dcm", UploadSample.file("1.2.3"))
        let upstream = UploadSample.storing()
        let answer = try await self.post("application/zip", zip.bytes, to: upstream)
        #expect(answer.status == .ok)
        let upload = try answer.upload()
        #expect(upload.items.map(\.outcome) == ["stored", "refused", "refused"])
        #expect(upload.items.last?.reason == "not-read")
        #expect(upstream.log.stored == [UploadSample.file("1.2.1")])
    }

    @Test("a zip file with too much in it is refused")
    func largeZip() async throws {
        var zip = StoredZip()
        for number in 1...3 { zip.add("\(number).dcm", UploadSample.file("1.2.\(number)")) }
        for change in [\GatewayLimits.uploadFilesMax, \.zipExpandedBytesMax, \.zipBytesMax] {
            var limits = GatewayLimits()
            limits[keyPath: change] = 2
            let upstream = UploadSample.storing()
            let answer = try await self.post("application/zip", zip.bytes, to: upstream, limits: limits)
            #expect(answer.status == .contentTooLarge)
            #expect(upstream.log.stored.isEmpty)
        }
    }
}
