import AccessControl
import CollimatorCore
import Persistence
import ServiceLifecycle

/// The access rules while the service runs; at the end their file is closed.
struct PolicyService: Service {
    let authorizer: Authorizer
    let store: PolicyStore
    private let database: Database

    /// The rules in their file of the folder, in force.
    ///
    /// Throws ``StartupError``.
    static func make(in folder: String, administrators: [Principal] = []) async throws -> PolicyService {
        let authorizer = Authorizer(administrators: administrators)
        let (database, store) = try await PolicyFile(folder: folder).open(for: authorizer)
        return PolicyService(authorizer: authorizer, store: store, database: database)
    }

    /// Has the catalog keep what lists need of the rules; before it is given a store.
    ///
    /// Throws ``StartupError``.
    func keepRows(in catalog: CatalogService) async throws {
        do {
            try await self.authorizer.keepRows(in: catalog.catalog)
        } catch {
            throw CatalogFile.unusable
        }
    }

    func run() async throws {
        do {
            try await gracefulShutdown()
        } catch is CancellationError {
            // The group was cancelled: closing is still ours to do.
        }
        let database = self.database
        // Awaited at once; of its own, because the database does nothing for a task that is cancelled.
        let closing = Task { try await database.close() }
        try await closing.value
    }
}
