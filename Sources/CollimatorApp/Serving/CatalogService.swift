import Catalog
import CollimatorCore
import Gateway
import Logging
import Persistence
import ServiceLifecycle
import Telemetry

/// The catalog while it runs: it is kept current until the end, and then its file is closed.
///
/// It is listed between the stores and the gateway, so that it ends when nobody asks it any more.
struct CatalogService: Service {
    let catalog: StudyCatalog
    private let database: Database
    private let requestsPerSecond: Int
    private let logger: Logger

    /// The catalog in its file of the folder.
    ///
    /// Throws ``StartupError``.
    static func make(
        in folder: String,
        sweeping: Duration,
        uploadWait: Duration = .seconds(ServeConfiguration().catalogUploadWaitSeconds),
        requestsPerSecond: Int = ServeConfiguration().catalogRequestsPerSecond,
        changed: ChangedStudies = ChangedStudies(),
        feedTimes: FeedTimes = FeedTimes(),
        logger: Logger
    ) async throws -> CatalogService {
        var times = StoreSynchronizer.Configuration()
        times.onChange = { await changed.report($0) }
        times.sweeping = sweeping
        times.countlessSweeping = min(times.countlessSweeping, sweeping)
        times.settling = min(times.settling, sweeping)
        times.checking = min(times.checking, sweeping)
        times.uploadAsking = min(times.uploadAsking, sweeping)
        times.writeLasting = uploadWait
        let (database, catalog) = try await CatalogFile(folder: folder, logger: logger).open(
            times,
            feedTimes: feedTimes
        )
        return CatalogService(
            catalog: catalog,
            database: database,
            requestsPerSecond: requestsPerSecond,
            logger: logger
        )
    }

    /// What the catalog asks of the store, at its own rate.
    private func upstream(of store: GatewayStore) -> CatalogUpstream {
        CatalogUpstream(store: store, rate: RequestRate(perSecond: self.requestsPerSecond))
    }

    /// Begins to keep the stores, and forgets those that are no more.
    ///
    /// Throws ``StartupError``.
    func begin(_ stores: [GatewayStore]) async throws {
        do {
            for store in stores {
                try await self.catalog.add(store.name, upstream: self.upstream(of: store))
            }
            try await self.catalog.forgetOthers()
        } catch {
            throw CatalogFile.unusable
        }
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await self.catalog.run(logger: self.logger)
        }
        let database = self.database
        let logger = self.logger
        // Awaited at once; of its own, because the database does nothing for a task that is cancelled.
        let closing = Task {
            await allowFailure("the log of the catalog stays beside its file", logger: logger) {
                try await database.checkpoint()
            }
            try await database.close()
        }
        try await closing.value
    }

    /// Tells the catalog of what is written through the gateway; a failure is told, and the study asked for again.
    var changes: StudyChanges {
        let (catalog, logger) = (self.catalog, self.logger)
        return StudyChanges { change in
            await allowFailure("the catalog asks for a written study again later", logger: logger) {
                switch change.kind {
                case .stored: try await catalog.changed(change.study, in: change.store)
                case .deleted: try await catalog.deleted(change.study, in: change.store)
                }
            }
        }
    }

    /// Has stores kept that are made while the service runs, and forgets those that are deleted.
    var observer: StoreObserver {
        let (catalog, logger) = (self.catalog, self.logger)
        return StoreObserver(
            added: { store in
                await allowFailure("the store is kept in the catalog after the next start", logger: logger) {
                    try await catalog.add(store.name, upstream: self.upstream(of: store))
                }
            },
            removed: { store in
                await allowFailure("the rows of a deleted store go with the next start", logger: logger) {
                    try await catalog.forget(store)
                }
            }
        )
    }
}
