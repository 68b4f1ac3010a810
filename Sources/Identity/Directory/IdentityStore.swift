internal import CollimatorCore
package import Persistence

/// Keeps what this module has to remember: keys and who was seen, in a database of its own.
package final class IdentityStore: Sendable {
    let database: Database

    /// The database must hold nothing else.
    package init(database: Database) {
        self.database = database
    }

    /// Brings the database to the schema of this module; where that was done already it does nothing.
    package func prepare() async throws {
        try await self.database.migrate(IdentitySchema.migrations)
    }

    /// Copies the log into the file and ends all connections.
    package func close() async throws {
        try await self.database.checkpoint()
        try await self.database.close()
    }

    /// What a change is answered with where nothing is kept.
    static var absent: CollimatorError {
        CollimatorError(.unavailable, "nothing is kept about callers here")
    }
}
