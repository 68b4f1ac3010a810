internal import CollimatorCore
internal import DICOMweb
internal import Persistence
internal import Synchronization

/// What the store said of one study, to be written down.
struct StudyRefresh: Sendable {
    let study: StudyUID
    let store: StoreName
    /// Nil where the store does not have it.
    let entry: StudyEntry?
    /// See ``CatalogStore/put(_:in:sweep:renewedFrom:origin:)``.
    let sweep: Int64
    let renewedFrom: Int64?
    /// See ``EntryWriting/silentAfter``.
    let silentAfter: Int64?
    let origin: StudyChangeNotice.Origin?
    /// The notice that was acted upon, and is forgotten with all before it.
    let mark: Int64?
}

/// Refreshes that wait to be written: all that are there when the writer comes to them share a transaction and its flush.
///
/// None waits for others to come: while one group is written, the next gathers.
final class WaitingRefreshes: Sendable {
    struct Waiting {
        let refresh: StudyRefresh
        let continuation: CheckedContinuation<StudyChangeNotice.Kind?, any Error>
    }

    private struct State {
        var waiting: [Waiting] = []
        var isWriting = false
    }

    private let state = Mutex(State())

    /// The most refreshes that share a transaction: others who write wait for it.
    static let groupMax = 32

    /// How many wait.
    var count: Int { self.state.withLock { $0.waiting.count } }

    /// True where nobody is writing, so that the caller has to begin.
    func add(_ waiting: Waiting) -> Bool {
        self.state.withLock { state in
            state.waiting.append(waiting)
            defer { state.isWriting = true }
            return !state.isWriting
        }
    }

    func take() -> [Waiting] {
        self.state.withLock { state in
            let group = Array(state.waiting.prefix(Self.groupMax))
            state.waiting.removeFirst(group.count)
            return group
        }
    }

    /// Whether there is more to write; where there is not, the writing has ended.
    func goesOn() -> Bool {
        self.state.withLock { state in
            state.isWriting = !state.waiting.isEmpty
            return state.isWriting
        }
    }
}

extension CatalogStore {
    /// Makes the catalog say what the store said; gives what changed.
    ///
    /// It returns once that is on the disk. Where it fails, it is by its own fault, not by another's of its group.
    func write(_ refresh: StudyRefresh) async throws -> StudyChangeNotice.Kind? {
        try await withCheckedThrowingContinuation { continuation in
            let waiting = WaitingRefreshes.Waiting(refresh: refresh, continuation: continuation)
            guard self.refreshes.add(waiting) else { return }
            // Of its own, so that whoever is cancelled does not end the writing of the others; it ends with the last of them.
            Task { await self.writeRefreshes() }
        }
    }

    private func writeRefreshes() async {
        while self.refreshes.goesOn() {
            let taken = Mutex<[WaitingRefreshes.Waiting]>([])
            do {
                // Taken where writing begins: those who came while others wrote are of the group.
                let outcomes = try await self.writeTogether {
                    taken.withLock { taken in
                        taken = self.refreshes.take()
                        return taken.map(\.refresh)
                    }
                }
                let group = taken.withLock { $0 }
                self.tell(of: group)
                for (one, outcome) in zip(group, outcomes) { one.continuation.resume(returning: outcome) }
            } catch {
                // The database may have failed before anything was taken.
                let group = taken.withLock { $0.isEmpty ? self.refreshes.take() : $0 }
                self.tell(of: group)
                if group.count == 1 {
                    group[0].continuation.resume(throwing: error)
                } else {
                    await self.writeEach(group)
                }
            }
        }
    }

    /// Writes each by itself, so that what one cannot have written keeps no other from it.
    private func writeEach(_ group: [WaitingRefreshes.Waiting]) async {
        for one in group {
            do {
                let outcomes = try await self.writeTogether { [one.refresh] }
                self.tell(of: [one])
                one.continuation.resume(returning: outcomes.first ?? nil)
            } catch {
                self.tell(of: [one])
                one.continuation.resume(throwing: error)
            }
        }
    }

    private func writeTogether(
        _ take: @Sendable () -> [StudyRefresh]
    ) async throws -> [StudyChangeNotice.Kind?] {
        let now = self.milliseconds
        return try await self.database.write { connection in
            try take().map { try self.write($0, now: now, on: connection) }
        }
    }

    /// Also of what failed: it may have been committed.
    private func tell(of group: [WaitingRefreshes.Waiting]) {
        for (store, those) in Dictionary(grouping: group, by: \.refresh.store) {
            self.changes.call(those.map(\.refresh.study), in: store)
        }
        if group.contains(where: { $0.refresh.origin != nil }) { self.signal.call() }
    }

    private func write(
        _ refresh: StudyRefresh,
        now: Int64,
        on connection: any SQLConnection
    ) throws -> StudyChangeNotice.Kind? {
        let feed = refresh.origin.map { self.feed(of: refresh.store, $0, now: now, on: connection) }
        if let mark = refresh.mark {
            try Self.dropNotice(of: refresh.study, in: refresh.store, upTo: mark, on: connection)
        }
        guard let entry = refresh.entry else {
            return try Self.remove(refresh.study, from: refresh.store, feed, on: connection) ? .deleted : nil
        }
        let number = try Self.makeStore(refresh.store, on: connection)
        var writing = self.writing(number, now: now, sweep: refresh.sweep, connection)
        writing.renewedFrom = refresh.renewedFrom
        writing.silentAfter = refresh.silentAfter
        writing.feed = feed
        switch try writing.put(entry) {
        case .created: return .created
        case .updated: return .updated
        case .unchanged: return nil
        }
    }
}
