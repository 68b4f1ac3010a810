package import AccessControl
package import Catalog
import CollimatorCore
package import Hummingbird
import HummingbirdCore
package import Identity
package import Logging
package import NIOCore
package import NIOSSL

/// What the gateway is made of.
package struct GatewayParts: Sendable {
    package var stores: StoreDirectory
    /// The index of the studies in the stores.
    package var catalog: StudyCatalog
    package var authenticator: Authenticator
    package var authorizer: Authorizer
    package var limits: GatewayLimits
    /// Hears of every study that is written.
    package var changes: StudyChanges
    /// Where stores that are made here are written down.
    package var register = StoreRegister.forgetful
    /// Where callers reach this service, such as `https://imaging.example.org`; nil where each request's own host is
    /// used.
    package var publicURL: String?
    /// The certificate and its key; nil where the connections are not encrypted here.
    package var tls: TLSConfiguration?
    /// The browsers that are signed in.
    package var signIns = SignIns()
    /// Which requests of a browser count.
    package var browser = BrowserAccess.anywhere
    /// The folder for files that are only there while a request is answered.
    package var spoolDirectory = "/tmp"
    /// The answers that are kept for requests with an idempotency key.
    package var idempotency = IdempotencyStore()
    /// Origins whose pages may read answers, exactly as browsers write them; see ``WebOrigin``.
    package var allowedOrigins: [String] = []
    /// Proxies that are believed about whom they pass a request on for.
    package var trustedProxies: [AddressRange] = []

    package init(
        stores: StoreDirectory,
        catalog: StudyCatalog,
        authenticator: Authenticator,
        authorizer: Authorizer,
        limits: GatewayLimits = GatewayLimits(),
        changes: StudyChanges = .unheard,
        publicURL: String? = nil
    ) {
        self.stores = stores
        self.catalog = catalog
        self.authenticator = authenticator
        self.authorizer = authorizer
        self.limits = limits
        self.changes = changes
        self.publicURL = publicURL
    }

    /// The same parts with another folder for passing files.
    package func spooling(in directory: String) -> GatewayParts {
        var parts = self
        parts.spoolDirectory = directory
        return parts
    }

    private var uploads: UploadsController {
        UploadsController(
            limits: self.limits,
            changes: self.changes,
            idempotency: self.idempotency,
            spoolDirectory: self.spoolDirectory
        )
    }

    private var dicomweb: DICOMwebController {
        DICOMwebController(
            limits: self.limits,
            catalog: self.catalog,
            publicURL: self.publicURL,
            changes: self.changes,
            isEncrypted: self.tls != nil
        )
    }

    /// Every route.
    package func endpointTable(logger: Logger) -> EndpointTable {
        let readiness = ReadinessProbe(stores: self.stores, limits: self.limits, logger: logger)
        return EndpointTable(
            endpoints: HealthController(readiness: readiness).endpoints
                + StoresController(stores: self.stores, authorizer: self.authorizer).endpoints
                + MeController(stores: self.stores, authorizer: self.authorizer).endpoints
                + StudySearchController(stores: self.stores, authorizer: self.authorizer).endpoints
                + StudiesController().endpoints
                + SeriesController().endpoints
                + MetadataController(dicomweb: self.dicomweb).endpoints
                + FileController().endpoints
                + ArchiveController().endpoints
                + self.uploads.endpoints
                + RenderedController().endpoints
                + SignInController(signIns: self.signIns, browser: self.browser).endpoints
                + AppController().endpoints
                + self.dicomweb.endpoints
                + self.deletionsAndOperations
                + DocumentationController().endpoints
        )
    }

    /// Deleting, operations, and the tree of the Healthcare API, which share what is known of operations.
    private var deletionsAndOperations: [Endpoint] {
        let ownership = OperationOwnership(ledger: OperationLedger(), authorizer: self.authorizer)
        let deletion = Deletion(changes: self.changes, ledger: ownership.ledger)
        let cloudStores = CloudStoresController(directory: self.stores, register: self.register) { context, store in
            self.authorizer.decide(context.caller.principal, .storesGet, on: .store(store.name)).isAllowed
        }
        let cloudArchive = CloudArchiveController(dicomweb: self.dicomweb, deletion: deletion)
        return DeletionController(deletion: deletion).endpoints
            + OperationsController(stores: self.stores, ownership: ownership, events: OperationEvents()).endpoints
            + CloudAdministrationController().endpoints + cloudStores.endpoints + cloudArchive.endpoints
    }
}

/// The gateway as an application that serves HTTP on an address.
///
/// Middleware, outermost first: the headers for pages of other origins, the boundary that turns errors into answers,
/// the access log, the limits, the preflight, the authentication; then the routes with their permission checks. The
/// logger of a request is bound by the server.
package func gatewayApplication(
    _ parts: GatewayParts,
    address: BindAddress,
    logger: Logger,
    onServerRunning: @escaping @Sendable (any Channel) async -> Void = { _ in }
) -> Application<RouterResponder<GatewayContext>> {
    let table = parts.endpointTable(logger: logger)
    let router = Router(context: GatewayContext.self)
    let origins = Set(parts.allowedOrigins)
    router.add(middleware: CrossOriginHeaders(origins: origins))
    router.add(middleware: ErrorBoundary(methods: table.methodsByPath))
    router.add(middleware: AccessLog(proxies: parts.trustedProxies))
    router.add(middleware: RequestLimits(limits: parts.limits))
    router.add(middleware: OwnPort())
    router.add(middleware: Preflight(origins: origins, methods: table.methodsByPath))
    router.add(
        middleware: Authentication(
            authenticator: parts.authenticator,
            signIns: parts.signIns,
            browser: parts.browser,
            openPaths: table.openPaths
        )
    )
    table.register(on: router, gate: AccessGate(stores: parts.stores, authorizer: parts.authorizer))
    return Application(
        router: router,
        server: .http1(
            configuration: HTTP1Channel.Configuration(
                additionalChannelHandlers: [ConnectionHandler(limits: parts.limits, logger: logger)],
                idleTimeout: TimeAmount(parts.limits.idleTimeout),
                httpDecoderConfiguration: HTTP1Channel.Configuration.DecoderConfiguration(
                    maxHeaderFieldSize: parts.limits.headerBytesMax,
                    maxHeaderListSize: parts.limits.headerBytesMax,
                    maxHeaderFieldCount: parts.limits.headerFieldsMax
                )
            ),
            tls: parts.tls
        ),
        configuration: ApplicationConfiguration(
            address: address,
            serverName: nil,
            availableConnectionsDelegate: .maximum(parts.limits.connectionsMax, logger: logger)
        ),
        onServerRunning: onServerRunning,
        logger: logger
    )
}
