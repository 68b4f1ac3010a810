package import CollimatorCore
internal import DICOMweb
internal import FoundationEssentials
import Synchronization

/// Keeps the catalog of one store like the store: the first backfill, the refresh of a study that changed, and the
/// reconciliation that finds what nobody told of.
///
/// The first backfill is silent; what a later walk finds is reported as reconciled. A study is removed only when the
/// store itself, asked for that study, does not have it.
package actor StoreSynchronizer {
    package nonisolated let store: StoreName
    nonisolated let configuration: Configuration
    nonisolated let board: NoticeBoard
    /// Wakes the comparison before its time.
    nonisolated let comparing = Wakeup()
    /// Wakes the counting.
    nonisolated let counting = Wakeup()
    /// Wakes the reading of references.
    nonisolated let reading = Wakeup()
    /// Wakes the settling of uploads.
    nonisolated let settling = Wakeup()
    /// Tells ``run(logger:)`` to look whether it is to end.
    private nonisolated let stopping = Wakeup()
    private nonisolated let isStopped = Mutex(false)
    let upstream: CatalogUpstream
    let catalog: CatalogStore
    var state: StoreState
    /// Grows with each rebuild, so that what was begun before it is not taken for its own.
    var generation = 0
    var flights: [StudyUID: Flight] = [:]
    /// Studies that wait for a flight to end.
    var queue: [StudyUID] = []
    /// Studies that the store is being asked for in their turn.
    var asking: Set<StudyUID> = []
    var waiterCount = 0
    /// Studies that were refreshed since the page under way was asked for: it may show them as they were before.
    var refreshedMeanwhile: Set<StudyUID> = []
    /// Until when the store is left alone.
    var pausedUntil: ContinuousClock.Instant?
    var isSweeping = false
    var sweepWaiters: [CheckedContinuation<Void, Never>] = []
    /// How long the last walk took, and which difference of the counts began it how often.
    var lastSweepDuration = Duration.zero
    var sweptDifference = (difference: 0, times: 0)
    /// Which difference of the numbers of instances had every study counted again, and how often.
    var recountedDifference = (difference: 0, times: 0)
    /// Whether there may be studies that nobody has counted.
    var hasUncounted = true

    /// Uploads of which nobody knows what became, and since when at the latest they are no more on their way.
    var unsettledSince: [Int64: ContinuousClock.Instant] = [:]
    /// By the number of an intent, who was storing without having said so when its instance was found first.
    var storingWhenFound: [Int64: Set<Int>] = [:]

    /// Reads how far it had come.
    package init(
        store: StoreName,
        upstream: CatalogUpstream,
        catalog: CatalogStore,
        configuration: Configuration = Configuration()
    ) async throws {
        self.store = store
        self.upstream = upstream
        self.catalog = catalog
        self.configuration = configuration
        self.board = NoticeBoard(configuration)
        var state = StoreState(bytes: try await catalog.state(of: store))
        let hasOtherSettings = state.settings.map { $0 != upstream.settings } ?? false
        if hasOtherSettings || state.lastSweep > 0 && state.folding != SearchText.version {
            try await catalog.forget(store)
            state = StoreState(after: state)
        }
        self.state = state
        // What an earlier process wrote down and did not come to.
        for notice in try await catalog.notices(of: store, limit: configuration.noticesMax) {
            self.board.put { $0.noted(notice.study, mark: notice.mark, at: $1) }
        }
    }

    /// How current the catalog is.
    package var status: CatalogStatus {
        guard let sweep = self.state.sweep else {
            return CatalogStatus(
                phase: self.state.isComplete ? .current : .backfilling,
                progressPercent: nil,
                asOfMilliseconds: self.state.asOfMilliseconds,
                isTruncated: self.state.isTruncated ?? false
            )
        }
        let percent = self.state.expectedStudies.map { expected in
            sweep.phase == .studies ? min(99, sweep.received * 100 / max(1, expected)) : 99
        }
        return CatalogStatus(
            phase: self.state.isComplete ? .reconciling : .backfilling,
            progressPercent: percent,
            asOfMilliseconds: self.state.asOfMilliseconds,
            isTruncated: self.state.isTruncated ?? false
        )
    }

    /// Trusts nothing of what is known of the store: the next walk writes every study again, as silently as the first,
    /// and then each is counted again.
    ///
    /// What is known stays in the lists, which say that they are not complete, until the walk has come to it. It returns
    /// once that is written down; ``run(logger:)`` makes the walk, after a restart too.
    package func rebuild() async throws {
        let last = try await self.catalog.lastStudy()
        self.generation += 1
        self.state = StoreState(rebuilding: self.state, after: last)
        try await self.writeState()
        self.comparing.call()
    }

    /// Ends ``run(logger:)``, and refuses to begin it again.
    package nonisolated func stop() {
        self.isStopped.withLock { $0 = true }
        self.stopping.call()
    }

    /// Returns once it is stopped, or when the task is cancelled.
    nonisolated func stopped() async {
        while !Task.isCancelled, !self.isStopped.withLock({ $0 }) { await self.stopping.wait() }
    }

    /// Studies with a higher number came with a walk that tells nobody, or after it; nil where that was too long ago for
    /// anybody to tell of them as new.
    var silentAfter: Int64? {
        let isNear = self.state.silentUntil.map { self.milliseconds < $0 } ?? !self.state.isComplete
        // An earlier version did not write down where its rebuild began: then nothing is known to be new.
        return isNear ? self.state.silentAfter ?? (self.state.rebuiltFrom == nil ? 0 : nil) : nil
    }

    func writeState() async throws {
        try await self.catalog.setState(try self.state.encoded(), of: self.store)
    }

    /// Milliseconds since 1970.
    var milliseconds: Int64 { Int64(self.catalog.clock.now().timeIntervalSince1970 * 1_000) }

    /// One call of the store, and what it says of being left alone.
    func call<Answer: Sendable>(_ body: @Sendable () async throws -> Answer) async throws -> Answer {
        do {
            return try await body()
        } catch {
            if let pause = UpstreamPause.asked(by: error) {
                let until = self.configuration.now() + pause
                self.pausedUntil = max(until, self.pausedUntil ?? until)
            }
            throw error
        }
    }

    /// The same of what goes on in the background: it waits until the requests before it are paid for.
    func paced<Answer: Sendable>(_ body: @Sendable () async throws -> Answer) async throws -> Answer {
        try await self.upstream.rate?.settled()
        return try await self.call(body)
    }

    /// How much longer the store is left alone.
    var pauseLeft: Duration? {
        guard let until = self.pausedUntil else { return nil }
        let left = until - self.configuration.now()
        return left > .zero ? left : nil
    }

    /// Waits until the store may be asked again.
    func obeyPause() async throws {
        while let left = self.pauseLeft { try await self.configuration.sleep(left) }
    }

    /// A study that is being asked for, and those who wait for it.
    struct Flight {
        typealias Waiters = [Int: CheckedContinuation<Void, any Error>]

        /// Nil while it is in the queue.
        var task: Task<Void, Never>?
        /// Whether the store was asked.
        var hasBegun = false
        /// Who gets the answer to the question under way.
        var waiting: Waiters = [:]
        /// Who came after it was asked, and gets the answer to the next one.
        var next: Waiters = [:]
        /// Who said that it changed; nil where nobody is to be told.
        var origin: StudyChangeNotice.Origin?
    }
}
