package import DICOMweb

extension StoreSynchronizer {
    /// Asks the store for the study and makes the catalog say the same.
    ///
    /// Of those who ask while the store is being asked, all share one more question, so that each gets an answer that
    /// began after its call. Whoever is cancelled goes; the question goes on.
    package func refresh(_ study: StudyUID) async throws {
        try await self.refresh(study, origin: nil)
    }

    func refresh(_ study: StudyUID, origin: StudyChangeNotice.Origin?, joining: Bool = false) async throws {
        self.waiterCount += 1
        let number = self.waiterCount
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                guard !Task.isCancelled else {
                    continuation.resume(throwing: CancellationError())
                    return
                }
                self.enter(study, number, continuation, origin: origin, joining: joining)
            }
        } onCancel: {
            // Awaited by nobody: it ends as soon as it has told one waiter.
            Task { await self.leave(study, number) }
        }
    }

    private func enter(
        _ study: StudyUID,
        _ number: Int,
        _ continuation: CheckedContinuation<Void, any Error>,
        origin: StudyChangeNotice.Origin?,
        joining: Bool
    ) {
        let isNew = self.flights[study] == nil
        var flight = self.flights[study] ?? Flight()
        if flight.hasBegun, !joining {
            flight.next[number] = continuation
        } else {
            flight.waiting[number] = continuation
        }
        if let origin { flight.origin = max(flight.origin ?? origin, origin) }
        self.flights[study] = flight
        guard isNew else { return }
        self.queue.append(study)
        self.startFlights()
    }

    private func leave(_ study: StudyUID, _ number: Int) {
        let waiting = self.flights[study]?.waiting.removeValue(forKey: number)
        let next = self.flights[study]?.next.removeValue(forKey: number)
        (waiting ?? next)?.resume(throwing: CancellationError())
    }

    private func startFlights() {
        while self.asking.count < self.configuration.refreshesMax, !self.queue.isEmpty,
            self.flights.count - self.queue.count < self.configuration.writesMax
        {
            let study = self.queue.removeFirst()
            self.asking.insert(study)
            // Of its own, so that no waiter who goes ends it for the others; `run` ends those that are left.
            self.flights[study]?.task = Task { await self.fly(study) }
        }
    }

    /// The store has answered, so that it can be asked for another study while this one is written.
    private func answered(_ study: StudyUID) {
        guard self.asking.remove(study) != nil else { return }
        self.startFlights()
    }

    private func fly(_ study: StudyUID) async {
        self.flights[study]?.hasBegun = true
        var failure: (any Error)?
        do {
            try await self.refreshOnce(study)
        } catch {
            failure = error
        }
        let waiting = self.flights[study]?.waiting ?? [:]
        for continuation in waiting.values {
            if let failure { continuation.resume(throwing: failure) } else { continuation.resume() }
        }
        let next = self.flights[study]?.next ?? [:]
        if !next.isEmpty, !Task.isCancelled {
            // Those who came meanwhile ask the store once more, in their turn.
            self.flights[study]?.waiting = next
            self.flights[study]?.next = [:]
            self.flights[study]?.hasBegun = false
            self.queue.append(study)
        } else {
            // Where the service ends nobody begins anew.
            for continuation in next.values { continuation.resume(throwing: CancellationError()) }
            self.flights[study] = nil
        }
        self.asking.remove(study)
        self.startFlights()
    }

    private func refreshOnce(_ study: StudyUID) async throws {
        let began = self.configuration.now()
        let (noted, mark) = self.board.with { notices, _ in (notices.refreshBegan(study), notices.mark(of: study)) }
        let asked = self.flights[study]?.origin
        let origin = [noted, asked].compactMap { $0 }.max()
        self.refreshedMeanwhile.insert(study)
        do {
            if let left = self.pauseLeft { throw UpstreamPause.refusal(left) }
            let upstream = self.upstream
            let entry = try await self.call { try await upstream.study(study) }
            self.answered(study)
            let kind = try await self.write(entry, of: study, origin: origin, mark: mark)
            self.board.with { $0.refreshEnded(study, began: began, isThere: entry != nil, at: $1) }
            guard let kind, let origin else { return }
            await self.configuration.onChange(
                StudyChangeNotice(store: self.store, study: study, kind: kind, origin: origin)
            )
        } catch {
            let pause = self.pauseLeft
            self.board.with { $0.refreshFailed(study, pause: pause, at: $1) }
            throw error
        }
    }

    /// Makes the catalog say what the store said; gives what changed.
    ///
    /// What nobody told of is told in the change feed as found by comparison, but not before the first walk is complete.
    private func write(
        _ entry: StudyEntry?,
        of study: StudyUID,
        origin: StudyChangeNotice.Origin?,
        mark: Int64?
    ) async throws -> StudyChangeNotice.Kind? {
        let entry = entry.map { entry in
            var whole = entry
            whole.series = entry.series ?? []
            return whole
        }
        // Others have nothing that refers to series.
        defer { if entry?.series?.contains(where: \.isDerived) == true { self.reading.call() } }
        return try await self.catalog.write(
            StudyRefresh(
                study: study,
                store: self.store,
                entry: entry,
                sweep: self.state.sweep?.number ?? self.state.lastSweep,
                renewedFrom: self.state.rebuiltFrom,
                silentAfter: self.silentAfter,
                origin: origin ?? (self.state.isComplete ? .reconciled : nil),
                mark: mark
            )
        )
    }

    /// Somebody wrote to the study through us; what the catalog says of it is brought up to date now, or with the next
    /// search where that was done just before.
    ///
    /// Where it fails, or takes longer than ``Configuration/writeWait``, the notice stays.
    package nonisolated func changed(_ study: StudyUID) async throws {
        let mayWait = self.board.written(study)
        await self.noteDown(study)
        guard !mayWait else { return }
        try await self.bringIn([study], within: self.configuration.writeWait)
    }

    /// While a walk tells nobody of what it finds, a study that was written through us is written down before it is asked
    /// for, so that it is told of also where the process is killed and the walk comes to it first.
    private func noteDown(_ study: StudyUID) async {
        guard !self.state.isComplete else { return }
        do {
            let mark = try await self.catalog.keep([StudyNote(store: self.store, study: study)], setAside: [])
            self.board.put { $0.writtenDown(study, mark: mark, at: $1) }
        } catch {
            // It is asked for all the same, and whoever waits for that hears of the same disk.
        }
    }

    /// Something of the study was deleted through us: the catalog follows now, and again until the store has done it.
    package nonisolated func deleted(_ study: StudyUID) async throws {
        self.board.put { $0.deleted(study, at: $1) }
        try await self.bringIn([study], within: self.configuration.writeWait)
    }

    /// Somebody said that the study changed; many notices of one study cost one refresh.
    package nonisolated func note(_ study: StudyUID) {
        self.board.put { $0.noted(study, at: $1) }
    }

    /// The same of a notice that is written down under that number.
    nonisolated func note(_ study: StudyUID, mark: Int64) {
        self.board.put { $0.noted(study, mark: mark, at: $1) }
    }

    /// Refreshes what was noticed until now.
    package func refreshNoticed() async throws {
        let studies = self.board.with { notices, _ in notices.waiting }
        let failures = await self.refreshAll(studies)
        if let failure = failures.first { throw failure.error }
    }

    /// Asks for a study that somebody wants to see and the catalog does not know, or not well enough.
    func readThrough(_ study: StudyUID, isKnown: Bool) async throws {
        try await self.refresh(study, origin: isKnown || !self.state.isComplete ? nil : .reconciled)
    }

    /// Whether a search has something to bring in first.
    nonisolated var awaitsWritten: Bool { self.board.with { !$0.awaited(at: $1).isEmpty } }

    /// Brings in what was written through us, as far as that can be done in the time that a search waits.
    package nonisolated func bringInWritten() async {
        let studies = self.board.with { $0.awaited(at: $1) }
        guard !studies.isEmpty else { return }
        do {
            try await self.bringIn(studies, within: self.configuration.searchWait)
        } catch {
            // The search answers with what there is; the notices stay, and whoever refreshes them tells of failures.
        }
    }

    /// Waits for the refreshes of the studies, no longer than the limit; they go on after that.
    private nonisolated func bringIn(_ studies: [StudyUID], within limit: Duration) async throws {
        let studies = studies.prefix(self.configuration.broughtInMax)
        let outcome: Result<Void, any Error> = await withTaskGroup(of: Result<Bool, any Error>.self) { group in
            for study in studies { group.addTask { await self.settled(study) } }
            group.addTask {
                await self.slept(limit)
                return .success(false)
            }
            defer { group.cancelAll() }
            var failure: (any Error)?
            var left = studies.count
            while left > 0, let outcome = await group.next() {
                switch outcome {
                case .success(true): left -= 1
                case .success(false): left = 0
                case .failure(let error):
                    failure = failure ?? error
                    left -= 1
                }
            }
            return failure.map { .failure($0) } ?? .success(())
        }
        try outcome.get()
    }

    private nonisolated func settled(_ study: StudyUID) async -> Result<Bool, any Error> {
        do {
            try await self.resolve(study)
            return .success(true)
        } catch {
            return .failure(error)
        }
    }

    private nonisolated func slept(_ limit: Duration) async {
        do {
            try await self.configuration.sleep(limit)
        } catch {
            // Nobody waits any more.
        }
    }

    /// Waits until the study's notice is settled.
    private func resolve(_ study: StudyUID) async throws {
        switch self.board.with({ notices, _ in notices.standing(of: study) }) {
        case .none: return
        case .waiting: try await self.refresh(study, origin: .written)
        case .taken: try await self.refresh(study, origin: .written, joining: true)
        }
    }

    /// Refreshes the studies in the background, as many at a time as flights may be, and gives those that failed.
    func refreshAll(
        _ studies: [StudyUID],
        origin: StudyChangeNotice.Origin? = nil
    ) async -> [(study: StudyUID, error: any Error)] {
        await withTaskGroup(of: (StudyUID, any Error)?.self) { group in
            var failures: [(study: StudyUID, error: any Error)] = []
            var left = studies.makeIterator()
            func add() -> Bool {
                guard let study = left.next() else { return false }
                group.addTask {
                    do {
                        try await self.upstream.rate?.settled()
                        try await self.refresh(study, origin: origin)
                        return nil
                    } catch {
                        return (study, error)
                    }
                }
                return true
            }
            for _ in 0..<self.configuration.refreshesMax where !add() { break }
            while let outcome = await group.next() {
                if let outcome { failures.append((outcome.0, outcome.1)) }
                _ = add()
            }
            return failures
        }
    }

    /// Ends the refreshes under way, and waits for their end.
    func endFlights() async {
        let tasks = self.flights.values.compactMap(\.task)
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
    }
}
