package import CollimatorCore

/// The Healthcare API above its DICOM stores: datasets, stores and operations, with the credential of a configured
/// store.
package struct HealthcareUpstream: Sendable {
    /// One exchange; the path of the request is below `/v1/`.
    package var exchange: @Sendable (_ request: UpstreamRequest, _ call: UpstreamCall) async throws -> UpstreamResponse
    /// The way to another DICOM store, with the same credential.
    package var connect: @Sendable (_ store: DICOMStoreName) -> StoreUpstream

    package init(
        exchange:
            @escaping @Sendable (_ request: UpstreamRequest, _ call: UpstreamCall) async throws
            -> UpstreamResponse,
        connect: @escaping @Sendable (_ store: DICOMStoreName) -> StoreUpstream
    ) {
        self.exchange = exchange
        self.connect = connect
    }
}
