import AccessControl
import Persistence

/// The file `access.db` in the data folder: the access rules, with their versions.
///
/// It cannot be made anew: without it what was denied would be forgotten.
struct PolicyFile {
    private let file: StateFile

    init(folder: String) {
        self.file = StateFile(path: "\(folder)/access.db", contents: "The access rules")
    }

    /// The database and the policy in it, which the authorizer decides by from now on.
    ///
    /// Throws ``StartupError``.
    func open(for authorizer: Authorizer) async throws -> (Database, PolicyStore) {
        let opened = try await self.file.open { database in
            let store = PolicyStore(database: database, authorizer: authorizer)
            try await store.prepare()
            return store
        }
        return (opened.database, opened.value)
    }
}
