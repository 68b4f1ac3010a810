import Cryptography
import Persistence
import Webhooks

/// The file `webhooks.db` in the data folder: endpoints and what is to be delivered to them; and beside it
/// `webhook-secret`, which the endpoints' secrets are sealed with.
///
/// It cannot be made anew: without it what was not delivered yet would be forgotten.
struct WebhookFile {
    private let file: StateFile
    private let secretPath: String

    /// How long the secret is, in bytes.
    private static let secretBytes = 32

    init(folder: String) {
        self.file = StateFile(path: "\(folder)/webhooks.db", contents: "The webhooks", readerCount: 2)
        self.secretPath = "\(folder)/webhook-secret"
    }

    /// The database and what is kept in it.
    ///
    /// Throws ``StartupError``.
    func open() async throws -> (Database, WebhookStore) {
        let secret = try SecretFile(path: self.secretPath, bytes: Self.secretBytes).readOrGenerate()
        let opened = try await self.file.open { database in
            let store = WebhookStore(
                database: database,
                seal: DeterministicSeal(secret: secret, purpose: "webhooks")
            )
            try await store.prepare()
            return store
        }
        return (opened.database, opened.value)
    }
}
