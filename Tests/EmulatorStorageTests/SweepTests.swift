@testable import EmulatorStorage
import FoundationEssentials
import Testing

@Suite("The sweep at the start")
struct SweepTests {
    @Test("removes files without rows, reports rows without files, and leaves all else alone")
    func sweep() async throws {
        let folder = try TestFolder()
        var kept = ""
        try await ArchiveFixture.with(directory: folder.path) { fixture in
            kept = try await fixture.put(TestObject(instance: 1)).filePath
            let lost = try await fixture.put(TestObject(instance: 2)).filePath
            try FileManager.default.removeItem(atPath: lost)
            let orphan = fixture.archive.vault.path(of: 999)
            #expect(FileManager.default.createFile(atPath: orphan, contents: Data([1])))
            let stranger = folder.path + "/instances/00/readme.txt"
            #expect(FileManager.default.createFile(atPath: stranger, contents: Data([1])))
            let spooled = folder.path + "/spool/77.dcm"
            #expect(FileManager.default.createFile(atPath: spooled, contents: Data([1])))
        }
        try await ArchiveFixture.with(directory: folder.path) { fixture in
            let report = await fixture.archive.settled()
            #expect(report == SweepReport(orphansRemoved: 1, filesMissing: 1))
            let files = try fixture.files().map { folder.path + "/instances/" + $0 }
            #expect(files == [kept])
            #expect(try fixture.spooled().isEmpty)
            #expect(FileManager.default.fileExists(atPath: folder.path + "/instances/00/readme.txt"))
        }
    }

    @Test("touches nothing that is stored while it runs")
    func concurrent() async throws {
        let folder = try TestFolder()
        try await ArchiveFixture.with(directory: folder.path) { fixture in
            try await fixture.put(TestObject(instance: 0))
        }
        try await ArchiveFixture.with(directory: folder.path) { fixture in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 1...60 {
                    group.addTask { try await fixture.put(TestObject(instance: number)) }
                }
                try await group.waitForAll()
            }
            let report = await fixture.archive.settled()
            #expect(report == SweepReport())
            #expect(try fixture.files().count == 61)
        }
    }
}
