import CollimatorCore
import Glibc
import Identity
import Persistence

/// The file `identity.db` in the data folder: keys as digests, who has called, and who is suspended; and beside it
/// `link-secret`, which addresses are signed with.
///
/// Unlike the catalog it cannot be made anew: a damaged one stops the start, for without it a suspended caller would
/// come in again.
struct IdentityFile {
    private let path: String
    private let secretPath: String

    init(folder: String) {
        self.path = "\(folder)/identity.db"
        self.secretPath = "\(folder)/link-secret"
    }

    /// The directory that is kept in it.
    ///
    /// Throws ``StartupError``.
    func open() async throws -> IdentityDirectory {
        self.restrict()
        let secret = try SecretFile(path: self.secretPath, bytes: SignedLinks.secretBytes).readOrGenerate()
        let database: Database
        do {
            database = try Database.open(DatabaseConfiguration(path: self.path, readerCount: 1))
        } catch {
            throw self.unusable
        }
        let directory = IdentityDirectory(store: IdentityStore(database: database), linkSecret: secret)
        do {
            try await directory.load()
            return directory
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
            "The keys and suspensions in \(self.path) cannot be read.",
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
