import CollimatorCore
import Persistence
import TestSupport
import Testing

/// A database of a test's own with the table `item`, closed and removed afterwards.
func withDatabase(
    readerCount: Int = 2,
    checkpointPages: Int = 4_096,
    _ body: (Database, _ path: String) async throws -> Void
) async throws {
    let folder = try TemporaryDirectory()
    let path = folder.path + "/test.sqlite"
    let database = try Database.open(
        DatabaseConfiguration(path: path, readerCount: readerCount, checkpointPages: checkpointPages)
    )
    try await database.migrate([
        Migration(
            1,
            "first",
            ["CREATE TABLE item (name TEXT NOT NULL PRIMARY KEY, size INTEGER NOT NULL CHECK (size >= 0), more BLOB)"]
        )
    ])
    try await body(database, path)
    try await database.close()
    withExtendedLifetime(folder) {}
}

/// The code of the error that the closure throws, nil where it throws none of ours.
func code(_ body: () async throws -> Void) async -> CollimatorError.Code? {
    do {
        try await body()
        return nil
    } catch {
        return (error as? CollimatorError)?.code
    }
}
