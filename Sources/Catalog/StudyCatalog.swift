package import CollimatorCore
package import DICOMweb
package import Logging
import Synchronization

/// The catalog as the rest of the program sees it: searches, single studies, and how current it is of each store.
///
/// One synchroniser keeps each store; ``run(logger:)`` keeps them all at work until it is cancelled, and those of stores
/// that come later too.
package final class StudyCatalog: Sendable {
    let catalog: CatalogStore
    private let configuration: StoreSynchronizer.Configuration
    private let state = Mutex(State())

    private struct State {
        var synchronizers: [StoreName: StoreSynchronizer] = [:]
        /// Where ``run(logger:)`` gets its work; nil while it does not run.
        var work: AsyncStream<Work>.Continuation?
    }

    private enum Work {
        case run(StoreSynchronizer)
        case deleteForgotten
        case select
    }

    package init(
        _ catalog: CatalogStore,
        configuration: StoreSynchronizer.Configuration = StoreSynchronizer.Configuration()
    ) {
        self.catalog = catalog
        self.configuration = configuration
    }

    /// Brings the database to the schema of this program.
    ///
    /// - Throws: `precondition-failed` for one that a newer program wrote.
    package func prepare() async throws {
        try await self.catalog.prepare()
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
        let before = self.state.withLock { state in
            let before = state.synchronizers.updateValue(synchronizer, forKey: store)
            state.work?.yield(.run(synchronizer))
            return before
        }
        before?.stop()
    }

    /// Ends keeping a store; its rows stay until the store is added again or ``forget(_:)`` is called.
    package func remove(_ store: StoreName) {
        self.state.withLock { $0.synchronizers.removeValue(forKey: store) }?.stop()
    }

    /// Ends keeping a store that is no more, and forgets what was kept of it.
    package func forget(_ store: StoreName) async throws {
        self.remove(store)
        try await self.catalog.forget(store)
        try await self.catalog.forgetUploads(in: store)
        self.deleteForgotten()
    }

    /// Forgets every store that is not kept: those that the configuration named once.
    package func forgetOthers() async throws {
        let stores = self.state.withLock { Array($0.synchronizers.keys) }
        try await self.catalog.forgetOthers(than: stores)
        self.deleteForgotten()
    }

    /// A page of studies; what was written through us is brought in first.
    ///
    /// That is waited for no longer than ``StoreSynchronizer/Configuration/searchWait``.
    /// - Throws: `unprocessable` where the answer could not be found within ``SearchEffort``.
    package func search(_ query: StudyQuery) async throws -> StudyPage {
        await self.bringInWritten(to: query.stores)
        return try await self.catalog.search(query)
    }

    /// A page of series.
    ///
    /// - Throws: as ``search(_:)``.
    package func searchSeries(_ query: SeriesQuery) async throws -> SeriesPage {
        await self.bringInWritten(to: query.stores)
        return try await self.catalog.searchSeries(query)
    }

    /// The study; one that the catalog does not know, or has not counted, is asked of the store first.
    ///
    /// Nil where the store does not have it. Errors are those of the store's client; a study that is known is given as
    /// it is known where the store cannot be asked.
    package func study(_ study: StudyUID, in store: StoreName) async throws -> CatalogStudy? {
        await self.bringInWritten(to: [store])
        let known = try await self.catalog.study(study, in: store)
        if let known, known.instanceCount != nil { return known }
        let synchronizer = try self.synchronizer(of: store)
        do {
            try await synchronizer.readThrough(study, isKnown: known != nil)
        } catch {
            guard let known, !(error is CancellationError) else { throw error }
            return known
        }
        return try await self.catalog.study(study, in: store)
    }

    /// The study as the catalog knows it; nobody is asked for one that it does not know.
    package func known(_ study: StudyUID, in store: StoreName) async throws -> CatalogStudy? {
        try await self.catalog.study(study, in: store)
    }

    /// The series of a study that the catalog knows, by UID.
    package func series(of study: StudyUID, in store: StoreName) async throws -> [SeriesEntry] {
        await self.bringInWritten(to: [store])
        return try await self.catalog.series(of: study, in: store)
    }

    /// Says which selectors there are from now on; it comes before a store is added, or their rows are worked out anew.
    ///
    /// It returns once that is noted; rows of new ones are worked out in ``run(logger:)``. Until then what depends on
    /// them is not shown, and pages say that they are not complete.
    package func setSelectors(_ selectors: [StudySelector]) async throws {
        try await self.catalog.setSelectors(selectors)
        self.state.withLock { _ = $0.work?.yield(.select) }
    }

    /// A memory of what is made of single studies' entries; see ``StudyMemory``.
    package func memory<Value: Sendable>(
        capacity: Int,
        _ make: @escaping @Sendable (StudyEntry) -> Value
    ) -> StudyMemory<Value> {
        StudyMemory(of: self.catalog, capacity: capacity, make: make)
    }

    /// How current the catalog is of the store; nil for a store that it does not keep.
    package func status(of store: StoreName) async -> CatalogStatus? {
        await self.state.withLock { $0.synchronizers[store] }?.status
    }

    /// Somebody wrote to the study through us: the very next search finds it as it is then.
    ///
    /// It is asked for before this returns, or with the next search where it was asked for within
    /// ``StoreSynchronizer/Configuration/gathering``, so that a study that comes slice by slice costs few refreshes.
    /// - Throws: what the store's client throws; the study stays noted, and is asked for again.
    package func changed(_ study: StudyUID, in store: StoreName) async throws {
        try await self.synchronizer(of: store).changed(study)
    }

    /// The study or something in it was deleted through us, or is about to be: the catalog follows, at once and again
    /// until the store no longer has the study or ``StoreSynchronizer/Configuration/deletionWatched`` is over.
    ///
    /// - Throws: as ``changed(_:in:)``.
    package func deleted(_ study: StudyUID, in store: StoreName) async throws {
        try await self.synchronizer(of: store).deleted(study)
    }

    /// Somebody says that the study changed behind our back, such as an event of the store.
    ///
    /// Notices are gathered: any number of them within ``StoreSynchronizer/Configuration/gathering`` cost one refresh,
    /// which ``run(logger:)`` makes. A store that is not kept has no notices.
    package func note(_ study: StudyUID, in store: StoreName) {
        self.keeper(of: store)?.note(study)
    }

    /// The same of a note that is written down.
    func note(_ note: StudyNote, mark: Int64) {
        self.keeper(of: note.store)?.note(note.study, mark: mark)
    }

    /// Reads what reports and the like refer to, where nobody has, now; ``run(logger:)`` does it by itself.
    package func readReferences(in store: StoreName) async throws {
        try await self.synchronizer(of: store).readReferences()
    }

    /// Compares everything now, from the beginning to the end.
    package func synchronize(_ store: StoreName) async throws {
        try await self.synchronizer(of: store).sweep()
    }

    /// Reads the whole store anew, as silently as the first time; lists are not complete until that is done, and what is
    /// known stays in them until then.
    ///
    /// It returns once that has begun; the walk over the store is made in ``run(logger:)``.
    /// - Throws: `not-found` for a store that is not kept.
    package func rebuild(_ store: StoreName) async throws {
        try await self.synchronizer(of: store).rebuild()
    }

    /// What changed, in the order in which it was written down.
    package var feed: ChangeFeed { ChangeFeed(self.catalog) }

    /// Keeps every store current until the task is cancelled.
    package func run(logger: Logger) async {
        let (works, continuation) = AsyncStream.makeStream(of: Work.self)
        self.state.withLock { state in
            state.work = continuation
            continuation.yield(.deleteForgotten)
            continuation.yield(.select)
            for synchronizer in state.synchronizers.values { continuation.yield(.run(synchronizer)) }
        }
        await withDiscardingTaskGroup { group in
            group.addTask { await self.feed.run(logger: logger) }
            for await work in works {
                group.addTask {
                    switch work {
                    case .run(let synchronizer): await synchronizer.run(logger: logger)
                    case .deleteForgotten: await self.deleteForgotten(logger)
                    case .select: await self.select(logger)
                    }
                }
            }
        }
        self.state.withLock { $0.work = nil }
    }

    private func deleteForgotten() {
        self.state.withLock { _ = $0.work?.yield(.deleteForgotten) }
    }

    /// Deletes what was forgotten, a little at a time; what is left at the end goes with the next run.
    private func deleteForgotten(_ logger: Logger) async {
        do {
            while try await self.catalog.deleteForgotten(limit: Self.deletedAtATime) { try Task.checkCancellation() }
        } catch is CancellationError {
            return
        } catch {
            logger.warning("rows of forgotten stores could not be deleted", error: error)
        }
    }

    /// Studies that one transaction deletes: others wait for it.
    private static let deletedAtATime = 200

    /// Works out what selectors pick, a little at a time, and deletes rows of those that are no more.
    private func select(_ logger: Logger) async {
        while !Task.isCancelled {
            do {
                while try await self.catalog.select(limit: Self.selectedAtATime) { try Task.checkCancellation() }
                while try await self.catalog.deleteDropped(limit: Self.deletedAtATime) { try Task.checkCancellation() }
                return
            } catch is CancellationError {
                return
            } catch {
                // Lists stay incomplete until it is done, so it is tried until it is.
                logger.warning("what may be seen could not be worked out", error: error)
                do { try await Task.sleep(for: Self.selectPause) } catch { return }
            }
        }
    }

    /// Studies that one transaction evaluates.
    private static let selectedAtATime = 50
    private static let selectPause = Duration.seconds(1)

    private func bringInWritten(to stores: [StoreName]) async {
        let synchronizers = self.state.withLock { state in stores.compactMap { state.synchronizers[$0] } }
            .filter(\.awaitsWritten)
        switch synchronizers.count {
        case 0: return
        case 1: await synchronizers[0].bringInWritten()
        default:
            await withDiscardingTaskGroup { group in
                for synchronizer in synchronizers { group.addTask { await synchronizer.bringInWritten() } }
            }
        }
    }

    /// Who keeps the store; nil for one that is not kept.
    func keeper(of store: StoreName) -> StoreSynchronizer? { self.state.withLock { $0.synchronizers[store] } }

    func synchronizer(of store: StoreName) throws(CollimatorError) -> StoreSynchronizer {
        guard let synchronizer = self.keeper(of: store) else {
            throw CollimatorError(.notFound, "the catalog does not keep this store")
        }
        return synchronizer
    }
}
