package import CollimatorCore
package import DICOMweb

extension DICOMwebClient {
    /// A client of one DICOM store of the Healthcare API, or of the emulator, which is the same.
    ///
    /// - Throws: `internal` where the address of the store is none; only a wrong configuration makes one.
    package init(
        store: DICOMStoreName,
        endpoint: ServiceAddress,
        tokens: AccessTokenSource,
        connections: UpstreamConnections,
        configuration: DICOMwebConfiguration = DICOMwebConfiguration()
    ) throws(CollimatorError) {
        do throws(DICOMwebError) {
            try self.init(
                baseURL: "\(endpoint)/v1/\(ResourcePath.encoded(store.description))/dicomWeb",
                httpClient: connections.httpClient,
                configuration: configuration,
                authorization: tokens.authorization
            )
        } catch {
            throw CollimatorError(.internalError, "the address of the DICOM store is not usable", cause: error)
        }
    }
}

/// Resource names as parts of an address.
package enum ResourcePath {
    /// The name with every segment percent-encoded: a name may hold letters of any script.
    package static func encoded(_ name: String) -> String {
        name.split(separator: "/", omittingEmptySubsequences: false)
            .map { PercentEncoding.encode($0) }
            .joined(separator: "/")
    }
}
