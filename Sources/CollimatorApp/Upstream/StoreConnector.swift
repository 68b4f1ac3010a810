package import CollimatorCore
package import DICOMweb
package import HealthcareAPI

/// Makes clients of configured stores.
package struct StoreConnector: Sendable {
    private let endpoint: String
    private let environment: [String: String]
    private let connections: UpstreamConnections

    /// `endpoint` is the origin of the Healthcare API, and `environment` that of the process.
    package init(endpoint: String, environment: [String: String], connections: UpstreamConnections) {
        self.endpoint = endpoint
        self.environment = environment
        self.connections = connections
    }

    /// The Healthcare API with that credential.
    ///
    /// It reads the credential's files; throws ``StartupError``.
    func reach(_ credentials: CredentialChoice) throws -> HealthcareReach {
        guard credentials == .none || ServiceAddress(self.endpoint) != nil else {
            throw StartupError(
                "The address of the Healthcare API is not safe for credentials: \(self.endpoint).",
                remedy: "Use https, or http on this machine."
            )
        }
        return HealthcareReach(
            endpoint: self.endpoint,
            connections: self.connections,
            authorization: try credentials.authorization(
                environment: self.environment,
                connections: self.connections
            )
        )
    }

    /// A client of the store.
    ///
    /// It reads the credential's files; throws ``StartupError``.
    package func client(
        _ place: StoreConfiguration.Place,
        credentials: CredentialChoice
    ) throws -> DICOMwebClient {
        let authorization = try credentials.authorization(
            environment: self.environment,
            connections: self.connections
        )
        let root: String
        switch place {
        case .healthcare(let resource):
            guard credentials == .none || ServiceAddress(self.endpoint) != nil else {
                throw StartupError(
                    "The address of the Healthcare API is not safe for credentials: \(self.endpoint).",
                    remedy: "Use https, or http on this machine."
                )
            }
            root = "\(self.endpoint)/v1/\(resource)/dicomWeb"
        case .dicomweb(let url):
            guard credentials == .none || ServiceAddress(url) != nil else {
                throw StartupError(
                    "The address \(url) is not safe for credentials.",
                    remedy: "Use https, or http on this machine."
                )
            }
            root = url
        }
        do {
            return try DICOMwebClient(
                baseURL: root,
                httpClient: self.connections.httpClient,
                authorization: authorization
            )
        } catch {
            throw StartupError("The address \(root) is not one of a DICOM store.")
        }
    }
}

extension StoreConfiguration.Place {
    /// The resource name, where the store is one of the Healthcare API.
    package var resource: DICOMStoreName? {
        if case .healthcare(let name) = self { name } else { nil }
    }
}
