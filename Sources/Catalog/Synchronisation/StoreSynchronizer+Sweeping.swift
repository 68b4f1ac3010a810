internal import CollimatorCore
internal import Cryptography
internal import DICOMweb

extension StoreSynchronizer {
    /// Walks over the whole store, from where the last walk was left if it was, to the end.
    package func sweep() async throws {
        while self.isSweeping {
            await withCheckedContinuation { self.sweepWaiters.append($0) }
        }
        try Task.checkCancellation()
        self.isSweeping = true
        defer {
            self.isSweeping = false
            for waiter in self.sweepWaiters { waiter.resume() }
            self.sweepWaiters = []
        }
        let start = self.configuration.now()
        var began = self.milliseconds
        var generation = self.generation
        repeat {
            if generation != self.generation { (generation, began) = (self.generation, self.milliseconds) }
            try Task.checkCancellation()
            try await self.obeyPause()
        } while try await self.step() == false
        self.state.sweep = nil
        if !self.state.isComplete {
            self.state.silentUntil = self.milliseconds + self.configuration.noticeLateness.wholeMilliseconds
        }
        self.state.isComplete = true
        self.state.asOfMilliseconds = began
        self.lastSweepDuration = self.configuration.now() - start
        try await self.writeState()
        self.hasUncounted = true
        self.counting.call()
    }

    /// Takes the next step of the walk and writes down that it was taken; true where there is none.
    private func step() async throws -> Bool {
        let generation = self.generation
        guard let sweep = self.state.sweep else {
            let upstream = self.upstream
            let expected = try await self.paced { try await upstream.studyCount() }
            guard generation == self.generation else { return false }
            self.state.expectedStudies = expected
            self.state.settings = upstream.settings
            self.state.lastSweep += 1
            self.state.sweep = SweepState(number: self.state.lastSweep)
            try await self.writeState()
            return false
        }
        guard sweep.phase != .done else {
            let misses = sweep.isTruncated ? try await self.missesStudies() : false
            guard generation == self.generation else { return false }
            self.state.isTruncated = misses
            return true
        }
        var next = sweep
        if sweep.phase == .suspects {
            try await self.clearSuspects(of: sweep)
            next.suspectsCleared()
        } else {
            let rows = try await self.takePage(of: sweep)
            next.pageReceived(rows: rows.count, page: Self.digest(of: rows), offsetMax: self.upstream.offsetMax)
        }
        // A rebuild came in between: its walk has not begun yet.
        guard generation == self.generation else { return false }
        self.state.sweep = next
        try await self.writeState()
        return false
    }

    /// Whether the store has, or may have, more studies than were found.
    private func missesStudies() async throws -> Bool {
        let upstream = self.upstream
        guard let count = try await self.paced({ try await upstream.studyCount() }) else { return true }
        return try await self.catalog.count(in: self.store) < count
    }

    /// The same for the same studies or series, in whichever order they come.
    private static func digest(of rows: [DataSet]) -> [UInt8] {
        let names = rows.map {
            "\($0.string(.studyInstanceUID) ?? "") \($0.string(.seriesInstanceUID) ?? "")"
        }
        return SHA256.hash(names.sorted().joined(separator: "\n").utf8)
    }

    /// Takes one page into the catalog and gives its rows.
    private func takePage(of sweep: SweepState) async throws -> [DataSet] {
        guard let page = sweep.page(limit: self.upstream.pageSize) else { return [] }
        let upstream = self.upstream
        let generation = self.generation
        self.refreshedMeanwhile = []
        defer { self.reading.call() }
        let origin: StudyChangeNotice.Origin? = self.state.isComplete ? .reconciled : nil
        switch sweep.phase {
        case .studies:
            let rows = try await self.paced { try await upstream.studies(page) }
            guard generation == self.generation else { return [] }
            let entries = rows.compactMap(Self.study).filter { !self.refreshedMeanwhile.contains($0.study) }
            let outcomes = try await self.catalog.putListed(
                entries,
                in: self.store,
                sweep: sweep.number,
                renewedFrom: self.state.rebuiltFrom,
                origin: origin
            )
            await self.studiesFound(outcomes)
            if origin != nil { try await self.rest(after: outcomes.count { $0.outcome != .unchanged }) }
            return rows
        case .series:
            let rows = try await self.paced { try await upstream.series(page) }
            guard generation == self.generation else { return [] }
            let series = rows.compactMap(Self.series).filter { !self.refreshedMeanwhile.contains($0.study) }
            let changed = try await self.catalog.mergeListed(
                series,
                in: self.store,
                sweep: sweep.number,
                origin: origin
            )
            if self.state.isComplete { for study in changed { self.note(study) } }
            if origin != nil { try await self.rest(after: changed.count) }
            return rows
        case .suspects, .done:
            return []
        }
    }

    /// Waits as long as so many events of a page take at the rate at which they may come.
    private func rest(after count: Int) async throws {
        let times = self.catalog.feedTimes
        guard count > times.reconciledBurst else { return }
        try await self.configuration.sleep(.seconds(1) * (count - times.reconciledBurst) / times.reconciledPerSecond)
    }

    private static func study(_ attributes: DataSet) -> StudyEntry? {
        attributes.string(.studyInstanceUID).flatMap { StudyUID($0) }
            .map { StudyEntry(study: $0, attributes: attributes) }
    }

    private static func series(_ attributes: DataSet) -> (study: StudyUID, series: SeriesEntry)? {
        guard let study = attributes.string(.studyInstanceUID).flatMap({ StudyUID($0) }),
            let series = attributes.string(.seriesInstanceUID).flatMap({ SeriesUID($0) })
        else { return nil }
        return (study, SeriesEntry(series: series, attributes: attributes))
    }

    /// Tells of what a later walk found, and has known studies that are otherwise than they were asked for again.
    private func studiesFound(_ outcomes: [(study: StudyUID, outcome: CatalogStore.PutOutcome)]) async {
        guard self.state.isComplete else { return }
        for (study, outcome) in outcomes where outcome != .unchanged {
            if outcome == .updated { self.note(study) }
            await self.configuration.onChange(
                StudyChangeNotice(
                    store: self.store,
                    study: study,
                    kind: outcome == .created ? .created : .updated,
                    origin: .reconciled
                )
            )
        }
    }

    /// Asks for each study that the walk did not see; those that are there are seen now, the others go.
    private func clearSuspects(of sweep: SweepState) async throws {
        let generation = self.generation
        let origin: StudyChangeNotice.Origin? = self.state.isComplete ? .reconciled : nil
        while generation == self.generation {
            let suspects = try await self.catalog.suspects(
                of: sweep.number,
                in: self.store,
                limit: self.configuration.suspectsMax
            )
            guard !suspects.isEmpty else { return }
            try Task.checkCancellation()
            for (study, error) in await self.refreshAll(suspects, origin: origin) {
                // One study that the store cannot tell of keeps nobody from the others; it stays as it is.
                guard UpstreamPause.isOfOneStudy(error) else { throw error }
                try await self.catalog.markSeen(study, in: self.store, sweep: sweep.number)
            }
        }
    }

    /// Whether everything is to be compared now.
    func isSweepDue() async throws -> Bool {
        let isOverwhelmed = self.board.with { notices, _ in notices.takeOverwhelmed() }
        guard self.state.isComplete, let asOf = self.state.asOfMilliseconds, self.state.sweep == nil, !isOverwhelmed
        else { return true }
        let age = Duration.milliseconds(self.milliseconds - asOf)
        guard age < self.configuration.sweeping else { return true }
        let upstream = self.upstream
        guard let count = try await self.paced({ try await upstream.studyCount() }) else {
            let rest = self.lastSweepDuration * self.configuration.countlessFactor
            return age > max(self.configuration.countlessSweeping, rest)
        }
        let difference = try await count - self.catalog.count(in: self.store)
        guard difference != 0 else {
            self.sweptDifference = (0, 0)
            return false
        }
        guard age > max(self.configuration.settling, self.lastSweepDuration * self.configuration.settlingFactor)
        else { return false }
        // Counts that differ whatever is done, for the store counts otherwise, are no reason to walk for ever.
        let times = self.sweptDifference.difference == difference ? self.sweptDifference.times : 0
        guard times < Self.sameDifferenceMax else { return false }
        self.sweptDifference = (difference, times + 1)
        return true
    }

    /// Whether instances came or went that no list shows, so that every study is to be counted again.
    func isRecountDue() async throws -> Bool {
        let upstream = self.upstream
        guard let count = try await self.paced({ try await upstream.instanceCount() }) else { return false }
        let difference = try await count - self.catalog.instanceTotal(in: self.store)
        let times = self.recountedDifference.difference == difference ? self.recountedDifference.times : 0
        guard difference != 0, times < Self.sameDifferenceMax else { return false }
        self.recountedDifference = (difference, times + 1)
        return true
    }

    /// How many walks the same difference of the counts begins.
    private static let sameDifferenceMax = 2
}
