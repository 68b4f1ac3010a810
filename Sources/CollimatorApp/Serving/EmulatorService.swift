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

    init(_ options: Options, connections: UpstreamConnections, logger: Logger) throws {
        guard let store = DICOMStoreName(Emulator.localStore) else {
            throw CollimatorError(.internalError, "the name of the local store is not one")
        }
        self.store = store
        self.options = options
        self.connections = connections
        self.logger = logger
    }

    func run() async throws {
        let emulator: Emulator
        do {
            emulator = try await Emulator.make(
                EmulatorConfiguration(
                    host: self.options.host,
                    port: self.options.port,
                    directory: self.options.directory,
                    requiresToken: self.options.requiresToken
                ),
                logger: self.logger
            )
            try await emulator.bootstrap(store: self.store)
        } catch {
            self.listening.fail(error)
            throw StartupError(
                "The archive in \(self.options.directory) cannot be opened.",
                remedy: "Check that the folder can be written and that the disk has room."
            )
        }
        do {
            async let announcing: Void = self.announce(emulator)
            try await emulator.run()
            try await announcing
        } catch {
            self.listening.fail(error)
            throw bindingFailure(error, port: self.options.port, option: self.options.portOption)
        }
    }

    private func announce(_ emulator: Emulator) async throws {
        let port: Int
        do {
            port = try await emulator.boundPort
        } catch EmulatorError.notListening {
            // Why it does not listen is what the emulator's own run throws.
            return
        }
        let keyFile = emulator.serviceAccountKeyPath
        let reach = try self.reach(port: port, keyFile: keyFile)
        let client = try reach.client(of: self.store)
        self.listening.succeed(Listening(port: port, client: client, reach: reach, keyFile: keyFile))
    }

    private func reach(port: Int, keyFile: String) throws -> HealthcareReach {
        guard let address = ServiceAddress("http://127.0.0.1:\(port)") else {
            throw CollimatorError(.internalError, "the address of the emulator is not one")
        }
        let tokens = AccessTokenSource.serviceAccount(
            key: try ServiceAccountKey(path: keyFile),
            context: CredentialContext(connections: self.connections)
        )
        return HealthcareReach(
            endpoint: address.description,
            connections: self.connections,
            authorization: tokens.authorization
        )
    }
}
