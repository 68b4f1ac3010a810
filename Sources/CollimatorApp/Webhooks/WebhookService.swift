import Catalog
import CollimatorCore
import Gateway
import Logging
import Persistence
import ServiceLifecycle
import Telemetry
import Webhooks

/// The webhooks while the service runs: what the feed tells is delivered until the end, and then their file is closed.
///
/// A call that is under way at the end is made again after the next start, like one that a kill has cut off.
struct WebhookService: Service {
    let engine: WebhookEngine
    private let clients: WebhookClients
    private let database: Database
    private let logger: Logger

    /// The webhooks in their file of the folder, decided by the rules of the parts.
    ///
    /// Throws ``StartupError``.
    static func make(
        in folder: String,
        for parts: GatewayParts,
        _ dialer: WebhookDialer,
        limits: WebhookLimits,
        logger: Logger
    ) async throws -> WebhookService {
        let (database, store) = try await WebhookFile(folder: folder).open()
        let engine = WebhookEngine(
            store: store,
            feed: parts.catalog.feed,
            sender: dialer.sender,
            addresses: dialer.policy,
            clock: .live,
            decisions: parts.webhookDecisions,
            limits: limits
        )
        return WebhookService(engine: engine, clients: dialer.clients, database: database, logger: logger)
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await allowFailure("calls that a kill has cut off are made after their lease", logger: self.logger) {
                try await self.engine.takeUp()
            }
            await withDiscardingTaskGroup { group in
                group.addTask { await self.clients.run() }
                await self.engine.run(logger: self.logger)
                group.cancelAll()
            }
        }
        await self.clients.close()
        let (database, logger) = (self.database, self.logger)
        // Awaited at once; of its own, because the database does nothing for a task that is cancelled.
        let closing = Task {
            await allowFailure("the log of the webhooks stays beside their file", logger: logger) {
                try await database.checkpoint()
            }
            try await database.close()
        }
        try await closing.value
    }
}

extension ArchiveService.Build {
    /// What delivers events to endpoints.
    ///
    /// Throws ``StartupError``.
    func webhooks(for parts: GatewayParts) async throws -> WebhookService {
        let configuration = self.configuration.webhooks
        let policy: AddressPolicy
        do {
            // Where the stores are real, so are the endpoints: nothing of patients goes anywhere in the clear.
            policy = try AddressPolicy.ofThisMachine(
                allowed: configuration.allowedPrivateNetworks,
                allowsPlainLoopback: self.configuration.isLocal
            )
        } catch {
            throw StartupError(
                "The addresses of this machine cannot be found out.",
                remedy: "Check that the process may list the network devices."
            )
        }
        var dialer = WebhookDialer(policy: policy, resolver: .live)
        dialer.trustedCertificates = configuration.trustedCertificates
        dialer.proxy = configuration.proxy
        return try await WebhookService.make(
            in: self.folder.path,
            for: parts,
            dialer,
            limits: configuration.limits,
            logger: self.surroundings.logger
        )
    }
}
