import CollimatorCore
import DICOMweb
import HealthcareAPI

/// How the Healthcare API is reached with one credential: its administrative side, and each of its DICOM stores.
struct HealthcareReach: Sendable {
    /// The origin, without a trailing slash.
    let endpoint: String
    let connections: UpstreamConnections
    let authorization: DICOMwebClient.Authorization

    /// A client of a DICOM store.
    func client(of store: DICOMStoreName) throws -> DICOMwebClient {
        try self.client(below: "\(ResourcePath.encoded(store.description))/dicomWeb")
    }

    /// A client whose paths are below `/v1`.
    ///
    /// It speaks HTTP with the credential, deadlines and retries of a DICOMweb client, and no DICOMweb.
    func administration() throws -> DICOMwebClient {
        try self.client(below: "")
    }

    /// The IAM policies of datasets and stores.
    func policies() throws -> IAMPolicyClient {
        guard let address = ServiceAddress(self.endpoint) else {
            throw CollimatorError(.upstreamInvalid, "the address of the Healthcare API is not safe for credentials")
        }
        return IAMPolicyClient(endpoint: address, authorization: self.authorization, connections: self.connections)
    }

    private func client(below path: String) throws -> DICOMwebClient {
        do {
            return try DICOMwebClient(
                baseURL: "\(self.endpoint)/v1/\(path)",
                httpClient: self.connections.httpClient,
                authorization: self.authorization
            )
        } catch {
            throw StartupError("The address \(self.endpoint) is not one of the Healthcare API.")
        }
    }
}
