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

    @Test("goes through the numbers in rounds and finds the same", arguments: [Int64(50), 100, 256, 70_000])
    func rounds(numbersAtOnce: Int64) async throws {
        let folder = try TestFolder()
        try await ArchiveFixture.with(directory: folder.path) { fixture in
            for number in 1...4 { try await fixture.put(TestObject(study: number, instance: number)) }
            let end = try await fixture.archive.reading { try Sweep.end($0) }
            await fixture.archive.settled()
            let kept = try fixture.files()
            let first = try #require(kept.first)
            try FileManager.default.removeItem(atPath: folder.path + "/instances/" + first)
            let orphan = fixture.archive.vault.path(of: end - 1)
            #expect(!FileManager.default.fileExists(atPath: orphan))
            #expect(FileManager.default.createFile(atPath: orphan, contents: Data([1])))
            try await fixture.archive.sweep(upTo: end, numbersAtOnce: numbersAtOnce)
            let report = await fixture.archive.settled()
            #expect(report == SweepReport(orphansRemoved: 1, filesMissing: 1))
            #expect(try fixture.files() == kept.dropFirst().map(\.self))
        }
    }

    @Test("reads the numbers of all rows page by page")
    func pages() async throws {
        try await ArchiveFixture.with { fixture in
            for study in 1...3 {
                for instance in 1...2 { try await fixture.put(TestObject(study: study, instance: instance)) }
            }
            var pages: [[Int64]] = []
            var place: Sweep.Place? = Sweep.Place()
            while let last = place {
                let page = try await fixture.archive.reading { try Sweep.page(after: last, limit: 4, $0) }
                pages.append(page.ids)
                place = page.next
            }
            #expect(pages.map(\.count) == [4, 2])
            #expect(Set(pages.flatMap(\.self)).count == 6)
        }
    }

    @Test("knows which numbers share a folder", arguments: [Int64(0)..<1, 5..<700, 65_000..<200_000])
    func folders(range: Range<Int64>) {
        for folder in [0, 1, 2, 253, 254, 255] {
            let ids = Array(FileVault.ids(of: folder, in: range))
            #expect(ids == range.filter { FileVault.folder(of: $0) == folder })
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
