import CollimatorCore
import DICOMweb
import HealthcareAPI
import HealthcareEmulator
import Logging
import ServiceLifecycle

/// The emulator while it runs, and the way to it: over HTTP on loopback, with a service-account token, as it would be
/// to the cloud.
final class EmulatorService: Service {
    /// What it is started with.
    struct Options: Sendable {
        var host = "127.0.0.1"
        var port: Int
        var directory: String
        var requiresToken = true
        /// How the port is chosen on the command line.
        var portOption: String
    }

    /// The store of local mode.
    let store: DICOMStoreName
    /// Gets the port and a client of the store once the emulator listens.
    let listening = Announced<Listening>()
    private let options: Options
    private let connections: UpstreamConnections
    private let logger: Logger

    /// The emulator as it is reached.
    struct Listening: Sendable {
        let port: Int
        let client: DICOMwebClient
        /// The whole of it, with its service account.
        let reach: HealthcareReach
        let keyFile: String
    }

    /// Nothing is opened yet, and nothing can fail: the connections stay with whoever made them.
    init(_ options: Options, store: DICOMStoreName, connections: UpstreamConnections, logger: Logger) {
        self.store = store
        self.options = options
        self.connections = connections
        self.logger = logger
    }

    /// The name of the store of local mode.
    static func localStore() throws -> DICOMStoreName {
        guard let store = DICOMStoreName(Emulator.localStore) else {
            throw CollimatorError(.internalError, "the name of the local store is not one")
        }
        return store
    }

    func run() async throws {
        let configuration = EmulatorConfiguration(
            host: self.options.host,
            port: self.options.port,
            directory: self.options.directory,
            requiresToken: self.options.requiresToken
        )
        let emulator: Emulator
        do {
            emulator = try await self.make(configuration)
        } catch {
            self.listening.fail(error)
            throw StartupError(
                "The archive in \(self.options.directory) cannot be opened.",
                remedy: "Check that the folder can be written and that the disk has room."
            )
        }
        do {
            async let announcing: Void = self.announce(emulator, configuration.dialledHost)
            try await emulator.run()
            try await announcing
        } catch {
            self.listening.fail(error)
            throw bindingFailure(error, port: self.options.port, option: self.options.portOption)
        }
    }

    /// The emulator with its store.
    private func make(_ configuration: EmulatorConfiguration) async throws -> Emulator {
        let emulator = try await Emulator.make(configuration, logger: self.logger)
        do {
            try await emulator.bootstrap(store: self.store)
        } catch {
            await emulator.close()
            throw error
        }
        return emulator
    }

    private func announce(_ emulator: Emulator, _ host: String) async throws {
        let port: Int
        do {
            port = try await emulator.boundPort
        } catch EmulatorError.notListening {
            // Why it does not listen is what the emulator's own run throws.
            return
        }
        let keyFile = emulator.serviceAccountKeyPath
        let reach = try self.reach(host: host, port: port, keyFile: keyFile)
        let client = try reach.client(of: self.store)
        self.listening.succeed(Listening(port: port, client: client, reach: reach, keyFile: keyFile))
    }

    private func reach(host: String, port: Int, keyFile: String) throws -> HealthcareReach {
        // Whatever address it is, it is one of this machine: the emulator listens on it.
        guard let address = ServiceAddress("http://\(host):\(port)", allowingPlainHTTP: true) else {
            throw CollimatorError(.internalError, "the address of the emulator is not one")
        }
        let tokens = AccessTokenSource.serviceAccount(
            key: try ServiceAccountKey(path: keyFile, allowingPlainHTTP: true),
            context: CredentialContext(connections: self.connections)
        )
        return HealthcareReach(
            endpoint: address.description,
            connections: self.connections,
            authorization: tokens.authorization
        )
    }
}
