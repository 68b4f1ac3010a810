package import AccessControl
package import Audit
package import Catalog
import CollimatorCore
package import Hummingbird
import HummingbirdCore
package import Identity
package import Imaging
package import Logging
package import NIOCore
package import NIOSSL
package import Webhooks

/// What the gateway is made of.
package struct GatewayParts: Sendable {
    package var stores: StoreDirectory
    /// The index of the studies in the stores.
    package var catalog: StudyCatalog
    package var authenticator: Authenticator
    package var authorizer: Authorizer
    /// Who may do what and see what; the authorizer alone where it is nil.
    package var judge: (any AccessJudge)?
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
    /// The API keys, who has called, and who is suspended.
    package var identity = IdentityDirectory.forgetful
    /// Which requests of a browser count.
    package var browser = BrowserAccess.anywhere
    /// The folder for files that are only there while a request is answered.
    package var spoolDirectory = "/tmp"
    /// The answers that are kept for requests with an idempotency key.
    package var idempotency = IdempotencyStore()
    /// The files of a viewer; nil where none is configured.
    package var viewer: ViewerFolder?
    /// Who may push messages of Pub/Sub; nil for nobody.
    package var push: PubSubPush?
    /// Origins whose pages may read answers, exactly as browsers write them; see ``WebOrigin``.
    package var allowedOrigins: [String] = []
    /// What makes and keeps pictures; nil for one that keeps them in memory alone.
    package var thumbnails: ThumbnailService?
    /// Proxies that are believed about whom they pass a request on for.
    package var trustedProxies: [AddressRange] = []
    /// Where every request of a caller is written down; nil where nothing is.
    package var audit: AuditLog?
    /// Where the access rules are kept; nil where nobody can change them.
    package var policies: PolicyStore?
    /// What calls endpoints when something changes; nil where nothing does.
    package var webhooks: WebhookEngine?

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

    private var readable: ReadableStores {
        ReadableStores(stores: self.stores, judge: self.rules)
    }

    /// What ends long answers; by what is known of callers.
    private var standing: StandingWatch {
        let identity = self.identity
        return StandingWatch { identity.stillStands($0) }
    }

    private var rules: any AccessJudge { self.judge ?? self.authorizer }

    /// What decides on every request.
    var gate: AccessGate {
        AccessGate(
            stores: self.stores,
            judge: self.rules,
            audit: AuditTrail(
                log: self.audit,
                catalog: self.catalog,
                proxies: self.trustedProxies
            ),
            studies: self.catalog.memory(capacity: AccessGate.studiesMax) { AccessFacts($0) },
            standing: self.standing
        )
    }

    private var listing: StudyListing {
        StudyListing(catalog: self.catalog, seal: self.authenticator.seal(for: ListCursor.purpose))
    }

    private var uploads: UploadsController {
        UploadsController(
            limits: self.limits,
            catalog: self.catalog,
            changes: self.changes,
            idempotency: self.idempotency,
            spoolDirectory: self.spoolDirectory
        )
    }

    private var dicomweb: DICOMwebController { self.dicomweb(keeping: nil) }

    private func dicomweb(keeping thumbnails: ThumbnailService?) -> DICOMwebController {
        DICOMwebController(
            limits: self.limits,
            catalog: self.catalog,
            publicURL: self.publicURL,
            changes: self.changes,
            isEncrypted: self.tls != nil,
            thumbnails: thumbnails
        )
    }

    /// Every route.
    package func endpointTable(logger: Logger) -> EndpointTable {
        self.endpointTable(logger: logger, gate: self.gate)
    }

    func endpointTable(logger: Logger, gate: AccessGate) -> EndpointTable {
        let readiness = ReadinessProbe(stores: self.stores, limits: self.limits, logger: logger)
        let upstream = ImagingUpstream(stores: self.stores, catalog: self.catalog, limits: self.limits)
        let thumbnails =
            self.thumbnails
            ?? ThumbnailService(configuration: ImagingConfiguration(), upstream: upstream, logger: logger)
        return EndpointTable(
            endpoints: HealthController(readiness: readiness).endpoints
                + StoresController(stores: self.stores, catalog: self.catalog, judge: self.rules).endpoints
                + MeController(stores: self.stores, judge: self.rules).endpoints
                + EventRejectionsController(catalog: self.catalog).endpoints
                + PubSubPushController(push: self.push).endpoints
                + StudySearchController(readable: self.readable, listing: self.listing).endpoints
                + StudiesController(catalog: self.catalog, links: self.identity.links).endpoints
                + PriorsController(readable: self.readable, listing: self.listing).endpoints
                + SeriesController(catalog: self.catalog, links: self.identity.links).endpoints
                + SignedLinksController(links: self.identity.links).endpoints
                + MetadataController(dicomweb: self.dicomweb).endpoints
                + FileController().endpoints
                + ArchiveController().endpoints
                + self.uploads.endpoints
                + self.pictures(thumbnails, upstream)
                + self.keyEndpoints
                + self.access(gate)
                + self.principals.endpoints
                + SignInController(signIns: self.signIns, browser: self.browser).endpoints
                + self.login.endpoints
                + AppController().endpoints
                + self.events(gate).endpoints
                + WebhooksController(engine: self.webhooks).endpoints
                + self.viewers(gate)
                + self.dicomweb(keeping: thumbnails).endpoints
                + self.deletionsAndOperations
                + AuditController(store: self.audit?.store).endpoints
                + DocumentationController().endpoints
        )
    }

    /// The access rules.
    private func access(_ gate: AccessGate) -> [Endpoint] {
        let keeping = PolicyKeeping(store: self.policies, authorizer: self.authorizer, catalog: self.catalog)
        let explanations = ExplanationsController(
            authorizer: self.authorizer,
            stores: self.stores,
            principals: self.identity.principals,
            studies: gate.studies
        )
        let iam = IAMController(keeping: keeping, stores: self.stores, principals: self.identity.principals)
        let rules = PolicyPartController<AccessRule>(keeping: keeping)
        return PolicyController(keeping: keeping).endpoints + rules.endpoints
            + [Endpoint(.post, AccessRule.root, .policyUpdate, handler: rules.create)]
            + PolicyPartController<AccessPolicy.LocalGroup>(keeping: keeping).endpoints
            + PolicyPartController<Role>(keeping: keeping).endpoints
            + explanations.endpoints + iam.endpoints
    }

    /// API keys, and access tokens for key files.
    private var keyEndpoints: [Endpoint] {
        let origin: @Sendable (Request) -> String = { [dicomweb = self.dicomweb] in dicomweb.origin(of: $0) }
        let project = self.stores.all.lazy.compactMap { $0.resource?.dataset.project }.first
        let exchange = TokenExchangeController(
            keys: self.identity.keys,
            principals: self.identity.principals,
            origin: origin
        )
        return APIKeysController(keys: self.identity.keys, project: project, origin: origin).endpoints
            + exchange.endpoints
    }

    private var login: LoginController {
        LoginController(
            signIns: self.signIns,
            browser: self.browser,
            directory: self.identity,
            isEncrypted: self.tls != nil
        )
    }

    private var principals: PrincipalsController {
        PrincipalsController(
            directory: self.identity,
            signIns: self.signIns,
            stores: self.stores,
            authorizer: self.authorizer
        )
    }

    /// Thumbnails, renditions, and the documents of what has no picture.
    private func pictures(_ thumbnails: ThumbnailService, _ upstream: ImagingUpstream) -> [Endpoint] {
        let documents = DocumentController(upstream: upstream, limits: self.limits)
        return ThumbnailController(thumbnails: thumbnails).endpoints
            + RenderedController(thumbnails: thumbnails, documents: documents).endpoints + documents.endpoints
    }

    private func events(_ gate: AccessGate) -> EventsController {
        EventsController(
            feed: self.catalog.feed,
            readable: self.readable,
            visibility: EventVisibility(authorizer: self.authorizer, gate: gate),
            streams: EventStreams()
        )
    }

    /// What viewers are told, their files, and the way into them.
    private func viewers(_ gate: AccessGate) -> [Endpoint] {
        let callers = OptionalCaller(
            authenticator: self.authenticator,
            signIns: self.signIns,
            browser: self.browser,
            directory: self.identity
        )
        let launch = LaunchController(
            stores: self.stores,
            catalog: self.catalog,
            gate: gate,
            callers: callers,
            hasViewer: self.viewer != nil
        )
        let viewer = ViewerController(
            folder: self.viewer,
            stores: self.stores,
            judge: self.rules,
            callers: callers
        )
        return OHIFController(dicomweb: self.dicomweb, judge: self.rules).endpoints + viewer.endpoints
            + launch.endpoints
    }

    /// Deleting, operations, and the tree of the Healthcare API, which share what is known of operations.
    private var deletionsAndOperations: [Endpoint] {
        let ownership = OperationOwnership(ledger: OperationLedger(), judge: self.rules)
        let deletion = Deletion(changes: self.changes, ledger: ownership.ledger, feed: self.catalog.feed)
        let cloudStores = CloudStoresController(directory: self.stores, register: self.register) { context, store in
            self.rules.allows(context.caller, .storesGet, on: .store(store.name))
        }
        let cloudArchive = CloudArchiveController(dicomweb: self.dicomweb, deletion: deletion)
        return DeletionController(deletion: deletion).endpoints
            + DICOMwebDeletionController(deletion: deletion, limits: self.limits).endpoints
            + OperationsController(stores: self.stores, ownership: ownership, events: OperationEvents()).endpoints
            + CloudAdministrationController(limits: self.limits).endpoints + cloudStores.endpoints
            + cloudArchive.endpoints
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
    let gate = parts.gate
    let table = parts.endpointTable(logger: logger, gate: gate)
    let methods = table.methodsByPath
    let router = Router(context: GatewayContext.self)
    let origins = Set(parts.allowedOrigins)
    router.add(middleware: CrossOriginHeaders(origins: origins))
    router.add(middleware: ErrorBoundary(methods: methods))
    router.add(middleware: AccessLog(proxies: parts.trustedProxies))
    router.add(middleware: RequestLimits(limits: parts.limits))
    router.add(middleware: OwnPort())
    router.add(middleware: Preflight(origins: origins, methods: methods))
    router.add(
        middleware: Authentication(
            authenticator: parts.authenticator,
            signIns: parts.signIns,
            browser: parts.browser,
            directory: parts.identity,
            openPaths: table.openPaths
        )
    )
    table.register(on: router, gate: gate)
    let answers = QuickAnswers(
        gate: gate,
        authenticator: parts.authenticator,
        directory: parts.identity,
        // Answers that pages of other origins may read have more in their heads.
        isOff: !origins.isEmpty,
        logger: logger
    )
    return Application(
        router: router,
        server: .http1(
            configuration: HTTP1Channel.Configuration(
                additionalChannelHandlers: [
                    ConnectionHandler(limits: parts.limits, logger: logger),
                    QuickAnswerHandler(idleTimeout: parts.limits.idleTimeout, answer: answers.answer),
                ],
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
