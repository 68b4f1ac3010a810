import CollimatorCore
import Cryptography
import Glibc
import Persistence
import Webhooks

/// The file `webhooks.db` in the data folder: endpoints and what is to be delivered to them; and beside it
/// `webhook-secret`, which the endpoints' secrets are sealed with.
///
/// It cannot be made anew: a damaged one stops the start, for without it what was not delivered yet would be forgotten.
struct WebhookFile {
    private let path: String
    private let secretPath: String

    /// How long the secret is, in bytes.
    private static let secretBytes = 32

    init(folder: String) {
        self.path = "\(folder)/webhooks.db"
        self.secretPath = "\(folder)/webhook-secret"
    }

    /// The database and what is kept in it.
    ///
    /// Throws ``StartupError``.
    func open() async throws -> (Database, WebhookStore) {
        self.restrict()
        let secret = try SecretFile(path: self.secretPath, bytes: Self.secretBytes).readOrGenerate()
        let database: Database
        do {
            database = try Database.open(DatabaseConfiguration(path: self.path, readerCount: 2))
        } catch {
            throw self.unusable
        }
        let store = WebhookStore(
            database: database,
            seal: DeterministicSeal(secret: secret, purpose: "webhooks")
        )
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
            "The webhooks in \(self.path) cannot be read.",
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
