import CollimatorCore
import Persistence
import TestSupport
import Testing

@Suite("Database failures")
struct DatabaseFailureTests {
    @Test(
        "a broken constraint is a conflict",
        arguments: [
            "INSERT INTO item (name, size) VALUES ('secret-name', 1)",
            "INSERT INTO item (name, size) VALUES ('b', -1)",
            "INSERT INTO item (name) VALUES ('c')",
        ]
    )
    func constraint(sql: String) async throws {
        try await withDatabase { database, _ in
            try await database.write { _ = try $0.execute("INSERT INTO item (name, size) VALUES ('secret-name', 1)") }
            let failure = await code { try await database.write { _ = try $0.execute(sql) } }
            #expect(failure == .conflict)
        }
    }

    @Test("no room is insufficient storage, and there is room again afterwards")
    func full() async throws {
        try await withDatabase { database, _ in
            let failure = await code {
                try await database.write { connection in
                    _ = try connection.query("PRAGMA max_page_count = 20")
                    try connection.execute(
                        "INSERT INTO item (name, size, more) VALUES ('a', 1, ?1)",
                        [.blob(Array(repeating: 1, count: 200_000))]
                    )
                }
            }
            let count = try await database.write { connection in
                _ = try connection.query("PRAGMA max_page_count = 1000")
                return try connection.execute("INSERT INTO item (name, size) VALUES ('b', 1)")
            }
            #expect(failure == .insufficientStorage)
            #expect(count == 1)
        }
    }

    @Test("a closed database is unavailable")
    func closed() async throws {
        let folder = try TemporaryDirectory()
        let database = try Database.open(DatabaseConfiguration(path: folder.path + "/test.sqlite"))
        try await database.close()
        let failures = [
            await code { _ = try await database.read { try $0.query("SELECT 1") } },
            await code { _ = try await database.write { try $0.query("SELECT 1") } },
            await code { try await database.checkpoint() },
            await code { try await database.close() },
        ]
        #expect(failures == [.unavailable, .unavailable, .unavailable, nil])
        withExtendedLifetime(folder) {}
    }

    @Test("a file that is no database cannot be opened")
    func notADatabase() async throws {
        let failure = await code { _ = try Database.open(DatabaseConfiguration(path: "/proc/self/status")) }
        #expect(failure == .internalError)
    }

    @Test("a refused statement says neither its text nor a value")
    func silence() async throws {
        try await withDatabase { database, _ in
            do {
                try await database.write { _ = try $0.execute("SELECT secretValue FROM secretTable") }
                Issue.record("the statement should have been refused")
            } catch {
                #expect(!"\(error)".contains("secret"))
            }
        }
    }

    @Test("a column of another type is a fault of ours")
    func columnType() throws {
        let row = SQLRow(values: [.text("secret"), .null, .integer(1)])
        #expect(throws: CollimatorError.self) { try row.integer(0) }
        #expect(throws: CollimatorError.self) { try row.text(1) }
        #expect(throws: CollimatorError.self) { try row.blob(0) }
        #expect(try row.textIfPresent(1) == nil)
        #expect(try row.integerIfPresent(2) == 1)
        #expect(try row.real(2) == 1)
    }
}
