import Archives
import CollimatorCore
import Cryptography
import DICOMweb
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import Gateway

@Suite("GET …/archive", .timeLimit(.minutes(5)))
struct ArchiveDownloadTests {
    private static let path = "\(Sample.studyPath)/archive"

    /// What the file of an instance holds: something of its own, larger than a piece of the archive.
    private static func content(_ uid: String) -> String {
        String(repeating: uid + "\n", count: 9_000)
    }

    private static func instances(_ count: Int) -> [DataSet] {
        (0..<count).map { Sample.instance(uid: "1.5.\(100 + $0)", series: $0 % 2 == 0 ? "1.4" : "1.3") }
    }

    /// A study of some instances, of which one may fail as told.
    private static func upstream(
        _ count: Int,
        failing: @escaping @Sendable (_ uid: String, _ time: Int) throws -> Void = { _, _ in }
    ) -> ScriptedUpstream {
        let times = Mutex<[String: Int]>([:])
        return ScriptedUpstream(
            search: { search in
                Self.instances(count).filter { set in search.matches.allSatisfy { set.string($0.tag) == $0.value } }
                    .dropFirst(search.offset).map { $0 }
            },
            exchange: { request in
                let uid = String(request.path.split(separator: "/").last ?? "")
                let time = times.withLock { times in
                    times[uid, default: 0] += 1
                    return times[uid, default: 0]
                }
                try failing(uid, time)
                let text = Self.content(uid)
                let half = text.index(text.startIndex, offsetBy: text.count / 2)
                return .chunks(
                    [String(text[..<half]), String(text[half...])],
                    headers: [.contentType: "application/dicom"]
                )
            }
        )
    }

    private static func entries(_ body: ByteBuffer) throws -> [(name: String, bytes: [UInt8])] {
        let folder = try TemporaryDirectory()
        let path = folder.path + "/a.zip"
        try Data(body.readableBytesView).write(to: URL(fileURLWithPath: path))
        var zip = try ZipReader(path: path)
        var entries: [(name: String, bytes: [UInt8])] = []
        while let entry = try zip.nextEntry() {
            var bytes: [UInt8] = []
            while let piece = try zip.nextPiece() { bytes += piece }
            entries.append((entry.name, bytes))
        }
        return entries
    }

    private struct Manifest: Decodable {
        let version: Int
        let store: String
        let study: String
        let series: String?
        let count: Int
        let bytes: Int
        let files: [File]

        struct File: Decodable {
            let path: String
            let bytes: Int
            let sha256: String
        }
    }

    @Test("holds every file under its identifiers, and a manifest last", arguments: [1, 2, 9, 23])
    func study(count: Int) async throws {
        let gateway = try GatewayUnderTest(Self.upstream(count))
        let answer = try await gateway.request(.get, Self.path)
        #expect(answer.status == .ok)
        #expect(answer.headers[.contentType] == "application/zip")
        #expect(answer.headers[.contentDisposition] == "attachment; filename=\"\(Sample.study).zip\"")
        let entries = try Self.entries(answer.body)
        let expected = Self.instances(count).map { set in
            "\(Sample.study)/\(set.string(.seriesInstanceUID) ?? "")/\(set.string(.sopInstanceUID) ?? "").dcm"
        }
        #expect(entries.map(\.name) == expected.sorted() + ["MANIFEST.json"])
        let manifest = try JSONDecoder().decode(Manifest.self, from: Data(try #require(entries.last).bytes))
        #expect(manifest.version == 1)
        #expect(manifest.store == "radiology")
        #expect(manifest.study == Sample.study)
        #expect(manifest.series == nil)
        #expect(manifest.count == count)
        #expect(manifest.bytes == entries.dropLast().map(\.bytes.count).reduce(0, +))
        for (file, entry) in zip(manifest.files, entries) {
            let uid = try #require(entry.name.split(separator: "/").last).dropLast(4)
            #expect(file.path == entry.name)
            #expect(file.bytes == entry.bytes.count)
            #expect(file.sha256 == Hexadecimal.encode(SHA256.hash(entry.bytes)))
            #expect(entry.bytes == Array(Self.content(String(uid)).utf8))
        }
    }

    @Test("holds one series where that is asked for")
    func series() async throws {
        let gateway = try GatewayUnderTest(Self.upstream(4))
        let answer = try await gateway.request(.get, "\(Sample.studyPath)/series/1.3/archive")
        let names = try Self.entries(answer.body).map(\.name)
        #expect(names == ["\(Sample.study)/1.3/1.5.101.dcm", "\(Sample.study)/1.3/1.5.103.dcm", "MANIFEST.json"])
        #expect(answer.headers[.contentDisposition] == "attachment; filename=\"1.3.zip\"")
    }

    @Test("what is not there is 404 before the first byte; parameters are refused")
    func refusals() async throws {
        let upstream = Self.upstream(2)
        let gateway = try GatewayUnderTest(upstream)
        let missing = try await gateway.request(.get, "\(Sample.studyPath)/series/1.9/archive")
        #expect(missing.status == .notFound)
        let parameter = try await gateway.request(.get, "\(Self.path)?format=tar")
        #expect(parameter.status == .badRequest)
        #expect(upstream.log.requests.isEmpty)
    }

    @Test("an upstream that fails before the first byte is told with a status")
    func failingAtFirst() async throws {
        let gateway = try GatewayUnderTest(
            Self.upstream(3, failing: { _, _ in throw DICOMwebError.unavailable(retryAfter: nil) })
        )
        let answer = try await gateway.request(.get, Self.path)
        #expect(answer.status == .serviceUnavailable)
    }

    @Test("a file that fails later cuts the connection, whichever it is", arguments: [101, 104, 108])
    func failingLater(number: Int) async throws {
        let gateway = try GatewayUnderTest(
            Self.upstream(9, failing: { uid, _ in if uid == "1.5.\(number)" { throw DICOMwebError.transport } })
        )
        // The series 1.3 comes first, so that the first file is fetched before the answer begins.
        guard number != 101 else {
            let answer = try await gateway.request(.get, Self.path)
            #expect(answer.status == .serviceUnavailable)
            return
        }
        await #expect(throws: (any Error).self) {
            try await gateway.application.test(.live) { client in
                try await client.execute(uri: Self.path, method: .get, headers: GatewayUnderTest.bearer)
            }
        }
    }

    @Test("an answer that was given up while it waited is asked for once more")
    func askedAgain() async throws {
        let upstream = Self.upstream(
            9,
            failing: { uid, time in if uid == "1.5.104", time == 1 { throw DICOMwebError.transport } }
        )
        let answer = try await GatewayUnderTest(upstream).request(.get, Self.path)
        #expect(try Self.entries(answer.body).count == 10)
        #expect(upstream.log.requests.count == 10)
    }

    @Test("an identifier that is none makes no name")
    func unusableIdentifier() async throws {
        let gateway = try GatewayUnderTest(
            ScriptedUpstream(search: { $0.offset > 0 ? [] : [Sample.instance(uid: "../../etc/passwd")] })
        )
        let answer = try await gateway.request(.get, Self.path)
        #expect(answer.status == .badGateway)
    }

    @Test("more files than one archive may hold are refused")
    func tooMany() async throws {
        let gateway = try GatewayUnderTest(
            ScriptedUpstream(search: { search in
                (0..<search.limit).map { Sample.instance(uid: "1.\(search.offset + $0)") }
            })
        )
        let answer = try await gateway.request(.get, Self.path)
        #expect(answer.status == .unprocessableContent)
    }
}
