@testable import EmulatorStorage
import FoundationEssentials
import Glibc
import NIOCore
import Testing

@Suite("A full disk", .serialized)
struct DiskFullTests {
    @Test("while the upload is written: nothing is stored, and there is room again afterwards")
    func file() async throws {
        try await Self.withSmallDisk { fixture in
            let large = TestObject(instance: 2, pixels: Array(repeating: 7, count: 3_000_000))
            try await fixture.put(TestObject(instance: 1))
            await #expect(throws: ArchiveError.diskFull) {
                let spool = try fixture.archive.makeSpoolFile()
                for _ in 0..<8 {
                    try await spool.write(ByteBuffer(repeating: 7, count: 1 << 20))
                }
                try await spool.finish()
            }
            #expect(try fixture.spooled().isEmpty)
            let stored = try await fixture.upload(try large.bytes())
            let found = try await fixture.search(.instance)
            #expect(stored.storedInstance != nil)
            #expect(found.count == 2)
        }
    }

    @Test("at the commit: nothing of the object is left, and it is stored once there is room")
    func commit() async throws {
        try await Self.withSmallDisk { fixture in
            try await fixture.put(TestObject(instance: 1))
            let ballast = fixture.directory + "/ballast"
            // The upload itself lies in memory until it is written; leave it room, but none to the index.
            let object = TestObject(instance: 2, text: String(repeating: "x", count: 300_000))
            let bytes = try object.bytes()
            try Self.fill(ballast, leaving: bytes.count + 40_000)
            let refused = try await fixture.upload(bytes)
            let between = try await fixture.search(.instance)
            #expect(refused.failure == .diskFull)
            #expect(between.count == 1)
            #expect(try fixture.files().count == 1)
            #expect(try fixture.spooled().isEmpty)
            try FileManager.default.removeItem(atPath: ballast)
            let stored = try await fixture.upload(bytes)
            let found = try await fixture.search(.instance)
            #expect(stored.storedInstance != nil)
            #expect(found.count == 2)
        }
    }

    /// An archive on a file system of a few megabytes; only the superuser can make one, elsewhere nothing is tested.
    private static func withSmallDisk(_ body: (ArchiveFixture) async throws -> Void) async throws {
        let folder = try TestFolder()
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        guard mount("tmpfs", folder.path, "tmpfs", 0, "size=6m") == 0 else { return }
        do {
            try await ArchiveFixture.with(directory: folder.path, body)
        } catch {
            umount2(folder.path, Int32(MNT_DETACH))
            throw error
        }
        umount2(folder.path, Int32(MNT_DETACH))
        withExtendedLifetime(folder) {}
    }

    /// Leaves so many bytes of the file system free.
    private static func fill(_ path: String, leaving rest: Int) throws {
        var status = statvfs()
        try #require(statvfs(path.replacing("/ballast", with: ""), &status) == 0)
        let free = Int(status.f_bavail) * Int(status.f_bsize)
        #expect(FileManager.default.createFile(atPath: path, contents: Data(count: max(0, free - rest))))
    }
}
