package import CollimatorCore
internal import DICOMFiles
internal import EmulatorStorage
internal import Hummingbird
package import Logging
internal import NIOCore
internal import ServiceLifecycle
internal import Telemetry

/// A local Healthcare API for DICOM: the admin surface and DICOMweb over HTTP, on files and an index in one folder.
///
/// It is as strict as the upstream is, so that what works with it works in the cloud. It runs until its task is
/// cancelled or shut down gracefully; then it answers what is under way and takes nothing new.
package final class Emulator: Service {
    private let configuration: EmulatorConfiguration
    private let logger: Logger
    private let parts: EmulatorParts
    private let port: BoundPort

    private init(_ configuration: EmulatorConfiguration, _ logger: Logger, _ parts: EmulatorParts, _ port: BoundPort) {
        self.configuration = configuration
        self.logger = logger
        self.parts = parts
        self.port = port
    }

    /// Opens the folder and the index, and makes the service-account key on first start.
    ///
    /// Who makes one either runs it or closes it.
    package static func make(_ configuration: EmulatorConfiguration, logger: Logger) async throws -> Emulator {
        DICOMToolkit.start()
        let port = BoundPort()
        let parts = try await EmulatorParts(configuration, logger: logger, port: port)
        return Emulator(configuration, logger, parts, port)
    }

    /// The port that it listens on; waits until it does.
    ///
    /// - Throws: Where the emulator ends without having listened.
    package var boundPort: Int {
        get async throws { try await self.port.value() }
    }

    /// The file that holds the service-account key; it names the port, and is written when the port is known.
    package var serviceAccountKeyPath: String { self.parts.keyFile.path }

    /// The service-account key, in the form of Google's key files, for an emulator at that port.
    package func serviceAccountKeyJSON(port: Int) throws -> [UInt8] {
        try self.parts.key.file(host: self.configuration.dialledHost, port: port)
    }

    /// Makes the dataset and the DICOM store where they are absent.
    package func bootstrap(store: DICOMStoreName) async throws {
        do {
            try await self.parts.archive.createDataset(store.dataset, body: Array("{}".utf8))
        } catch ArchiveError.alreadyExists {}
        do {
            try await self.parts.archive.createStore(store, body: Array("{}".utf8))
        } catch ArchiveError.alreadyExists {}
    }

    /// The store of local mode: project `local`, location `local`, dataset `imaging`, store `radiology`.
    package static let localStore = "projects/local/locations/local/datasets/imaging/dicomStores/radiology"

    /// Gives up an emulator that will not be run: who waits for its port is told, and the folder is released.
    package func close() async {
        self.port.end()
        self.parts.operations.finish()
        await self.parts.close()
    }

    /// Serves until cancelled or shut down, then closes the archive.
    package func run() async throws {
        let parts = self.parts
        let operations = Task {
            // Awaited below: the operations outlive the last request, which may begin one.
            try await parts.operations.run()
        }
        // Awaited below too: it ends when the bell is closed.
        let pushes = Task { await parts.pushes.run() }
        let result: Result<Void, any Error>
        do {
            try await withGracefulShutdownHandler {
                try await self.application.run()
            } onGracefulShutdown: {
                // Whoever waits for messages is answered: nobody else is held up by them.
                parts.archive.bell.close()
            }
            result = .success(())
        } catch {
            result = .failure(error)
        }
        self.port.end()
        parts.operations.finish()
        parts.archive.bell.close()
        await pushes.value
        _ = await operations.result
        await parts.close()
        try result.get()
    }

    private var application: some ApplicationProtocol {
        Application(
            router: self.parts.table.router(boundary: self.parts.boundary),
            server: self.parts.server,
            configuration: ApplicationConfiguration(
                address: .hostname(self.configuration.host, port: self.configuration.port),
                availableConnectionsDelegate: .maximum(self.configuration.limits.connectionsMax, logger: self.logger)
            ),
            onServerRunning: { channel in await self.listening(on: channel) },
            logger: self.logger
        )
    }

    /// Writes the key file before anybody is told the port.
    private func listening(on channel: any Channel) async {
        guard let port = channel.localAddress?.port else { return self.port.end() }
        do {
            try self.parts.keyFile.write(try self.serviceAccountKeyJSON(port: port))
        } catch {
            self.logger.error(
                "cannot write the service-account key",
                metadata: ["error.type": "\(type(of: error), .open)"]
            )
        }
        self.port.bind(port)
        self.logger.notice("emulator listening", metadata: ["server.port": "\(port, .open)"])
    }
}
