import CollimatorCore
@testable import EmulatorStorage
import FoundationEssentials
import Persistence
import Testing

@Suite("An index of another version")
struct MigrationTests {
    /// Makes the folder as a program with these migrations leaves it, with one dataset in it.
    private static func make(_ directory: String, _ migrations: [Migration]) async throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let path = FileVault(directory: directory).databasePath
        let database = try Database.open(DatabaseConfiguration(path: path, readerCount: 1))
        try await database.migrate(migrations)
        let name = try storeName("radiology").dataset
        try await database.write { connection in
            _ = try connection.execute(
                "INSERT INTO dataset (project, location, name, body) VALUES (?1, ?2, ?3, ?4)",
                [.text(name.project), .text(name.location), .text(name.dataset), .blob([1, 2])]
            )
        }
        try await database.close()
    }

    @Test("of each older one is brought to this one with what is in it", arguments: ArchiveSchema.migrations.indices)
    func older(last: Int) async throws {
        let folder = try TestFolder()
        let directory = folder.path + "/archive"
        try await Self.make(directory, Array(ArchiveSchema.migrations[...last]))
        let archive = try await Archive.open(.test(directory))
        let store = try storeName("radiology")
        let body = try await archive.dataset(store.dataset)?.body
        #expect(body == [1, 2])
        try await archive.createStore(store, body: [])
        let fixture = ArchiveFixture(archive: archive, directory: directory, store: store)
        try await fixture.put(TestObject())
        #expect(try await fixture.search(.study).count == 1)
        await archive.close()
    }

    @Test("that is newer is refused and left as it is")
    func newer() async throws {
        let folder = try TestFolder()
        let directory = folder.path + "/archive"
        let next = Migration(ArchiveSchema.migrations.count + 1, "of-tomorrow", ["CREATE TABLE tomorrow (x INTEGER)"])
        try await Self.make(directory, ArchiveSchema.migrations + [next])
        for _ in 0..<2 {
            // The second time too it is the version, not a lock that the first attempt left.
            await #expect(throws: ArchiveError.newerFormat) { try await Archive.open(.test(directory)) }
        }
        let path = FileVault(directory: directory).databasePath
        let database = try Database.open(DatabaseConfiguration(path: path, readerCount: 1))
        try await database.migrate(ArchiveSchema.migrations + [next])
        let count = try await database.read { try $0.queryOne("SELECT count(*) FROM dataset")?.integer(0) }
        #expect(count == 1)
        try await database.close()
    }
}
