import DICOMweb
@testable import EmulatorStorage
import FoundationEssentials
import Glibc
import Testing

/// Each test runs a second process that ends itself with SIGKILL at one place, and looks at what it left.
///
/// The folder is handed to it in the environment, which child processes inherit.
@Suite("The end of the process", .serialized)
struct CrashTests {
    @Test("while storing: what was answered is there and whole, the rest is not there at all")
    func spooled() async throws { try await self.storing(.spooled) }

    @Test("after the bytes are flushed")
    func flushed() async throws { try await self.storing(.flushed) }

    @Test("after the file has its name")
    func renamed() async throws { try await self.storing(.renamed) }

    @Test("after the name is flushed")
    func folderFlushed() async throws { try await self.storing(.folderFlushed) }

    @Test("after the commit, before the answer: the object is there")
    func committed() async throws { try await self.storing(.committed) }

    @Test("after the deletion began, before a row is gone")
    func unlisted() async throws { try await self.deleting(.unlisted) }

    @Test("after rows are gone, before their files")
    func rowsDeleted() async throws { try await self.deleting(.rowsDeleted) }

    @Test("after the files are gone, before the parents' rows")
    func filesRemoved() async throws { try await self.deleting(.filesRemoved) }

    @Test("after the deletion is finished")
    func deletionFinished() async throws { try await self.deleting(.deletionFinished) }

    @Test("after a store was deleted, while its contents are removed")
    func storeDeletion() async throws {
        try await Self.inFolder { directory in
            await #expect(processExitsWith: .signal(SIGKILL)) {
                try await CrashTests.die(at: .rowsDeleted) { fixture in
                    try await fixture.put(TestObject(study: 1))
                    try await fixture.put(TestObject(study: 2))
                    try await fixture.archive.deleteStore(fixture.store)
                    await fixture.archive.settled()
                }
            }
            try await ArchiveFixture.with(directory: directory) { fixture in
                await fixture.archive.settled()
                let stored = try await fixture.archive.store(fixture.store)
                #expect(stored == nil)
                #expect(try fixture.files().isEmpty)
            }
        }
    }

    private func storing(_ point: FaultPoints.Point) async throws {
        setenv("COLLIMATOR_TEST_POINT", point.rawValue, 1)
        try await Self.inFolder { directory in
            await #expect(processExitsWith: .signal(SIGKILL)) {
                try await CrashTests.die { fixture, arm in
                    try await fixture.put(TestObject(instance: 1))
                    arm()
                    _ = try await fixture.upload(try TestObject(instance: 2).bytes())
                }
            }
            try await ArchiveFixture.with(directory: directory) { fixture in
                let report = await fixture.archive.settled()
                let found = try await fixture.all(TestObject().scope(in: fixture.store).study)
                let expected = point == .committed ? [1, 2] : [1]
                #expect(found.map(\.instance.rawValue) == expected.map { "1.2.3.1.1.\($0)" })
                for (instance, stored) in zip(expected, found) {
                    let bytes = try #require(FileManager.default.contents(atPath: stored.filePath))
                    #expect(try Array(bytes) == TestObject(instance: instance).bytes())
                }
                let isOrphan = point == .renamed || point == .folderFlushed
                #expect(report == SweepReport(orphansRemoved: isOrphan ? 1 : 0))
                #expect(try fixture.files().count == expected.count)
                #expect(try fixture.spooled().isEmpty)
                let again = try await fixture.upload(try TestObject(instance: 2).bytes())
                #expect(point == .committed ? again.identicalInstance != nil : again.storedInstance != nil)
            }
        }
    }

    private func deleting(_ point: FaultPoints.Point) async throws {
        setenv("COLLIMATOR_TEST_POINT", point.rawValue, 1)
        try await Self.inFolder { directory in
            await #expect(processExitsWith: .signal(SIGKILL)) {
                try await CrashTests.die { fixture, arm in
                    try await fixture.put(TestObject(study: 1))
                    try await fixture.put(TestObject(study: 1, series: 2))
                    try await fixture.put(TestObject(study: 2))
                    arm()
                    try await fixture.archive.delete(TestObject().scope(in: fixture.store).study)
                }
            }
            try await ArchiveFixture.with(directory: directory) { fixture in
                let early = try await fixture.search(.study).map { $0.string(.studyInstanceUID) }
                let report = await fixture.archive.settled()
                let metrics = try await fixture.archive.metrics(of: fixture.store)
                #expect(early == ["1.2.3.2"])
                #expect(report.filesMissing == 0)
                #expect(try fixture.files().count == 1)
                #expect(metrics.studyCount == 1 && metrics.seriesCount == 1 && metrics.instanceCount == 1)
                let again = try await fixture.upload(try TestObject(study: 1).bytes())
                #expect(again.storedInstance != nil)
            }
        }
    }

    private static func inFolder(_ body: (String) async throws -> Void) async throws {
        let folder = try TestFolder()
        setenv("COLLIMATOR_TEST_FOLDER", folder.path, 1)
        try await body(folder.path)
        withExtendedLifetime(folder) {}
    }

    /// In the child: opens the archive and ends the process where the environment says, once it is armed.
    static func die(_ body: (ArchiveFixture, _ arm: () -> Void) async throws -> Void) async throws {
        let name = ProcessInfo.processInfo.environment["COLLIMATOR_TEST_POINT"] ?? ""
        let wanted = FaultPoints.Point(rawValue: name)
        let isArmed = Flag()
        let faults = FaultPoints { point in
            if point == wanted, isArmed.isSet { kill(getpid(), SIGKILL) }
        }
        let directory = ProcessInfo.processInfo.environment["COLLIMATOR_TEST_FOLDER"] ?? ""
        try await ArchiveFixture.with(directory: directory, faults: faults) { fixture in
            try await body(fixture) { isArmed.set() }
        }
    }

    /// The same, armed from the start, at a place that the caller names.
    static func die(
        at point: FaultPoints.Point,
        _ body: (ArchiveFixture) async throws -> Void
    ) async throws {
        setenv("COLLIMATOR_TEST_POINT", point.rawValue, 1)
        try await self.die { fixture, arm in
            arm()
            try await body(fixture)
        }
    }
}
