import CollimatorCore
import DICOMweb
import HealthcareAPI
import Identity
import Logging
import ServiceLifecycle

extension ArchiveService {
    /// The gateway, with the emulator behind it where no store is configured.
    ///
    /// Throws ``StartupError``.
    package static func serve(
        _ configuration: ServeConfiguration,
        surroundings: ServeSurroundings
    ) async throws -> ArchiveService {
        guard configuration.isLocal || !configuration.fillsWithDemo else {
            throw StartupError(
                "--demo fills only the archive of this process, and the configuration names other stores.",
                remedy: "Leave out --demo, or start without stores."
            )
        }
        let folder = try DataFolder(path: configuration.dataDirectory)
        let key = try LocalKey.resolve(configuration)
        let connections = UpstreamConnections()
        do {
            let build = Build(
                configuration: configuration,
                connections: connections,
                folder: folder,
                surroundings: surroundings
            )
            return try await build.archive(administratorKey: key)
        } catch {
            try await connections.shutdown()
            throw error
        }
    }

    /// The emulator alone.
    ///
    /// Throws ``StartupError``.
    package static func emulate(
        _ configuration: EmulatorOnlyConfiguration,
        surroundings: ServeSurroundings
    ) throws -> ArchiveService {
        guard !configuration.allowsUnauthenticated || Loopback.contains(configuration.host) else {
            throw StartupError(
                "An emulator without credentials may only listen on a loopback address.",
                remedy: "Leave out --allow-unauthenticated, or --host."
            )
        }
        let folder = try DataFolder(path: configuration.dataDirectory)
        let store = try EmulatorService.localStore()
        // From here on nothing throws: the connections must be closed, and the service that is made here does it.
        let connections = UpstreamConnections()
        let emulator = EmulatorService(
            EmulatorService.Options(
                host: configuration.host,
                port: configuration.port,
                directory: "\(folder.path)/emulator",
                requiresToken: !configuration.allowsUnauthenticated,
                portOption: "--port"
            ),
            store: store,
            connections: connections,
            logger: surroundings.logger
        )
        let greeting = OneTimeService {
            let listening = try await emulator.listening.value
            let host = configuration.host.contains(":") ? "[\(configuration.host)]" : configuration.host
            surroundings.announce(
                Welcome(
                    emulator: "http://\(host):\(listening.port)",
                    store: "radiology",
                    serviceAccountKeyFile: listening.keyFile
                ).text
            )
        }
        var services = [Self.closing(connections), .lasting(emulator), .passing(greeting)]
        if configuration.fillsWithDemo {
            services.append(.passing(Self.filling(emulator, folder: folder, surroundings: surroundings)))
        }
        return ArchiveService(services, emulator: emulator, folder: folder, logger: surroundings.logger)
    }

    static func closing(
        _ connections: UpstreamConnections
    ) -> ServiceGroupConfiguration.ServiceConfiguration {
        .lasting(ClosingService { try await connections.shutdown() })
    }

    static func filling(
        _ emulator: EmulatorService,
        folder: DataFolder,
        surroundings: ServeSurroundings,
        stored: @escaping @Sendable (StudyUID) -> Void = { _ in },
        propose: @escaping @Sendable () async throws -> Void = {}
    ) -> some Service {
        OneTimeService {
            let client = try await emulator.listening.value.client
            try await DemoFilling(
                client: client,
                folder: folder,
                surroundings: surroundings,
                stored: stored,
                propose: propose
            ).run()
        }
    }
}
