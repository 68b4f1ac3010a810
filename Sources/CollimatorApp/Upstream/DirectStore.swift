import CollimatorCore
package import DICOMweb
import HealthcareAPI
import HealthcareEmulator

/// A DICOM store that a command reaches without a gateway, and its connections.
package struct DirectStore: Sendable {
    package let client: DICOMwebClient
    private let connections: UpstreamConnections

    /// Opens the way to a store.
    ///
    /// Throws ``StartupError`` where the name, the address or the credential is not usable.
    package static func open(_ options: Options, environment: [String: String]) async throws -> DirectStore {
        guard let name = DICOMStoreName(options.resource ?? Emulator.localStore) else {
            throw StartupError("The resource name is not projects/P/locations/L/datasets/D/dicomStores/S.")
        }
        var address = options.emulator ?? options.endpoint ?? ServiceAddress.healthcare.description
        while address.hasSuffix("/") { address.removeLast() }
        let emulatorKey = "\(options.dataDirectory)/emulator/service-account-key.json"
        let standard = options.emulator == nil ? "application-default" : emulatorKey
        let connections = UpstreamConnections()
        do {
            let connector = StoreConnector(endpoint: address, environment: environment, connections: connections)
            let credentials = CredentialChoice(options.credentials ?? standard)
            let client = try connector.client(.healthcare(name), credentials: credentials)
            return DirectStore(client: client, connections: connections)
        } catch {
            try await connections.shutdown()
            throw error
        }
    }

    /// Closes the connections.
    package func close() async throws {
        try await self.connections.shutdown()
    }

    /// Which store, and how it is reached.
    package struct Options: Sendable {
        /// The resource name of the store; nil for the emulator's own.
        package var resource: String?
        /// The address of an emulator; nil for the Healthcare API.
        package var emulator: String?
        /// Another address of the Healthcare API.
        package var endpoint: String?
        /// As in the configuration; by default the emulator's key or the application default.
        package var credentials: String?
        /// Where an emulator on this machine keeps its key.
        package var dataDirectory: String

        package init(dataDirectory: String) {
            self.dataDirectory = dataDirectory
        }
    }
}
