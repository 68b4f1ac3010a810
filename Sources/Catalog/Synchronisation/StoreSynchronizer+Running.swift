internal import CollimatorCore
internal import DICOMweb
package import Logging
internal import Telemetry

extension StoreSynchronizer {
    /// Keeps the catalog current until it is stopped or the task is cancelled; what fails is tried again, ever later.
    package func run(logger: Logger) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.repeatedly(logger) { try await self.compare() } }
            group.addTask { await self.repeatedly(logger) { try await self.gather(logger) } }
            group.addTask { await self.repeatedly(logger) { try await self.count(logger) } }
            group.addTask { await self.repeatedly(logger) { try await self.read() } }
            group.addTask { await self.repeatedly(logger) { try await self.settle() } }
            group.addTask { await self.stopped() }
            await group.next()
            group.cancelAll()
        }
        await self.endFlights()
    }

    private nonisolated func repeatedly(_ logger: Logger, _ round: () async throws -> Void) async {
        var failures = 0
        while !Task.isCancelled {
            do {
                try await round()
                failures = 0
            } catch is CancellationError {
                return
            } catch {
                self.tell(logger, error)
                let backoff = self.configuration.retrying * (1 << min(failures, Self.doublingsMax))
                failures += 1
                let wait = max(min(backoff, self.configuration.retryingMax), UpstreamPause.asked(by: error) ?? .zero)
                do {
                    try await self.configuration.sleep(wait)
                } catch {
                    return
                }
            }
        }
    }

    private nonisolated func tell(_ logger: Logger, _ error: any Error) {
        logger.warning(
            "the catalog could not be brought up to date",
            error: error,
            metadata: ["store.name": "\(self.store, .open)"]
        )
    }

    /// How often the wait after a failure is doubled at the most.
    private static let doublingsMax = 10

    /// Walks where a walk is due, and waits.
    private func compare() async throws {
        try await self.obeyPause()
        if try await self.isSweepDue() { try await self.sweep() }
        guard self.state.isComplete else { return }
        try await self.comparing.wait(atMost: self.configuration.checking, sleep: self.configuration.sleep)
    }

    /// Refreshes what was noticed and is due, and waits for the next.
    private func gather(_ logger: Logger) async throws {
        let (due, next) = self.board.with { notices, now in (notices.due(at: now), notices.nextDue.map { $0 - now }) }
        if !due.isEmpty {
            // What fails is due again later by its own notice.
            if let failure = await self.refreshAll(due).first { self.tell(logger, failure.error) }
            try Task.checkCancellation()
        } else if let next {
            let wait = min(max(next, .milliseconds(1)), self.configuration.gathering)
            try await self.configuration.sleep(wait)
        } else {
            await self.board.wakeup.wait()
        }
    }

    /// Asks for the studies that nobody has counted, newest first and one at a time; it begins when the first backfill is
    /// complete, and has no more to keep than what the catalog itself says.
    ///
    /// Where the store then has other instances in all than were counted, or was walked over for a rebuild, every study is
    /// asked for again.
    private func count(_ logger: Logger) async throws {
        guard self.state.isComplete, self.hasUncounted else { return await self.counting.wait() }
        self.hasUncounted = false
        do {
            if self.state.rebuiltFrom != nil { return try await self.countRebuilt(logger) }
            try await self.countAll(uncountedOnly: true, logger)
            try await self.obeyPause()
            if try await self.isRecountDue() { try await self.countAll(uncountedOnly: false, logger) }
        } catch {
            self.hasUncounted = true
            throw error
        }
    }

    /// Reads what is referred to, and waits until there may be more; lists do without it meanwhile.
    private func read() async throws {
        try await self.readReferences()
        await self.reading.wait()
    }

    /// Counts every study after a rebuild, which is over then; cut off, it begins again.
    private func countRebuilt(_ logger: Logger) async throws {
        let generation = self.generation
        try await self.countAll(uncountedOnly: false, logger)
        self.hasUncounted = true
        // Another rebuild may have begun meanwhile.
        guard generation == self.generation else { return }
        self.state.rebuiltFrom = nil
        try await self.writeState()
    }

    private func countAll(uncountedOnly: Bool, _ logger: Logger) async throws {
        var position: CountingPosition?
        while true {
            let batch = try await self.catalog.studies(
                in: self.store,
                uncountedOnly: uncountedOnly,
                after: position,
                limit: Self.batch
            )
            guard let last = batch.last else { return }
            for (study, _) in batch {
                try await self.obeyPause()
                try await self.countOne(study, origin: uncountedOnly ? nil : .reconciled, logger)
                try await self.configuration.sleep(self.configuration.countingRest)
            }
            position = last.position
        }
    }

    private func countOne(_ study: StudyUID, origin: StudyChangeNotice.Origin?, _ logger: Logger) async throws {
        do {
            try await self.upstream.rate?.settled()
            try await self.refresh(study, origin: origin)
        } catch  where UpstreamPause.isOfOneStudy(error) {
            // It stays as it is until the next walk.
            self.tell(logger, error)
        }
    }

    /// Studies that are looked up at a time to be counted.
    private static let batch = 100
}
