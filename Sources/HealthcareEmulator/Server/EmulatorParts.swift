internal import EmulatorStorage
internal import Glibc
internal import HummingbirdCore
internal import Logging
internal import NIOCore

/// The collaborators of the emulator, put together once.
struct EmulatorParts: Sendable {
    let archive: Archive
    let operations: OperationRunner
    let key: ServiceAccountKey
    let keyFile: KeyFile
    let table: EndpointTable
    let boundary: RequestBoundary
    let server: HTTPServerBuilder
    let pushes: PushWorker
    private let workers: EmulatorWorkers

    init(_ configuration: EmulatorConfiguration, logger: Logger, port: BoundPort) async throws {
        let limits = configuration.limits
        let directory = configuration.directory
        try Self.makeDirectory(directory)
        let keyFile = KeyFile(directory: directory)
        let key = try keyFile.load()
        let archive = try await Archive.open(
            ArchiveConfiguration(
                directory: directory + "/archive",
                clock: configuration.clock,
                logger: logger,
                parserThreads: limits.decodingThreads
            )
        )
        let folder: TemporaryFolder
        do {
            folder = try TemporaryFolder(path: directory + "/transcoded")
        } catch {
            await archive.close()
            throw error
        }
        let operations = OperationRunner(
            archive: archive,
            clock: configuration.clock,
            logger: logger,
            waitingMax: limits.operationsWaitingMax
        )
        let workers = EmulatorWorkers(limits)
        let connections = ConnectionRegistry()
        let credentials = Credentials(configuration, key: key, port: port)
        let retrieval = RetrievalParts(
            archive: archive,
            workers: workers,
            connections: connections,
            folder: folder
        )
        self.archive = archive
        self.operations = operations
        self.key = key
        self.keyFile = keyFile
        self.workers = workers
        let tokens = PushTokens(key: key, clock: configuration.clock)
        self.pushes = PushWorker(archive: archive, tokens: tokens, logger: logger)
        self.table = EndpointTable(
            [HealthEndpoints(), credentials.endpoints]
                + Self.administration(archive, operations)
                + Self.storing(archive, operations, workers, limits)
                + Self.publishing(archive, tokens, limits)
                + retrieval.groups
        )
        self.boundary = credentials.boundary(limits)
        self.server = Self.server(limits, connections)
    }

    /// Ends the threads and closes the archive; called when the last request has been answered.
    func close() async {
        await self.workers.shutdown()
        await self.archive.close()
    }

    private static func administration(_ archive: Archive, _ operations: OperationRunner) -> [any EndpointGroup] {
        [
            LocationEndpoints(),
            DatasetEndpoints(archive: archive, operations: operations),
            DICOMStoreEndpoints(archive: archive),
            OperationEndpoints(archive: archive, operations: operations),
            MetricsEndpoints(archive: archive),
            StorageClassEndpoints(archive: archive, operations: operations),
            IAMPolicyEndpoints(archive: archive),
            UnimplementedEndpoints(),
        ]
    }

    private static func publishing(
        _ archive: Archive,
        _ tokens: PushTokens,
        _ limits: EmulatorLimits
    ) -> [any EndpointGroup] {
        [
            PushKeyEndpoints(tokens: tokens),
            TopicEndpoints(archive: archive),
            SubscriptionEndpoints(archive: archive),
            PullEndpoints(archive: archive, limits: limits),
        ]
    }

    private static func storing(
        _ archive: Archive,
        _ operations: OperationRunner,
        _ workers: EmulatorWorkers,
        _ limits: EmulatorLimits
    ) -> [any EndpointGroup] {
        [
            SearchEndpoints(archive: archive, pool: workers.decoding),
            StoreEndpoints(
                archive: archive,
                upload: StoreUpload(archive: archive, width: limits.concurrentStoresPerRequest),
                metadataUpload: MetadataUpload(
                    archive: archive,
                    files: workers.files,
                    pool: workers.decoding,
                    limits: limits
                )
            ),
            DeleteEndpoints(archive: archive, operations: operations),
        ]
    }

    private static func server(_ limits: EmulatorLimits, _ connections: ConnectionRegistry) -> HTTPServerBuilder {
        .http1(
            configuration: HTTP1Channel.Configuration(
                additionalChannelHandlers: [ConnectionGuard(limits: limits, connections: connections)],
                idleTimeout: .seconds(Int64(limits.idleSeconds)),
                httpDecoderConfiguration: HTTP1Channel.Configuration.DecoderConfiguration(
                    maxHeaderFieldSize: limits.headerFieldBytesMax,
                    maxHeaderListSize: limits.headerListBytesMax,
                    maxHeaderFieldCount: limits.headerFieldsMax
                )
            )
        )
    }

    private static func makeDirectory(_ path: String) throws(EmulatorError) {
        var parent = path.hasPrefix("/") ? "" : "."
        for segment in path.split(separator: "/") {
            parent += "/" + segment
            if mkdir(parent, 0o700) != 0, errno != EEXIST { throw .unusableDirectory }
        }
    }
}

/// What decides who may call, and where it is offered.
private struct Credentials {
    private let isRequired: Bool
    private let tokens: AccessTokenLedger
    private let assertions: AssertionVerifier
    private let port: BoundPort
    private let host: String

    init(_ configuration: EmulatorConfiguration, key: ServiceAccountKey, port: BoundPort) {
        self.isRequired = configuration.requiresToken
        self.tokens = AccessTokenLedger(
            clock: configuration.clock,
            countMax: configuration.limits.accessTokensMax
        )
        self.assertions = AssertionVerifier(key: key, clock: configuration.clock)
        self.port = port
        self.host = configuration.dialledHost
    }

    var endpoints: TokenEndpoints {
        let (host, port) = (self.host, self.port)
        return TokenEndpoints(
            tokens: self.tokens,
            assertions: self.assertions,
            audience: { ServiceAccountKey.tokenURI(host: host, port: port.current ?? 0) }
        )
    }

    func boundary(_ limits: EmulatorLimits) -> RequestBoundary {
        let (host, port) = (self.host, self.port)
        let origin: @Sendable () -> String = { "http://\(host):\(port.current ?? 0)" }
        return RequestBoundary(
            authenticator: BearerAuthenticator(
                isRequired: self.isRequired,
                tokens: self.tokens,
                assertions: self.assertions,
                origin: origin
            ),
            limits: limits,
            publicPaths: [HealthEndpoints.path, TokenEndpoints.path, PushKeyEndpoints.path],
            port: port,
            accessLog: AccessLog()
        )
    }
}

/// What the endpoints of retrieval share.
private struct RetrievalParts {
    let archive: Archive
    let workers: EmulatorWorkers
    let connections: ConnectionRegistry
    let folder: TemporaryFolder

    var groups: [any EndpointGroup] {
        let (files, pool, images) = (self.workers.files, self.workers.decoding, self.workers.images)
        return [
            RetrieveEndpoints(
                archive: self.archive,
                sender: InstanceSender(files: files, pool: pool, folder: self.folder),
                connections: self.connections
            ),
            MetadataEndpoints(archive: self.archive, pool: pool),
            FrameEndpoints(
                archive: self.archive,
                files: files,
                pool: pool,
                images: images,
                connections: self.connections
            ),
            BulkDataEndpoints(archive: self.archive, files: files, pool: pool, connections: self.connections),
            RenderedEndpoints(archive: self.archive, pool: pool, images: images, connections: self.connections),
        ]
    }
}
