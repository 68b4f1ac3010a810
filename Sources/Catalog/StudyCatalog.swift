package import CollimatorCore
package import DICOMweb
package import Logging
import Synchronization

/// The catalog as the rest of the program sees it: searches, single studies, and how current it is of each store.
///
/// One synchroniser keeps each store; ``run(logger:)`` keeps them all at work until it is cancelled.
package final class StudyCatalog: Sendable {
    private let catalog: CatalogStore
    private let configuration: StoreSynchronizer.Configuration
    private let synchronizers = Mutex<[StoreName: StoreSynchronizer]>([:])

    package init(
        _ catalog: CatalogStore,
        configuration: StoreSynchronizer.Configuration = StoreSynchronizer.Configuration()
    ) {
        self.catalog = catalog
        self.configuration = configuration
    }

    /// Begins to keep a store; what was kept of it before is taken up again.
    package func add(_ store: StoreName, upstream: CatalogUpstream) async throws {
        try await self.catalog.prepare()
        let synchronizer = try await StoreSynchronizer(
            store: store,
            upstream: upstream,
            catalog: self.catalog,
            configuration: self.configuration
        )
        self.synchronizers.withLock { $0[store] = synchronizer }
    }

    /// Ends keeping a store; its rows stay until the store is added again or the catalog is rebuilt.
    package func remove(_ store: StoreName) {
        self.synchronizers.withLock { _ = $0.removeValue(forKey: store) }
    }

    /// A page of studies; what was reported as changed here is brought in first.
    ///
    /// - Throws: `unprocessable` where the answer could not be found within ``SearchEffort``.
    package func search(_ query: StudyQuery) async throws -> StudyPage {
        try await self.catalog.search(query)
    }

    /// A page of series.
    ///
    /// - Throws: as ``search(_:)``.
    package func searchSeries(_ query: SeriesQuery) async throws -> SeriesPage {
        try await self.catalog.searchSeries(query)
    }

    /// The study; one that the catalog does not know, or has not counted, is asked of the store first.
    ///
    /// Nil where the store does not have it. Errors are those of the store's client.
    package func study(_ study: StudyUID, in store: StoreName) async throws -> CatalogStudy? {
        if let known = try await self.catalog.study(study, in: store), known.instanceCount != nil { return known }
        try await self.synchronizer(of: store).refresh(study)
        return try await self.catalog.study(study, in: store)
    }

    /// The series of a study that the catalog knows, by UID.
    package func series(of study: StudyUID, in store: StoreName) async throws -> [SeriesEntry] {
        try await self.catalog.series(of: study, in: store)
    }

    /// How current the catalog is of the store; nil for a store that it does not keep.
    package func status(of store: StoreName) async -> CatalogStatus? {
        await self.synchronizers.withLock { $0[store] }?.status
    }

    /// Somebody wrote to the study through us: the very next search finds it as it is then.
    package func changed(_ study: StudyUID, in store: StoreName) async throws {
        try await self.synchronizer(of: store).refresh(study)
    }

    /// Compares everything now, from the beginning to the end.
    package func synchronize(_ store: StoreName) async throws {
        try await self.synchronizer(of: store).sweep()
    }

    /// Forgets what is known of the store and begins again, as silently as the first time.
    ///
    /// It returns once that has begun; the walk over the store is made in ``run(logger:)``.
    /// - Throws: `not-found` for a store that is not kept.
    package func rebuild(_ store: StoreName) async throws {
        try await self.synchronizer(of: store).rebuild()
    }

    /// Keeps every store current until the task is cancelled.
    package func run(logger: Logger) async {
        let all = self.synchronizers.withLock { Array($0.values) }
        await withDiscardingTaskGroup { group in
            for synchronizer in all {
                group.addTask { await synchronizer.run(logger: logger) }
            }
        }
    }

    private func synchronizer(of store: StoreName) throws(CollimatorError) -> StoreSynchronizer {
        guard let synchronizer = self.synchronizers.withLock({ $0[store] }) else {
            throw CollimatorError(.notFound, "the catalog does not keep this store")
        }
        return synchronizer
    }
}
