import Foundation
import Testing

@testable import collimator

@Suite("Folders for unpacked files", .serialized)
struct TemporaryFolderTests {
    private static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    @Test("go with their holder")
    func released() throws {
        var folder: TemporaryFolder? = try TemporaryFolder()
        let path = try #require(folder?.path)
        #expect(FileManager.default.createFile(atPath: path + "/1", contents: Data([1])))
        folder = nil
        #expect(!Self.exists(path))
    }

    @Test("of a process that was killed go at the next start, those in use stay")
    func stale() throws {
        let inUse = try TemporaryFolder()
        let parent = FileManager.default.temporaryDirectory.path
        let names = ["collimator-upload-stale1": true, "collimator-upload-making": false, "collimator-other": true]
        for (name, hasLock) in names {
            try FileManager.default.createDirectory(atPath: "\(parent)/\(name)", withIntermediateDirectories: true)
            guard hasLock else { continue }
            #expect(FileManager.default.createFile(atPath: "\(parent)/\(name)/.lock", contents: nil))
            #expect(FileManager.default.createFile(atPath: "\(parent)/\(name)/1", contents: Data([1])))
        }
        TemporaryFolder.removeStale()
        #expect(!Self.exists("\(parent)/collimator-upload-stale1"))
        for name in ["collimator-upload-making", "collimator-other"] {
            #expect(Self.exists("\(parent)/\(name)"))
            try FileManager.default.removeItem(atPath: "\(parent)/\(name)")
        }
        #expect(Self.exists(inUse.path))
        withExtendedLifetime(inUse) {}
    }
}
