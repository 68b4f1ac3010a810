internal import CollimatorCore

/// Brings a database to the schema of the code, and refuses one that is newer than the code.
struct MigrationRunner {
    private let migrations: [Migration]

    init(_ migrations: [Migration]) {
        precondition(
            migrations.map(\.number) == Array(1..<(migrations.count + 1)),
            "migrations are numbered from 1 without a gap"
        )
        self.migrations = migrations
    }

    /// Runs what has not run yet, each step in a transaction of its own.
    func run(on engine: any DatabaseEngine) async throws {
        let done = try await self.appliedCount(on: engine)
        for migration in self.migrations.dropFirst(done) {
            try await engine.write { connection in
                for statement in migration.statements {
                    try connection.execute(statement)
                }
                try connection.execute(
                    "INSERT INTO schemaMigration (number, name) VALUES (?1, ?2)",
                    [.integer(migration.number), .text(migration.name)]
                )
            }
        }
    }

    /// How many steps the database has seen; they must be the first of ours, by name.
    private func appliedCount(on engine: any DatabaseEngine) async throws -> Int {
        let rows = try await engine.write { connection in
            try connection.execute(
                "CREATE TABLE IF NOT EXISTS schemaMigration (number INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL)"
            )
            return try connection.query("SELECT number, name FROM schemaMigration ORDER BY number")
        }
        guard rows.count <= self.migrations.count else {
            throw CollimatorError(.preconditionFailed, "the database was written by a newer version of the program")
        }
        for (row, migration) in zip(rows, self.migrations) {
            guard try row.integer(0) == Int64(migration.number), try row.text(1) == migration.name else {
                throw CollimatorError(
                    .internalError,
                    "the database has another schema than this program's",
                    cause: DatabaseDamage()
                )
            }
        }
        return rows.count
    }
}
