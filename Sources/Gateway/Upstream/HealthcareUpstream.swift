package import CollimatorCore

/// The Healthcare API above its DICOM stores: datasets, stores and operations, with the credential of a configured
/// store.
package struct HealthcareUpstream: Sendable {
    /// One exchange; the path of the request is below `/v1/`.
    package var exchange: @Sendable (_ request: UpstreamRequest, _ call: UpstreamCall) async throws -> UpstreamResponse
    /// The way to another DICOM store, with the same credential.
    package var connect: @Sendable (_ store: DICOMStoreName) -> StoreUpstream
    /// The IAM policy of a dataset or store; nil where the credential may not read it.
    package var iamPolicy: @Sendable (_ resource: IAMResource, _ call: UpstreamCall) async throws -> IAMPolicy?

    package init(
        exchange:
            @escaping @Sendable (_ request: UpstreamRequest, _ call: UpstreamCall) async throws
            -> UpstreamResponse,
        connect: @escaping @Sendable (_ store: DICOMStoreName) -> StoreUpstream,
        iamPolicy:
            @escaping @Sendable (_ resource: IAMResource, _ call: UpstreamCall) async throws
            -> IAMPolicy? = { _, _ in nil }
    ) {
        self.exchange = exchange
        self.connect = connect
        self.iamPolicy = iamPolicy
    }
}
