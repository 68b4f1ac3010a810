import Identity
import Persistence

/// The file `identity.db` in the data folder: keys as digests, who has called, and who is suspended; and beside it
/// `link-secret`, which addresses are signed with.
///
/// It cannot be made anew: without it a suspended caller would come in again.
struct IdentityFile {
    private let file: StateFile
    private let secretPath: String

    init(folder: String) {
        self.file = StateFile(path: "\(folder)/identity.db", contents: "The keys and suspensions")
        self.secretPath = "\(folder)/link-secret"
    }

    /// The directory that is kept in it.
    ///
    /// Throws ``StartupError``.
    func open() async throws -> IdentityDirectory {
        let secret = try SecretFile(path: self.secretPath, bytes: SignedLinks.secretBytes).readOrGenerate()
        return try await self.file.open { database in
            let directory = IdentityDirectory(store: IdentityStore(database: database), linkSecret: secret)
            try await directory.load()
            return directory
        }.value
    }
}
