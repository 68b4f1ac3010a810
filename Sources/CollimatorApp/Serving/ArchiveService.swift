import AccessControl
import Catalog
import CollimatorCore
import DICOMweb
import Gateway
import HealthcareAPI
import Identity
import Logging
import ServiceLifecycle

/// All that one `collimator` process serves: the gateway, the emulator, or both.
///
/// It is made in one place and knows every module; services are listed so that what others use stops last.
package final class ArchiveService: Service {
    private let services: [ServiceGroupConfiguration.ServiceConfiguration]
    private let logger: Logger
    private let gateway: Announced<Int>?
    let emulator: EmulatorService?
    /// Nil where there is no gateway.
    let catalog: StudyCatalog?
    /// The folder stays locked as long as this lives.
    private let folder: DataFolder

    /// The port of the gateway, once it listens.
    package var gatewayPort: Int {
        get async throws {
            guard let gateway = self.gateway else { throw CollimatorError(.notFound, "there is no gateway here") }
            return try await gateway.value
        }
    }

    /// The port of the emulator, once it listens.
    package var emulatorPort: Int {
        get async throws {
            guard let emulator = self.emulator else { throw CollimatorError(.notFound, "there is no emulator here") }
            return try await emulator.listening.value.port
        }
    }

    init(
        _ services: [ServiceGroupConfiguration.ServiceConfiguration],
        gateway: Announced<Int>? = nil,
        emulator: EmulatorService? = nil,
        catalog: StudyCatalog? = nil,
        folder: DataFolder,
        logger: Logger
    ) {
        self.services = services
        self.gateway = gateway
        self.emulator = emulator
        self.catalog = catalog
        self.folder = folder
        self.logger = logger
    }

    package func run() async throws {
        do {
            try await ServiceGroup(
                configuration: ServiceGroupConfiguration(services: self.services, logger: self.logger)
            ).run()
        } catch {
            self.gateway?.fail(error)
            self.emulator?.listening.fail(error)
            throw error
        }
        self.gateway?.fail(CancellationError())
        self.emulator?.listening.fail(CancellationError())
    }
}

extension ServiceGroupConfiguration.ServiceConfiguration {
    /// A service whose end is the end of all.
    static func lasting(_ service: some Service) -> Self {
        Self(
            service: service,
            successTerminationBehavior: .gracefullyShutdownGroup,
            failureTerminationBehavior: .cancelGroup
        )
    }

    /// A service that may come to a good end while the others go on.
    static func passing(_ service: some Service) -> Self {
        Self(service: service, successTerminationBehavior: .ignore, failureTerminationBehavior: .cancelGroup)
    }
}
