package import CollimatorCore
package import DICOMweb

/// The DICOM store behind one of our names: what the gateway asks of it, as closures.
///
/// Every call carries who it is for and how far it reaches, so that the other side can choose the credential. Errors
/// are ``DICOMwebError``; they are translated once, by `upstreamFailure`.
package struct StoreUpstream: Sendable {
    /// The answers of a search (QIDO-RS), none where nothing matches.
    package var search: @Sendable (_ search: UpstreamSearch, _ call: UpstreamCall) async throws -> [DataSet]
    /// Stores one DICOM file (STOW-RS) and says what became of it.
    package var store: @Sendable (_ upload: UpstreamUpload, _ call: UpstreamCall) async throws -> StoreReceipt
    /// One exchange with its body passed through as it arrives.
    package var exchange: @Sendable (_ request: UpstreamRequest, _ call: UpstreamCall) async throws -> UpstreamResponse
    /// The DICOMweb root as the upstream writes it into its answers, without a trailing slash.
    package var rootURL: @Sendable () async throws -> String
    /// Whether a page of a search that is shorter than was asked for is the last, as the Healthcare API documents.
    package var givesFullPages = false

    package init(
        search: @escaping @Sendable (_ search: UpstreamSearch, _ call: UpstreamCall) async throws -> [DataSet],
        store: @escaping @Sendable (_ upload: UpstreamUpload, _ call: UpstreamCall) async throws -> StoreReceipt,
        exchange:
            @escaping @Sendable (_ request: UpstreamRequest, _ call: UpstreamCall) async throws
            -> UpstreamResponse,
        rootURL: @escaping @Sendable () async throws -> String
    ) {
        self.search = search
        self.store = store
        self.exchange = exchange
        self.rootURL = rootURL
    }
}

/// For whom an upstream call is made, and how far it reaches.
package struct UpstreamCall: Hashable, Sendable {
    package let tier: ActionTier
    /// Nil for the service's own calls, such as the readiness probe.
    package let principal: Principal?

    package init(tier: ActionTier, principal: Principal?) {
        self.tier = tier
        self.principal = principal
    }
}
