import CollimatorCore
import Persistence
import TestSupport
import Testing

@Suite("Migrations")
struct MigrationTests {
    private static let first = Migration(1, "first", ["CREATE TABLE a (x INTEGER)"])
    private static let second = Migration(2, "second", ["CREATE TABLE b (x INTEGER)", "INSERT INTO a (x) VALUES (1)"])

    @Test("run once, in order, and go on where an older program stopped")
    func order() async throws {
        let folder = try TemporaryDirectory()
        let database = try Database.open(DatabaseConfiguration(path: folder.path + "/test.sqlite"))
        try await database.migrate([Self.first])
        try await database.migrate([Self.first, Self.second])
        try await database.migrate([Self.first, Self.second])
        let count = try await database.read { try $0.queryOne("SELECT count(*) FROM a")?.integer(0) }
        #expect(count == 1)
        try await database.close()
        withExtendedLifetime(folder) {}
    }

    @Test("refuse a database that is newer than the program")
    func newer() async throws {
        let folder = try TemporaryDirectory()
        let database = try Database.open(DatabaseConfiguration(path: folder.path + "/test.sqlite"))
        try await database.migrate([Self.first, Self.second])
        let failure = await code { try await database.migrate([Self.first]) }
        #expect(failure == .preconditionFailed)
        try await database.close()
        withExtendedLifetime(folder) {}
    }

    @Test("refuse a database that went another way")
    func renamed() async throws {
        let folder = try TemporaryDirectory()
        let database = try Database.open(DatabaseConfiguration(path: folder.path + "/test.sqlite"))
        try await database.migrate([Self.first])
        let failure = await code { try await database.migrate([Migration(1, "other", [])]) }
        #expect(failure == .internalError)
        try await database.close()
        withExtendedLifetime(folder) {}
    }

    @Test("a step that fails leaves nothing of itself")
    func failing() async throws {
        let folder = try TemporaryDirectory()
        let database = try Database.open(DatabaseConfiguration(path: folder.path + "/test.sqlite"))
        let broken = Migration(2, "second", ["CREATE TABLE b (x INTEGER)", "INSERT INTO nowhere (x) VALUES (1)"])
        let failure = await code { try await database.migrate([Self.first, broken]) }
        try await database.migrate([Self.first, Self.second])
        #expect(failure == .internalError)
        try await database.close()
        withExtendedLifetime(folder) {}
    }
}
