import AccessControl
import CollimatorCore
import Glibc
import Persistence

/// The file `access.db` in the data folder: the access rules, with their versions.
///
/// It cannot be made anew: a damaged one stops the start, for without it what was denied would be forgotten.
struct PolicyFile {
    private let path: String

    init(folder: String) {
        self.path = "\(folder)/access.db"
    }

    /// The database and the policy in it, which the authorizer decides by from now on.
    ///
    /// Throws ``StartupError``.
    func open(for authorizer: Authorizer) async throws -> (Database, PolicyStore) {
        self.restrict()
        let database: Database
        do {
            database = try Database.open(DatabaseConfiguration(path: self.path, readerCount: 1))
        } catch {
            throw self.unusable
        }
        let store = PolicyStore(database: database, authorizer: authorizer)
        do {
            try await store.prepare()
            return (database, store)
        } catch {
            try await database.close()
            if let error = error as? CollimatorError, error.code == .preconditionFailed { throw self.tooNew }
            throw self.unusable
        }
    }

    private var tooNew: StartupError {
        StartupError(
            "The file \(self.path) was written by a newer version of this program.",
            remedy: "Start that version."
        )
    }

    private var unusable: StartupError {
        StartupError(
            "The access rules in \(self.path) cannot be read.",
            remedy: "Check that the folder can be written and has room; else restore the file from a copy."
        )
    }

    /// Makes the file, or takes rights to it away from others; the database's further files get the same.
    private func restrict() {
        let descriptor = Glibc.open(self.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        fchmod(descriptor, 0o600)
        close(descriptor)
    }
}
