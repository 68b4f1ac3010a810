import AccessControl
import Catalog
import CollimatorCore
import DICOMweb
import Gateway
import HealthcareAPI
import Identity
import Imaging
import ServiceLifecycle

extension ArchiveService {
    /// Puts the gateway and its stores together.
    struct Build: Sendable {
        let configuration: ServeConfiguration
        let connections: UpstreamConnections
        let folder: DataFolder
        let surroundings: ServeSurroundings

        /// Services are listed so that what others use stops last.
        func archive(administratorKey: AdministratorKey) async throws -> ArchiveService {
            let boundPort = Announced<Int>()
            let emulator = self.configuration.isLocal ? try self.emulator() : nil
            let registerFile = try StoreRegisterFile(self.folder)
            let stores = try self.stores(emulator).includingMade(registerFile.stores, logger: self.surroundings.logger)
            let changed = ChangedStudies()
            let catalog = try await self.catalog(telling: changed)
            let policy = try await PolicyService.make(
                in: self.folder.path,
                administrators: self.configuration.identity.administrators
            )
            try await policy.keepRows(in: catalog)
            try await catalog.begin(stores)
            let identity = try await IdentityService.make(in: self.folder.path, logger: self.surroundings.logger)
            let verifier = self.tokenVerifier(asking: policy.authorizer)
            let signIns = SignIns(
                login: try self.configuration.identity.login(verifier: verifier, connections: self.connections)
            )
            let audit = try await self.audit()
            var parts = GatewayParts(
                stores: StoreDirectory(stores, observer: catalog.observer),
                catalog: catalog.catalog,
                authenticator: self.authenticator(
                    administratorKey,
                    keys: identity.directory.keys,
                    tokens: verifier
                ),
                authorizer: policy.authorizer,
                changes: catalog.changes,
                publicURL: self.configuration.publicURL
            )
            let thumbnails = self.thumbnails(parts)
            changed.tell { await thumbnails.hear($0) }
            parts.thumbnails = thumbnails
            parts.changes = thumbnails.hearing(before: parts.changes)
            parts.signIns = signIns
            parts.identity = identity.directory
            parts.register = registerFile.register
            parts.audit = audit.log
            parts.policies = policy.store
            parts.push = self.push(parts.stores, catalog: catalog.catalog)
            let webhooks = try await self.webhooks(for: parts)
            parts.webhooks = webhooks.engine
            try self.configure(&parts)
            let gateway = self.gateway(of: parts, boundPort)
            var services = [ArchiveService.closing(self.connections)]
            if let emulator { services.append(.lasting(emulator)) }
            services.append(.lasting(catalog))
            services.append(.lasting(identity))
            services.append(.lasting(policy))
            services.append(.lasting(PictureService(thumbnails: thumbnails)))
            services += [.lasting(audit)] + self.emergencies(of: parts)
            if let events = try self.events(parts.stores, catalog: catalog.catalog, emulator: emulator) {
                services.append(.lasting(events))
            }
            services += [.lasting(webhooks), .lasting(self.operations(of: parts))]
            services.append(.lasting(gateway))
            services.append(.passing(self.greeting(gateway: boundPort, emulator: emulator, signIns: signIns)))
            if let emulator, self.configuration.fillsWithDemo {
                services.append(.passing(self.filling(emulator, gateway: boundPort, catalog: catalog.catalog)))
            }
            return ArchiveService(
                services,
                gateway: boundPort,
                emulator: emulator,
                catalog: catalog.catalog,
                folder: self.folder,
                logger: self.surroundings.logger
            )
        }

        private func operations(of parts: GatewayParts) -> OperationService {
            OperationService(watch: parts.operationWatch, logger: self.surroundings.logger)
        }

        private func emergencies(of parts: GatewayParts) -> [ServiceGroupConfiguration.ServiceConfiguration] {
            parts.emergencyWatch.map { watch in
                [.lasting(EmergencyService(watch: watch, logger: self.surroundings.logger))]
            } ?? []
        }

        private func audit() async throws -> AuditService {
            try await AuditService.make(
                in: self.folder.path,
                retentionDays: self.configuration.auditRetentionDays,
                logger: self.surroundings.logger
            )
        }

        private func catalog(telling changed: ChangedStudies) async throws -> CatalogService {
            try await CatalogService.make(
                in: self.folder.path,
                sweeping: .seconds(self.configuration.catalogSweepSeconds),
                uploadWait: .seconds(self.configuration.catalogUploadWaitSeconds),
                requestsPerSecond: self.configuration.catalogRequestsPerSecond,
                changed: changed,
                feedTimes: self.configuration.feedTimes,
                logger: self.surroundings.logger
            )
        }

        private func gateway(of parts: GatewayParts, _ boundPort: Announced<Int>) -> GatewayService {
            GatewayService(
                parts: parts.spooling(in: self.folder.path),
                host: self.configuration.host,
                port: self.configuration.port,
                logger: self.surroundings.logger,
                boundPort: boundPort
            )
        }

        /// What of the parts the configuration alone says.
        private func configure(_ parts: inout GatewayParts) throws {
            parts.browser = BrowserAccess(
                host: self.configuration.host,
                isLoopback: self.configuration.isLoopback,
                publicURL: self.configuration.publicURL
            )
            parts.allowedOrigins = self.configuration.allowedOrigins
            parts.trustedProxies = self.configuration.trustedProxies
            parts.viewer = try self.configuration.viewerFolder()
            parts.tls = try self.configuration.tls?.configuration()
        }

        private func thumbnails(_ parts: GatewayParts) -> ThumbnailService {
            var imaging = ImagingConfiguration()
            imaging.memoryBytesMax = self.configuration.cacheMemoryBytes
            imaging.diskBytesMax = self.configuration.cacheDiskBytes
            imaging.directory = self.configuration.cacheDirectory ?? "\(self.folder.path)/thumbnails"
            return ThumbnailService(
                configuration: imaging,
                upstream: ImagingUpstream(stores: parts.stores, catalog: parts.catalog, limits: parts.limits),
                logger: self.surroundings.logger
            )
        }

        /// A token that hides its groups is refused while rules speak of such.
        private func tokenVerifier(asking authorizer: Authorizer) -> TokenVerifier? {
            self.configuration.identity.tokenVerifier(
                connections: self.connections,
                logger: self.surroundings.logger,
                namesGroups: { alias in authorizer.namesGroups(of: alias) }
            )
        }

        private func authenticator(
            _ administratorKey: AdministratorKey,
            keys: APIKeys,
            tokens: TokenVerifier?
        ) -> Authenticator {
            let identity = self.configuration.identity
            return Authenticator(
                administratorKey: administratorKey,
                keys: keys,
                tokens: tokens,
                verifiers: identity.accessTokenVerifiers(connections: self.connections),
                admitsAnonymous: identity.admitsAnonymous
            )
        }

        private func emulator() throws -> EmulatorService {
            let directory = self.configuration.emulatorDirectory ?? "\(self.configuration.dataDirectory)/emulator"
            return EmulatorService(
                EmulatorService.Options(
                    port: self.configuration.emulatorPort,
                    directory: directory,
                    portOption: "--emulator-port"
                ),
                store: try EmulatorService.localStore(),
                connections: self.connections,
                logger: self.surroundings.logger
            )
        }

        /// The name of the store of local mode.
        private static var localStore: StoreName? { StoreName("radiology") }

        private func stores(_ emulator: EmulatorService?) throws -> [GatewayStore] {
            if let emulator, let name = Self.localStore {
                let upstream = StoreUpstream.client(isHealthcareAPI: true) {
                    try await emulator.listening.value.client
                }
                let healthcare = HealthcareUpstream.client { try await emulator.listening.value.reach }
                return [
                    GatewayStore(name: name, resource: emulator.store, upstream: upstream, healthcare: healthcare)
                ]
            }
            let connector = StoreConnector(
                endpoint: self.configuration.healthcareEndpoint,
                environment: self.surroundings.environment,
                connections: self.connections
            )
            return try self.configuration.stores.map { store in
                guard let resource = store.place.resource else {
                    let client = try connector.client(store.place, credentials: store.credentials)
                    let upstream = StoreUpstream.client(isHealthcareAPI: false) { client }
                    var other = GatewayStore(name: store.name, resource: nil, upstream: upstream)
                    other.issuerOfPatientID = store.issuerOfPatientID
                    other.showsBurnedInPictures = store.showsBurnedInPictures
                    return other
                }
                let reach = try connector.reach(store.credentials)
                let client = try reach.client(of: resource)
                var cloud = GatewayStore(
                    name: store.name,
                    resource: resource,
                    upstream: StoreUpstream.client(isHealthcareAPI: true) { client },
                    healthcare: HealthcareUpstream.client { reach }
                )
                cloud.issuerOfPatientID = store.issuerOfPatientID
                cloud.showsBurnedInPictures = store.showsBurnedInPictures
                return cloud
            }
        }

        private func greeting(
            gateway: Announced<Int>,
            emulator: EmulatorService?,
            signIns: SignIns
        ) -> some Service {
            OneTimeService {
                // An archive that is still to be filled has no picture yet: the filling shows one.
                let isEmpty = self.configuration.fillsWithDemo && !DemoMark(self.folder).isThere
                let greeting = self.greeting(gateway, emulator)
                var welcome = try await greeting.welcome(withPicture: !isEmpty)
                if self.configuration.showsSignIn {
                    welcome.signInPath = SignInLink.path(token: signIns.administratorToken())
                }
                self.surroundings.announce(welcome.text)
            }
        }

        private func filling(
            _ emulator: EmulatorService,
            gateway: Announced<Int>,
            catalog: StudyCatalog
        ) -> some Service {
            let greeting = self.greeting(gateway, emulator)
            return ArchiveService.filling(
                emulator,
                folder: self.folder,
                surroundings: self.surroundings,
                stored: { study in
                    // The files go to the emulator and not through the gateway, which would have told the catalog.
                    if let name = Self.localStore { catalog.note(study, in: name) }
                }
            ) {
                let welcome = try await greeting.welcome(withPicture: true)
                if let command = welcome.pictureCommand { self.surroundings.announce("A slice of it:\n\n\(command)") }
            }
        }

        private func greeting(_ gateway: Announced<Int>, _ emulator: EmulatorService?) -> Greeting {
            Greeting(
                configuration: self.configuration,
                gateway: gateway,
                emulator: emulator,
                surroundings: self.surroundings
            )
        }
    }
}
