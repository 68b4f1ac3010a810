/// One database, shared by the process: many reads at the same time, one write at a time.
///
/// A closure sees one consistent state from its first statement to its last. It runs on a thread of the engine, so it
/// may block but must not wait for anything else, and it must not start another access.
package final class Database: Sendable {
    private let engine: any DatabaseEngine

    private init(engine: any DatabaseEngine) {
        self.engine = engine
    }

    /// Opens the file, or makes it.
    ///
    /// A commit returns only after the operating system has confirmed that the write-ahead log is on the disk.
    package static func open(_ configuration: DatabaseConfiguration) throws -> Database {
        Database(engine: try SQLiteEngine(configuration))
    }

    /// Runs the closure on a state that no write changes meanwhile.
    package func read<Answer: Sendable>(
        _ body: @Sendable (any SQLConnection) throws -> Answer
    ) async throws -> Answer {
        try await self.engine.read(body)
    }

    /// Runs the closure in one transaction: committed when it returns, undone when it throws.
    package func write<Answer: Sendable>(
        _ body: @Sendable (any SQLConnection) throws -> Answer
    ) async throws -> Answer {
        try await self.engine.write(body)
    }

    /// Brings the schema to the last of the migrations; refuses a database that is newer than they are.
    package func migrate(_ migrations: [Migration]) async throws {
        try await MigrationRunner(migrations).run(on: self.engine)
    }

    /// Copies the write-ahead log into the file, so that it does not grow while nobody writes.
    package func checkpoint() async throws {
        try await self.engine.checkpoint()
    }

    /// Ends all connections; later accesses fail as `unavailable`.
    package func close() async throws {
        try await self.engine.close()
    }
}
