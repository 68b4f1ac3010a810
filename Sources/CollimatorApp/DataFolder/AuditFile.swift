import Audit
import CollimatorCore
import Logging
import Persistence

/// The file `audit.db` in the data folder, and beside it `audit-spool.jsonl`, which takes records while that cannot be
/// written.
///
/// It cannot be made anew: a damaged one stops the start. It holds IDs of patients, so that its owner alone may read it.
struct AuditFile {
    private let path: String
    private let spoolPath: String
    private let logger: Logger

    init(folder: String, logger: Logger) {
        self.path = "\(folder)/audit.db"
        self.spoolPath = "\(folder)/audit-spool.jsonl"
        self.logger = logger
    }

    /// The database and the audit in it, with the schema of this program.
    ///
    /// Throws ``StartupError``.
    func open(_ configuration: AuditConfiguration) async throws -> (Database, AuditLog) {
        do {
            StateFile.restrict(self.path)
            let database = try Database.open(DatabaseConfiguration(path: self.path, readerCount: 2))
            do {
                let store = AuditStore(database: database)
                try await store.prepare()
                let log = try AuditLog(
                    store,
                    spoolPath: self.spoolPath,
                    configuration: configuration,
                    clock: .live,
                    logger: self.logger
                )
                return (database, log)
            } catch {
                try await database.close()
                throw error
            }
        } catch let error as CollimatorError where error.code == .preconditionFailed {
            throw StartupError(
                "The audit \(self.path) was written by a newer version of this program.",
                remedy: "Start that version."
            )
        } catch {
            throw StartupError(
                "The audit \(self.path) cannot be opened.",
                remedy: "Check that the folder can be written. A damaged file must be moved away by hand."
            )
        }
    }
}
