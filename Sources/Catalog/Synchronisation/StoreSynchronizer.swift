package import CollimatorCore
package import DICOMweb
internal import FoundationEssentials
package import Logging

/// Keeps the catalog of one store like the store: the first backfill, the refresh of a study that changed, and the
/// reconciliation that finds what nobody told of.
///
/// The first backfill is silent; what a later walk finds is reported as reconciled. A study is removed only when the
/// store itself, asked for that study, does not have it.
package actor StoreSynchronizer {
    package nonisolated let store: StoreName
    private let upstream: CatalogUpstream
    private let catalog: CatalogStore
    private let configuration: Configuration
    private var state: StoreState
    /// Studies whose refresh is under way, and whether they changed again since it began.
    private var refreshing: [StudyUID: Refresh] = [:]
    /// Studies that somebody said have changed, each once.
    private var noticed: Set<StudyUID> = []
    /// Studies that were refreshed since the page under way was asked for: it may show them as they were before.
    private var refreshedMeanwhile: Set<StudyUID> = []
    /// Whether more notices came than are kept.
    private var isOverwhelmed = false

    /// Times and limits.
    package struct Configuration: Sendable {
        /// How long notices of the same study are gathered before it is asked for.
        package var gathering = Duration.seconds(2)
        /// How often the store's own count is compared.
        package var checking = Duration.seconds(60)
        /// How long a failure is waited out at first.
        package var retrying = Duration.seconds(1)
        /// How long after a walk a different count does not start the next one.
        package var settling = Duration.seconds(5 * 60)
        /// How often everything is compared.
        package var sweeping = Duration.seconds(6 * 60 * 60)
        /// Refreshes of noticed studies at the same time.
        package var refreshesMax = 4
        /// Suspects asked for at a time.
        package var suspectsMax = 100
        /// Notices kept; beyond that everything is compared instead.
        package var noticesMax = 10_000
        /// Waits, so that tests need not.
        package var sleep: @Sendable (_ duration: Duration) async throws -> Void = { try await Task.sleep(for: $0) }

        package init() {}
    }

    private struct Refresh {
        var isStale = false
        var waiting: [CheckedContinuation<Void, any Error>] = []
    }

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
        self.state = StoreState(bytes: try await catalog.state(of: store))
    }

    /// How current the catalog is.
    package var status: CatalogStatus {
        guard let sweep = self.state.sweep else {
            return CatalogStatus(
                phase: self.state.sweepsDone == 0 ? .backfilling : .current,
                progressPercent: nil,
                asOfMilliseconds: self.state.asOfMilliseconds
            )
        }
        let percent = self.state.expectedStudies.map { expected in
            sweep.phase == .studies ? min(99, sweep.received * 100 / max(1, expected)) : 99
        }
        return CatalogStatus(
            phase: self.state.sweepsDone == 0 ? .backfilling : .reconciling,
            progressPercent: percent,
            asOfMilliseconds: self.state.asOfMilliseconds
        )
    }

    /// Walks over the whole store, from where the last walk was left if it was, to the end.
    package func sweep() async throws {
        if self.state.sweep == nil {
            self.state.expectedStudies = try await self.upstream.studyCount()
            self.state.sweep = SweepState(number: self.state.sweepsDone + 1)
        }
        let began = self.milliseconds
        while var sweep = self.state.sweep, sweep.phase != .done {
            try Task.checkCancellation()
            if sweep.phase == .suspects {
                try await self.clearSuspects(of: sweep)
                sweep.suspectsCleared()
            } else {
                sweep.pageReceived(rows: try await self.takePage(of: sweep), offsetMax: self.upstream.offsetMax)
            }
            self.state.sweep = sweep
            try await self.writeState()
        }
        self.state.sweep = nil
        self.state.sweepsDone += 1
        self.state.asOfMilliseconds = began
        try await self.writeState()
    }

    /// Forgets what is known of the store; the next walk begins from nothing and is as silent as the first.
    package func rebuild() async throws {
        self.state = StoreState()
        self.noticed = []
        try await self.catalog.forget(self.store)
        try await self.writeState()
    }

    /// Asks the store for the study and makes the catalog say the same; waits for a refresh that is under way and makes
    /// sure that it began after this call.
    package func refresh(_ study: StudyUID) async throws {
        if self.refreshing[study] != nil {
            self.refreshing[study]?.isStale = true
            try await withCheckedThrowingContinuation { self.refreshing[study]?.waiting.append($0) }
            return
        }
        self.refreshing[study] = Refresh()
        do {
            repeat {
                self.refreshing[study]?.isStale = false
                try await self.refreshOnce(study)
            } while self.refreshing[study]?.isStale == true
        } catch {
            for waiting in self.refreshing.removeValue(forKey: study)?.waiting ?? [] { waiting.resume(throwing: error) }
            throw error
        }
        for waiting in self.refreshing.removeValue(forKey: study)?.waiting ?? [] { waiting.resume() }
    }

    /// Somebody said that the study changed; many notices of one study cost one refresh.
    package func note(_ study: StudyUID) {
        guard self.noticed.count < self.configuration.noticesMax else {
            self.isOverwhelmed = true
            return
        }
        self.noticed.insert(study)
    }

    /// Refreshes what was noticed until now.
    package func refreshNoticed() async throws {
        let studies = self.noticed
        self.noticed = []
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                var left = studies.sorted().makeIterator()
                for _ in 0..<self.configuration.refreshesMax {
                    guard let study = left.next() else { break }
                    group.addTask { try await self.refresh(study) }
                }
                while try await group.next() != nil {
                    guard let study = left.next() else { continue }
                    group.addTask { try await self.refresh(study) }
                }
            }
        } catch {
            // A refresh is harmless when it is done again: none of the notices is lost.
            self.noticed.formUnion(studies)
            throw error
        }
    }

    /// Keeps the catalog current until the task is cancelled; what fails is tried again, ever later.
    package func run(logger: Logger) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.repeatedly(logger) { try await self.compare() } }
            group.addTask { await self.repeatedly(logger) { try await self.gather() } }
            await group.waitForAll()
        }
    }

    private func repeatedly(_ logger: Logger, _ round: () async throws -> Void) async {
        var failures = 0
        while !Task.isCancelled {
            do {
                try await round()
                failures = 0
            } catch is CancellationError {
                return
            } catch {
                failures += 1
                logger.warning("the catalog could not be brought up to date", error: error)
                let wait = self.configuration.retrying * (1 << min(failures, Self.doublingsMax))
                let slept = await self.allowCancellation { try await self.configuration.sleep(wait) }
                guard slept else { return }
            }
        }
    }

    /// Walks where a walk is due or the store's own count differs, and waits.
    private func compare() async throws {
        if try await self.isSweepDue() { try await self.sweep() }
        try await self.configuration.sleep(self.configuration.checking)
    }

    private func isSweepDue() async throws -> Bool {
        guard let asOf = self.state.asOfMilliseconds, self.state.sweep == nil, !self.isOverwhelmed else {
            self.isOverwhelmed = false
            return true
        }
        let interval = self.configuration.sweeping.components.seconds * 1_000
        guard self.milliseconds - asOf < interval else { return true }
        guard self.milliseconds - asOf > self.configuration.settling.components.seconds * 1_000 else { return false }
        guard let count = try await self.upstream.studyCount() else { return false }
        let isSame = try await count == self.catalog.count(in: self.store)
        return !isSame
    }

    /// Gathers notices for a while, then refreshes what was noticed.
    private func gather() async throws {
        try await self.configuration.sleep(self.configuration.gathering)
        guard !self.noticed.isEmpty else { return }
        try await self.refreshNoticed()
    }

    /// How often the wait after a failure is doubled at the most.
    private static let doublingsMax = 6

    private func allowCancellation(_ wait: () async throws -> Void) async -> Bool {
        do {
            try await wait()
            return true
        } catch {
            return false
        }
    }

    private func refreshOnce(_ study: StudyUID) async throws {
        self.refreshedMeanwhile.insert(study)
        if var entry = try await self.upstream.study(study) {
            entry.series = entry.series ?? []
            let sweep = self.state.sweep?.number ?? self.state.sweepsDone
            try await self.catalog.put([entry], in: self.store, sweep: sweep)
        } else {
            try await self.catalog.remove(study, from: self.store)
        }
    }

    /// Takes one page into the catalog and says how many rows it had.
    private func takePage(of sweep: SweepState) async throws -> Int {
        guard let page = sweep.page(limit: self.upstream.pageSize) else { return 0 }
        self.refreshedMeanwhile = []
        switch sweep.phase {
        case .studies:
            let rows = try await self.upstream.studies(page)
            let entries = rows.compactMap { attributes in
                attributes.string(.studyInstanceUID).flatMap { StudyUID($0) }
                    .map { StudyEntry(study: $0, attributes: attributes) }
            }.filter { !self.refreshedMeanwhile.contains($0.study) }
            try await self.catalog.put(entries, in: self.store, sweep: sweep.number)
            return rows.count
        case .series:
            let rows = try await self.upstream.series(page)
            let series = rows.compactMap { attributes -> (study: StudyUID, series: SeriesEntry)? in
                guard let study = attributes.string(.studyInstanceUID).flatMap({ StudyUID($0) }),
                    let series = attributes.string(.seriesInstanceUID).flatMap({ SeriesUID($0) })
                else { return nil }
                guard !self.refreshedMeanwhile.contains(study) else { return nil }
                return (study, SeriesEntry(series: series, attributes: attributes))
            }
            try await self.catalog.merge(series, in: self.store, sweep: sweep.number)
            return rows.count
        case .suspects, .done:
            return 0
        }
    }

    /// Asks for each study that the walk did not see; those that are there are seen now, the others go.
    private func clearSuspects(of sweep: SweepState) async throws {
        while true {
            let suspects = try await self.catalog.suspects(
                of: sweep.number,
                in: self.store,
                limit: self.configuration.suspectsMax
            )
            guard !suspects.isEmpty else { return }
            for study in suspects {
                try Task.checkCancellation()
                try await self.refresh(study)
            }
        }
    }

    private func writeState() async throws {
        try await self.catalog.setState(try self.state.encoded(), of: self.store)
    }

    private var milliseconds: Int64 { Int64(self.catalog.clock.now().timeIntervalSince1970 * 1_000) }
}
