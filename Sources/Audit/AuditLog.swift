package import CollimatorCore
internal import Cryptography
internal import FoundationEssentials
package import Logging
internal import Synchronization
internal import Telemetry

/// Writes down who did what.
///
/// Records that come at the same time are committed together. A repeat within the same minute is counted in memory, and
/// the count is written when the minute is over; so a crash loses counts of at most a minute and never a first look.
/// While the database cannot be written, records go to a bounded file, and from there into the database as soon as it
/// can; when that file is full too, ``record(_:)`` fails and nothing is dropped in silence.
package final class AuditLog: Sendable {
    package let store: AuditStore
    /// Calls its one listener when a look for an emergency may be to be told.
    ///
    /// That is once its record is in the database, from time to time because something may have kept it from being told, and
    /// at the beginning.
    package let emergencies: AsyncStream<Void>
    private let emergencyCalls: AsyncStream<Void>.Continuation
    private let spool: AuditSpool
    private let configuration: AuditConfiguration
    private let clock: WallClock
    private let logger: Logger
    private let state = Mutex(State())

    private typealias Waiter = CheckedContinuation<Void, any Error>

    private struct Waiting {
        let id: String
        let record: AuditRecord
        /// The count that this record begins; nil for one that begins none.
        let fold: AuditRecord.Fold?
        let waiter: Waiter?
    }

    private struct Counting {
        /// The record that stands in the database.
        let first: AuditRecord
        var isCommitted = false
        var count = 0
        var lastMilliseconds: Int64
        /// Who came while the first was being written.
        var waiters: [Waiter] = []
    }

    private struct State {
        var waiting: [Waiting] = []
        var isWriting = false
        var folds: [AuditRecord.Fold: Counting] = [:]
        var minute: Int64 = 0
        /// Whether the last records could be written nowhere.
        var isBroken = false
    }

    /// Records go to `store`, and to the file at `spoolPath` while that cannot be written.
    package init(
        _ store: AuditStore,
        spoolPath: String,
        configuration: AuditConfiguration = AuditConfiguration(),
        clock: WallClock,
        logger: Logger
    ) throws {
        self.store = store
        self.spool = AuditSpool(path: spoolPath, bytesMax: configuration.spoolBytesMax)
        self.configuration = configuration
        self.clock = clock
        self.logger = logger
        (self.emergencies, self.emergencyCalls) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        try self.spool.repair()
        // What a kill has kept from being told.
        self.emergencyCalls.yield()
    }

    /// The time in milliseconds since 1970, as records have it.
    package var now: Int64 { Int64(self.clock.now().timeIntervalSince1970 * 1_000) }

    /// Counts the record as a repeat of one that is committed; false where there is none, and it has to be recorded.
    ///
    /// It neither waits nor touches the disk: it is for the second and every further look.
    package func count(_ record: AuditRecord) -> Bool {
        let fold = record.fold
        return self.state.withLock { state in
            // In place: each search would take the hash of ten texts.
            guard let place = state.folds.index(forKey: fold), state.folds.values[place].isCommitted else {
                return false
            }
            state.folds.values[place].count += 1
            let last = max(state.folds.values[place].lastMilliseconds, record.timeMilliseconds)
            state.folds.values[place].lastMilliseconds = last
            return true
        }
    }

    /// Writes the record down, and returns when it is on the disk.
    ///
    /// One that repeats a record of the same minute is only counted.
    /// - Throws: `unavailable` where it cannot be written anywhere.
    package func record(_ record: AuditRecord) async throws {
        try await withCheckedThrowingContinuation { (waiter: Waiter) in self.add(record, waiter) }
    }

    /// Returns where records can be written, as far as that can be known before there is one.
    ///
    /// It is asked before anything is changed: what was done cannot be undone because it cannot be written down.
    /// - Throws: `unavailable` where the last records could be written nowhere, and the database still cannot be.
    package func admit() async throws {
        guard self.state.withLock({ $0.isBroken }) else { return }
        do {
            try await self.store.probe()
        } catch {
            throw CollimatorError(
                .unavailable,
                "the audit cannot be written",
                publicDetail: AuditLog.unwritable,
                cause: error,
                retryAfterSeconds: 10
            )
        }
        self.state.withLock { $0.isBroken = false }
    }

    /// What a caller is told where nothing can be written down.
    package static let unwritable: StaticString =
        "What is done here is written down, and that is not possible now. Try again later."

    /// Puts the record into the queue, or with the first of its kind, and begins to write where nobody does.
    private func add(_ record: AuditRecord, _ waiter: Waiter) {
        let fold = record.fold
        let refusal: CollimatorError? = self.state.withLock { state in
            self.endMinutes(before: fold.minute, &state)
            if var counting = state.folds[fold] {
                counting.count += 1
                counting.lastMilliseconds = max(counting.lastMilliseconds, record.timeMilliseconds)
                if !counting.isCommitted { counting.waiters.append(waiter) }
                state.folds[fold] = counting
                if counting.isCommitted { waiter.resume() }
                return nil
            }
            guard state.waiting.count < self.configuration.waitingMax else {
                return CollimatorError(.unavailable, "too many records of the audit are waiting", retryAfterSeconds: 1)
            }
            let isCounted = fold.minute >= state.minute && state.folds.count < self.configuration.foldsMax
            if isCounted { state.folds[fold] = Counting(first: record, lastMilliseconds: record.timeMilliseconds) }
            self.enqueue(record, fold: isCounted ? fold : nil, waiter: waiter, &state)
            return nil
        }
        if let refusal { waiter.resume(throwing: refusal) }
    }

    /// Puts a record into the queue; the lock is held.
    private func enqueue(_ record: AuditRecord, fold: AuditRecord.Fold?, waiter: Waiter?, _ state: inout State) {
        let id = Hexadecimal.encode(SecureRandom.bytes(16))
        state.waiting.append(Waiting(id: id, record: record, fold: fold, waiter: waiter))
        guard !state.isWriting else { return }
        state.isWriting = true
        // Of its own, because the database does nothing for a task that is cancelled, and many wait for one
        // transaction; those who recorded wait for it, and ``flush()`` does.
        Task { await self.write() }
    }

    /// Writes what waits, batch after batch, until nothing does.
    private func write() async {
        while true {
            let batch: [Waiting] = self.state.withLock { state in
                let batch = Array(state.waiting.prefix(self.configuration.batchMax))
                state.waiting.removeFirst(batch.count)
                if batch.isEmpty { state.isWriting = false }
                return batch
            }
            guard !batch.isEmpty else { return }
            do {
                try await self.keep(batch.map { (id: $0.id, record: $0.record) })
                self.state.withLock { $0.isBroken = false }
                for waiting in batch { self.settle(waiting, with: .success(())) }
            } catch {
                self.logger.error("records of the audit could not be written", error: error)
                self.state.withLock { $0.isBroken = true }
                for waiting in batch { self.settle(waiting, with: .failure(error)) }
            }
        }
    }

    /// Brings records to the disk: into the database, else into the spool.
    private func keep(_ batch: [(id: String, record: AuditRecord)]) async throws {
        do {
            try await self.drainSpool()
            try await self.store.append(batch)
            if batch.contains(where: { EmergencyLook($0.record) != nil }) { self.emergencyCalls.yield() }
        } catch {
            self.logger.warning("the audit is written to its spool", error: error)
            try self.spool.append(batch)
        }
    }

    /// Takes what the spool holds into the database.
    private func drainSpool() async throws {
        guard !self.spool.isEmpty else { return }
        try await self.store.append(try self.spool.records())
        self.spool.clear()
        self.emergencyCalls.yield()
    }

    private func settle(_ waiting: Waiting, with result: Result<Void, any Error>) {
        let others: [Waiter] = self.state.withLock { state in
            guard let fold = waiting.fold, var counting = state.folds[fold] else { return [] }
            let waiters = counting.waiters
            counting.waiters = []
            counting.isCommitted = true
            if case .success = result { state.folds[fold] = counting } else { state.folds[fold] = nil }
            return waiters
        }
        // A count that nobody waits for and that could be written nowhere is told as lost.
        if case .failure = result, waiting.waiter == nil {
            self.logger.critical("a count of the audit was lost", metadata: ["count": "\(waiting.record.count, .open)"])
        }
        for waiter in others + [waiting.waiter].compactMap({ $0 }) { waiter.resume(with: result) }
    }

    /// Writes the counts of minutes that are over; the lock is held.
    private func endMinutes(before minute: Int64, _ state: inout State) {
        guard minute > state.minute else { return }
        state.minute = minute
        for (fold, counting) in state.folds where fold.minute < minute && counting.isCommitted {
            state.folds[fold] = nil
            self.enqueueCount(counting, &state)
        }
    }

    private func enqueueCount(_ counting: Counting, _ state: inout State) {
        guard counting.count > 0 else { return }
        var record = counting.first
        record.timeMilliseconds = counting.lastMilliseconds
        record.count = counting.count
        record.isRepeats = true
        self.enqueue(record, fold: nil, waiter: nil, &state)
    }

    /// Writes the counts of minutes that are over, and takes what the spool holds into the database.
    package func sweep() async {
        let minute = self.now / 60_000
        let mayWrite = self.state.withLock { state in
            self.endMinutes(before: minute, &state)
            guard !state.isWriting else { return false }
            state.isWriting = true
            return true
        }
        if mayWrite {
            await allowFailure("the spool of the audit is emptied later", logger: self.logger) {
                try await self.drainSpool()
            }
            await self.write()
        }
        await self.deleteOld()
        // What could not be told is tried again.
        self.emergencyCalls.yield()
    }

    /// Writes every count, and returns when nothing waits any more: for the end of the process.
    package func flush() async throws {
        self.state.withLock { state in
            for (fold, counting) in state.folds where counting.isCommitted {
                state.folds[fold] = nil
                self.enqueueCount(counting, &state)
            }
        }
        while self.state.withLock({ $0.isWriting }) { try await Task.sleep(for: .milliseconds(5)) }
    }

    private func deleteOld() async {
        guard let days = self.configuration.retentionDays else { return }
        let oldest = self.now - Int64(days) * 24 * 60 * 60 * 1_000
        await allowFailure("old records of the audit are deleted later", logger: self.logger) {
            while try await self.store.deleteRecords(before: oldest, max: self.configuration.deletedAtATime) {
                try Task.checkCancellation()
            }
        }
    }
}
