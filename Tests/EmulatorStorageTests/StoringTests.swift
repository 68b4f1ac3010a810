import CollimatorCore
import Cryptography
import DICOMweb
@testable import EmulatorStorage
import FoundationEssentials
import Glibc
import NIOCore
import Persistence
import Testing

@Suite("Storing an instance")
struct StoringTests {
    @Test("keeps the bytes and says what they are")
    func stored() async throws {
        try await ArchiveFixture.with { fixture in
            let bytes = try TestObject().bytes()
            let stored = try #require(await fixture.upload(bytes).storedInstance)
            let file = try #require(FileManager.default.contents(atPath: stored.filePath))
            #expect(Array(file) == bytes)
            #expect(stored.sizeBytes == Int64(bytes.count))
            #expect(stored.study.rawValue == "1.2.3.1")
            #expect(stored.series.rawValue == "1.2.3.1.1")
            #expect(stored.instance.rawValue == "1.2.3.1.1.1")
            #expect(stored.sopClassUID == "1.2.840.10008.5.1.4.1.1.2")
            #expect(stored.transferSyntaxUID == "1.2.840.10008.1.2.1")
            #expect(stored.numberOfFrames == 1)
            #expect(stored.storageClass == .standard)
            #expect(stored.storedAt == Date(timeIntervalSince1970: 1_700_000_000.5))
            let found = try await fixture.archive.instance(TestObject().scope(in: fixture.store).instance)
            #expect(found == stored)
            #expect(try fixture.spooled().isEmpty)
        }
    }

    @Test("identical bytes are identical, other bytes of the same UID are refused")
    func duplicates() async throws {
        try await ArchiveFixture.with { fixture in
            let first = try await fixture.put(TestObject())
            let same = try await fixture.upload(try TestObject().bytes())
            let other = try await fixture.upload(try TestObject(comment: "x").bytes())
            #expect(same.identicalInstance == first)
            #expect(other.refusal == .alreadyExistsDifferent)
            #expect(try fixture.files().count == 1)
            let metrics = try await fixture.archive.metrics(of: fixture.store)
            #expect(metrics.instanceCount == 1)
        }
    }

    @Test("a UID that is in another study of the store is refused, in another store it is stored")
    func otherStudy() async throws {
        try await ArchiveFixture.with { fixture in
            let other = try storeName("other")
            try await fixture.archive.createStore(other, body: [])
            try await fixture.put(TestObject())
            var set = TestObject().dataSet
            set.set(.studyInstanceUID, "1.2.3.9")
            let bytes = try Part10Bytes.encode(set)
            let inOtherStudy = try await fixture.upload(bytes)
            let inOtherStore = try await fixture.upload(bytes, to: other)
            #expect(inOtherStudy.refusal == .alreadyExistsDifferent)
            #expect(inOtherStore.storedInstance != nil)
            let studies = try await fixture.search(.study)
            #expect(studies.count == 1)
        }
    }

    @Test("an object of another study than the request's is refused and its neighbour stored")
    func studyMismatch() async throws {
        try await ArchiveFixture.with { fixture in
            let study = try #require(StudyUID("1.2.3.1"))
            let wrong = try await fixture.upload(try TestObject(study: 2).bytes(), expecting: study)
            let right = try await fixture.upload(try TestObject(study: 1).bytes(), expecting: study)
            #expect(wrong.refusal == .studyMismatch)
            #expect(right.storedInstance != nil)
            #expect(try fixture.files().count == 1)
        }
    }

    @Test("what is no object is refused with the reason and leaves nothing", arguments: Malformed.allCases)
    func malformed(kind: Malformed) async throws {
        try await ArchiveFixture.with { fixture in
            let outcome = try await fixture.upload(try kind.bytes())
            #expect(kind.reasons.contains(try #require(outcome.refusal)))
            #expect(try fixture.files().isEmpty)
            #expect(try fixture.spooled().isEmpty)
            let metrics = try await fixture.archive.metrics(of: fixture.store)
            #expect(metrics == StorageMetrics())
        }
    }

    @Test("a store that is not there is a failure and leaves nothing")
    func missingStore() async throws {
        try await ArchiveFixture.with { fixture in
            let outcome = try await fixture.upload(try TestObject().bytes(), to: try storeName("nowhere"))
            #expect(outcome.failure == .storeNotFound)
            #expect(try fixture.files().isEmpty)
        }
    }

    @Test("an upload that is dropped or discarded leaves nothing")
    func dropped() async throws {
        try await ArchiveFixture.with { fixture in
            var spool: SpoolFile? = try fixture.archive.makeSpoolFile()
            try await spool?.write(ByteBuffer(repeating: 7, count: 100))
            #expect(try fixture.spooled().count == 1)
            spool = nil
            // The thread that closed it may hold it for a moment longer.
            for _ in 0..<1_000 where try !fixture.spooled().isEmpty { try await Task.sleep(for: .milliseconds(10)) }
            #expect(try fixture.spooled().isEmpty)
            let discarded = try fixture.archive.makeSpoolFile()
            await discarded.discard()
            #expect(try fixture.spooled().isEmpty)
        }
    }

    @Test("hashes and measures what comes in pieces, large ones written before the end", arguments: [0, 1, 3_000_000])
    func spooling(size: Int) async throws {
        try await ArchiveFixture.with { fixture in
            let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let spool = try fixture.archive.makeSpoolFile()
            for start in stride(from: 0, to: size, by: 60_000) {
                try await spool.write(ByteBuffer(bytes: bytes[start..<min(start + 60_000, size)]))
            }
            let digest = try await spool.finish()
            let again = try await spool.finish()
            #expect(digest == again)
            #expect(digest.sizeBytes == Int64(size))
            #expect(digest.sha256 == SHA256.hash(bytes))
            #expect(try Array(#require(FileManager.default.contents(atPath: spool.path))) == bytes)
        }
    }

    @Test("a file that is finished and closed stays until it is dropped, and cannot be stored")
    func closedSpool() async throws {
        try await ArchiveFixture.with { fixture in
            var spool: SpoolFile? = try fixture.archive.makeSpoolFile()
            try await spool?.write(ByteBuffer(bytes: TestObject().bytes()))
            try await spool?.finishAndClose()
            let path = try #require(spool?.path)
            #expect(try FileManager.default.contents(atPath: path).map { Array($0) } == TestObject().bytes())
            let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap {
                try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
            }
            #expect(!open.contains(path))
            spool = nil
            // The thread that closed it may hold it for a moment longer.
            for _ in 0..<1_000 where try !fixture.spooled().isEmpty { try await Task.sleep(for: .milliseconds(10)) }
            #expect(try fixture.spooled().isEmpty)
            let other = try fixture.archive.makeSpoolFile()
            try await other.write(ByteBuffer(bytes: TestObject().bytes()))
            try await other.finishAndClose()
            let outcome = await fixture.archive.storeInstance(other, in: fixture.store)
            #expect(outcome.failure == .io)
            #expect(try fixture.spooled().isEmpty)
        }
    }

    @Test("too many open files are told from a broken disk")
    func openFiles() {
        #expect(POSIXFile.failure(EMFILE) == .tooManyOpenFiles)
        #expect(POSIXFile.failure(ENFILE) == .tooManyOpenFiles)
        #expect(POSIXFile.failure(EIO) == .io)
    }

    @Test("an object that the index refuses fails alone, not those committed with it")
    func poisoned() async throws {
        let folder = try TestFolder()
        let gate = Flag()
        // The first commit is held up until the others wait for the next one.
        let faults = FaultPoints(reach: { point in
            while point == .renamed, !gate.isSet { usleep(1000) }
        })
        try await ArchiveFixture.with(directory: folder.path, faults: faults) { fixture in
            try await fixture.archive.writing { connection in
                _ = try connection.execute(
                    """
                    CREATE TRIGGER poison BEFORE INSERT ON instance WHEN new.uid = '1.2.3.1.1.4'
                    BEGIN SELECT RAISE(ABORT, 'poisoned'); END
                    """
                )
            }
            let count = 8
            let outcomes = try await withThrowingTaskGroup(of: (Int, StoreOutcome).self) { group in
                for instance in 1...count {
                    group.addTask { (instance, try await fixture.upload(try TestObject(instance: instance).bytes())) }
                }
                while await fixture.archive.committer.waitingCount < count - 1 { await Task.yield() }
                gate.set()
                return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }
            let found = try await fixture.search(.instance)
            for (instance, outcome) in outcomes {
                #expect((outcome.storedInstance != nil) == (instance != 4), "\(instance)")
            }
            #expect(outcomes[4]?.failure == .internalFault)
            #expect(found.count == count - 1)
        }
        withExtendedLifetime(folder) {}
    }

    @Test("a folder belongs to one archive at a time")
    func lock() async throws {
        try await ArchiveFixture.with { fixture in
            await #expect(throws: ArchiveError.inUse) { _ = try await Archive.open(.test(fixture.directory)) }
        }
    }

    @Test("keeps everything when it is opened again")
    func reopened() async throws {
        try await ArchiveFixture.with { fixture in
            let stored = try await fixture.put(TestObject())
            await fixture.archive.close()
            try await ArchiveFixture.with(directory: fixture.directory) { second in
                let found = try await second.archive.instance(TestObject().scope(in: second.store).instance)
                let report = await second.archive.settled()
                let next = try await second.put(TestObject(instance: 2))
                #expect(found == stored)
                #expect(report == SweepReport())
                #expect(next.filePath != stored.filePath)
            }
        }
    }

    enum Malformed: String, CaseIterable, Sendable {
        case empty, text, truncated, withoutStudy, invalidUID

        var reasons: Set<RefusalReason> {
            switch self {
            case .empty, .text: [.notDICOM]
            case .truncated: [.truncated]
            case .withoutStudy: [.missingIdentity]
            case .invalidUID: [.invalidUID]
            }
        }

        func bytes() throws -> [UInt8] {
            var set = TestObject().dataSet
            switch self {
            case .empty: return []
            case .text: return Array("This is no DICOM file at all, and long enough to be one.\n".utf8)
            case .truncated: return try TestObject().bytes().dropLast(2)
            case .withoutStudy: set.remove(.studyInstanceUID)
            case .invalidUID: set.set(.studyInstanceUID, "1.2..3")
            }
            return try Part10Bytes.encode(set)
        }
    }
}
