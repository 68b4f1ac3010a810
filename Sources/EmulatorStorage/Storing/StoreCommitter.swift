internal import CollimatorCore
internal import FoundationEssentials
internal import NIOPosix
internal import Persistence

/// Commits uploads in groups: those that wait while a group is being committed make up the next.
///
/// One transaction, one flush of the write-ahead log and one flush per folder then serve the whole group, and nobody
/// waits for a timer. A group is committed in this order, and only the last step makes its objects exist: files get
/// their final names, the folder is flushed, the rows are committed. The bytes were flushed before.
actor StoreCommitter {
    private let database: Database
    private let vault: FileVault
    private let pool: NIOThreadPool
    private let bell: PublishBell
    private let faults: FaultPoints
    private var waiting: [Waiting] = []
    private var isRunning = false
    private var idleWaiters: [CheckedContinuation<Void, Never>] = []
    /// The numbers that are reserved for files and not yet used.
    private var numbers: Range<Int64> = 0..<0

    /// How many objects wait for the next group.
    var waitingCount: Int { self.waiting.count }

    /// How many objects are committed together at most.
    static let groupMax = 64
    /// How many numbers are reserved at a time; what is left of them when the process ends is never used.
    static let numbersReservedAtOnce: Int64 = 4096

    init(database: Database, vault: FileVault, pool: NIOThreadPool, bell: PublishBell, faults: FaultPoints) {
        self.database = database
        self.vault = vault
        self.pool = pool
        self.bell = bell
        self.faults = faults
    }

    /// Returns when the object is stored for good, or is not stored.
    func commit(_ instance: PreparedInstance) async -> StoreOutcome {
        await withCheckedContinuation { continuation in
            self.waiting.append(Waiting(instance: instance, continuation: continuation))
            guard !self.isRunning else { return }
            self.isRunning = true
            // `drain` waits for it.
            Task { await self.run() }
        }
    }

    /// Returns when nothing is waiting to be committed.
    func drain() async {
        guard self.isRunning else { return }
        await withCheckedContinuation { self.idleWaiters.append($0) }
    }

    private func run() async {
        while !self.waiting.isEmpty {
            let group = Array(self.waiting.prefix(Self.groupMax))
            self.waiting.removeFirst(group.count)
            let outcomes = await self.process(group.map(\.instance))
            for (member, outcome) in zip(group, outcomes) {
                member.continuation.resume(returning: outcome)
            }
        }
        self.isRunning = false
        self.idleWaiters.forEach { $0.resume() }
        self.idleWaiters = []
    }

    private func process(_ group: [PreparedInstance]) async -> [StoreOutcome] {
        let entries: [StoreEntry]
        do {
            let ids = try await self.takeNumbers(group.count)
            entries = zip(ids, group).map { StoreEntry(id: $0, instance: $1) }
        } catch {
            return group.map { _ in .failed(error) }
        }
        do {
            try await self.onPool { vault throws(ArchiveError) in try vault.place(entries, self.faults) }
        } catch {
            if error == .diskFull { await self.removeUnused(entries) }
            return entries.map { _ in .failed(error) }
        }
        let outcomes = await self.outcomes(entries)
        await self.removeUnused(zip(entries, outcomes).filter { !self.isNeeded($0, $1) }.map(\.0))
        return outcomes
    }

    /// Commits the rows; where a group fails for what may be the fault of one object, one after the other.
    private func outcomes(_ entries: [StoreEntry]) async -> [StoreOutcome] {
        do {
            return try await self.insert(entries)
        } catch {
            switch error {
            case .diskFull, .io, .closed, .cancelled: return entries.map { _ in .failed(error) }
            default: break
            }
            guard entries.count > 1 else { return [.failed(error)] }
        }
        var outcomes: [StoreOutcome] = []
        for entry in entries {
            outcomes += await self.outcomes([entry])
        }
        return outcomes
    }

    /// Whether the file of the entry must stay.
    private func isNeeded(_ entry: StoreEntry, _ outcome: StoreOutcome) -> Bool {
        switch outcome {
        case .stored: true
        // Found under its own number, it was committed by an attempt that seemed to fail.
        case .identical(let stored): stored.filePath == self.vault.path(of: entry.id)
        case .refused: false
        // A commit that failed otherwise than for want of room may yet turn out to have been written, after a power
        // cut: then the file must be there. The sweep removes it when there is no row.
        case .failed(let error): error != .diskFull && error != .storeNotFound
        }
    }

    private func insert(_ entries: [StoreEntry]) async throws(ArchiveError) -> [StoreOutcome] {
        let vault = self.vault
        // Messages are published by the time of the group.
        let now = entries.map(\.instance.arrivedAt).max() ?? .distantPast
        let outcomes = try await archiveErrors {
            try await self.database.write { connection in
                var transaction = StoreTransaction(connection: connection, vault: vault, now: now)
                let outcomes = try entries.map { try transaction.insert(IndexEntry($0.instance, id: $0.id)) }
                try transaction.finish()
                return outcomes
            }
        }
        self.bell.ring()
        self.faults.reach(.committed)
        return outcomes
    }

    /// Removes the files of objects that were not stored, so that their room is free before the answer is given.
    private func removeUnused(_ entries: [StoreEntry]) async {
        guard !entries.isEmpty else { return }
        // What cannot be removed now is removed by the sweep of the next start.
        do {
            try await self.onPool { vault throws(ArchiveError) in
                for entry in entries {
                    try vault.remove(entry.id)
                }
            }
        } catch {}
    }

    /// Numbers that no file has had, not even one that was lost: and that no other call is given.
    private func takeNumbers(_ count: Int) async throws(ArchiveError) -> Range<Int64> {
        if self.numbers.count < count {
            self.numbers = try await self.reserveNumbers(Self.numbersReservedAtOnce)
        }
        let taken = self.numbers.prefix(count)
        self.numbers = taken.endIndex..<self.numbers.upperBound
        return taken.startIndex..<taken.endIndex
    }

    /// Reserves numbers durably, before they are used.
    func reserveNumbers(_ count: Int64) async throws(ArchiveError) -> Range<Int64> {
        let end = try await archiveErrors {
            try await self.database.write { connection in
                try connection.queryOne(
                    """
                    INSERT INTO counter (name, value) VALUES ('instance', ?1 + 1)
                    ON CONFLICT (name) DO UPDATE SET value = value + ?1 RETURNING value
                    """,
                    [.integer(count)]
                )?.integer(0)
            }
        }
        guard let end else { throw .internalFault }
        return (end - count)..<end
    }

    private func onPool(
        _ body: @escaping @Sendable (FileVault) throws(ArchiveError) -> Void
    ) async throws(ArchiveError) {
        let vault = self.vault
        try await archiveErrors { try await self.pool.runIfActive { try body(vault) } }
    }

    private struct Waiting {
        let instance: PreparedInstance
        let continuation: CheckedContinuation<StoreOutcome, Never>
    }
}

/// An upload with the number that its row and its file get.
struct StoreEntry: Sendable {
    let id: Int64
    let instance: PreparedInstance
}

extension FileVault {
    /// Gives the files of a group their final names, durably.
    fileprivate func place(_ entries: [StoreEntry], _ faults: FaultPoints) throws(ArchiveError) {
        for entry in entries {
            try self.place(entry.instance.spool.path, as: entry.id)
            entry.instance.spool.letGo()
        }
        faults.reach(.renamed)
        for folder in Set(entries.map { Self.folder(of: $0.id) }) {
            try self.flushFolder(folder)
        }
        faults.reach(.folderFlushed)
    }
}
