import Identity

/// The administrator key of a service on this machine.
package enum LocalKey {
    /// The file in the data folder that holds it.
    package static func path(in dataDirectory: String) -> String { "\(dataDirectory)/administrator-key" }

    /// The text of the key in the data folder, for a command that is to use it.
    ///
    /// Throws ``StartupError`` where there is none or others can read it.
    package static func read(in dataDirectory: String) throws -> String {
        let path = Self.path(in: dataDirectory)
        do {
            return try AdministratorKeyStore(path: path).read(mustBePrivate: true)
        } catch {
            throw Self.failure(error, path: path)
        }
    }

    /// The key that a configuration names; in local mode it is made where there is none.
    static func resolve(_ configuration: ServeConfiguration) throws -> AdministratorKey {
        let path = Self.path(in: configuration.dataDirectory)
        do {
            switch configuration.administratorKey {
            case .value(let text): return try Self.key(text)
            case .nobodys: return try Self.key(AdministratorKey.generateText())
            case .file(let path): return try Self.key(try AdministratorKeyStore(path: path).read(mustBePrivate: false))
            case .dataFolder:
                guard configuration.isLoopback else {
                    throw StartupError(
                        "An administrator key file is needed when the service listens beyond this machine.",
                        remedy: "Set COLLIMATOR_ADMIN_KEY_FILE to the file that holds one."
                    )
                }
                return try Self.key(try AdministratorKeyStore(path: path).readOrGenerate().text)
            }
        } catch let error as AdministratorKeyError {
            if case .file(let path) = configuration.administratorKey { throw Self.failure(error, path: path) }
            throw Self.failure(error, path: path)
        }
    }

    private static func key(_ text: String) throws(AdministratorKeyError) -> AdministratorKey {
        guard let key = AdministratorKey(text) else { throw .malformed }
        return key
    }

    private static func failure(_ error: AdministratorKeyError, path: String) -> StartupError {
        switch error {
        case .malformed:
            StartupError(
                "\(error).",
                remedy: "This makes one: echo clm_admin_$(openssl rand -base64 32 | tr '+/' '-_' | tr -d '=')"
            )
        case .unreadable: StartupError("\(error): \(path)")
        case .exposed: StartupError("\(error).", remedy: "chmod 600 \(path)")
        case .unwritable: StartupError("\(error): \(path)", remedy: "Choose another folder with --data-dir.")
        }
    }
}
