internal import Synchronization

/// Decides when each call begins: no more at the same time than there may be, of each endpoint and of all.
///
/// Deliveries of an endpoint that answers quickly are taken from the database before a call is free for them, so that neither
/// the disk nor the look for the next ones stands between two calls. How many grows with each quick answer; a slow one
/// halves it, and a failure ends it: what waits here then goes back, and is taken when the endpoint is called again.
/// Endpoints that wait take turns.
final class CallTurns: Sendable {
    /// What whoever wanted to call is told.
    enum Turn: Hashable, Sendable {
        case atOnce
        /// So late that what was decided before has to be decided again.
        case afterWait
        /// Not now: the delivery goes back.
        case never
    }

    /// How a call ended.
    enum Ending: Hashable, Sendable {
        case quick
        case slow
        case failed
        /// It was not made after all.
        case unmade
    }

    private struct Waiter: Sendable {
        let number: Int
        let continuation: CheckedContinuation<Turn, Never>
    }

    private struct Line: Sendable {
        var calls = 0
        /// How many more than may be called are taken.
        var ahead = 0
        var waiting: [Waiter] = []
        var isInTurn = false
    }

    private struct State: Sendable {
        var calls = 0
        var lines: [String: Line] = [:]
        /// Endpoints that may be called and have somebody waiting, the next one first.
        var turns: [String] = []
        var lastNumber = 0
        /// How many calls have failed, of all endpoints, and which was the last of each.
        var failures = 0
        var lastFailure: [String: Int] = [:]
    }

    private let total: Int
    private let perEndpoint: Int
    private let state = Mutex(State())

    /// The most that is taken ahead of one endpoint.
    static let aheadMax = 256
    /// A call that takes no longer is a quick one, in milliseconds: what is taken ahead waits for seconds at the most.
    static let quickMax: Int64 = 200
    /// Endpoints that are remembered while they are not called.
    private static let linesMax = 1_000

    init(total: Int, perEndpoint: Int) {
        self.total = total
        self.perEndpoint = perEndpoint
    }

    /// How many more of each endpoint may be taken than may be called; nothing is said of those with none.
    var ahead: [String: Int] {
        self.state.withLock { $0.lines.compactMapValues { $0.ahead > 0 ? $0.ahead : nil } }
    }

    /// How many of each endpoint may be taken beyond its calls where so many of each are taken already, and `most` of all
    /// together; nothing is said of those with none.
    ///
    /// What has been taken stands until it has ended, also where its endpoint does not answer any more: what is left is
    /// divided among those that may have more.
    func ahead(taken: [String: Int], most: Int) -> [String: Int] {
        let held = taken.mapValues { max(0, $0 - self.perEndpoint) }
        var left = max(0, most - held.values.reduce(0, +))
        var ahead = self.ahead
        // Who wants the least first: what it leaves is for the others.
        var wanting = ahead.map { (endpoint: $0.key, more: $0.value - (held[$0.key] ?? 0)) }
            .filter { $0.more > 0 }.sorted { ($0.more, $0.endpoint) < ($1.more, $1.endpoint) }[...]
        while let one = wanting.popFirst() {
            let more = min(one.more, left / (wanting.count + 1))
            left -= more
            ahead[one.endpoint] = (held[one.endpoint] ?? 0) + more
        }
        return ahead.filter { $0.value > 0 }
    }

    /// How many calls have failed by now: whoever takes deliveries remembers it.
    var failures: Int { self.state.withLock { $0.failures } }

    /// How many wait for a call of the endpoint.
    func waiting(_ endpoint: String) -> Int { self.state.withLock { $0.lines[endpoint]?.waiting.count ?? 0 } }

    /// Returns when the endpoint may be called, and whoever is told so calls ``end(_:_:)`` afterwards, or when it may not.
    ///
    /// `failures` is how many there were when the delivery was taken: what was taken before a failure of its endpoint, and comes
    /// here after it, goes back like what waited here.
    func begin(_ endpoint: String, since failures: Int = .max) async -> Turn {
        let number = self.state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let turn: Turn? = self.state.withLock { state in
                    guard !Task.isCancelled, state.lastFailure[endpoint] ?? 0 <= failures else { return .never }
                    return self.join(Waiter(number: number, continuation: continuation), endpoint, &state)
                }
                if let turn { continuation.resume(returning: turn) }
            }
        } onCancel: {
            let waiter = self.state.withLock { state -> Waiter? in
                guard let index = state.lines[endpoint]?.waiting.firstIndex(where: { $0.number == number }) else {
                    return nil
                }
                return state.lines[endpoint]?.waiting.remove(at: index)
            }
            waiter?.continuation.resume(returning: .never)
        }
    }

    /// Nil for one that has to wait; the lock is held.
    private func join(_ waiter: Waiter, _ endpoint: String, _ state: inout State) -> Turn? {
        var line = state.lines[endpoint] ?? Line()
        defer { state.lines[endpoint] = line }
        if line.waiting.isEmpty, line.calls < self.perEndpoint, state.calls < self.total {
            line.calls += 1
            state.calls += 1
            return .atOnce
        }
        line.waiting.append(waiter)
        self.queue(&line, endpoint, &state.turns)
        return nil
    }

    /// Puts the endpoint behind the others where it may be called and is not there yet.
    private func queue(_ line: inout Line, _ endpoint: String, _ turns: inout [String]) {
        guard !line.isInTurn, !line.waiting.isEmpty, line.calls < self.perEndpoint else { return }
        line.isInTurn = true
        turns.append(endpoint)
    }

    /// A call has ended: the next ones begin.
    func end(_ endpoint: String, _ ending: Ending) {
        let (begun, back): ([Waiter], [Waiter]) = self.state.withLock { state in
            guard var line = state.lines[endpoint] else { return ([], []) }
            line.calls -= 1
            state.calls -= 1
            if ending == .failed { self.noteFailure(of: endpoint, &state) }
            let back = self.note(ending, in: &line)
            self.queue(&line, endpoint, &state.turns)
            let isIdle = line.calls == 0 && line.waiting.isEmpty && !line.isInTurn
            let isForgotten = isIdle && (line.ahead == 0 || state.lines.count > Self.linesMax)
            state.lines[endpoint] = isForgotten ? nil : line
            return (self.admit(&state), back)
        }
        for waiter in begun { waiter.continuation.resume(returning: .afterWait) }
        for waiter in back { waiter.continuation.resume(returning: .never) }
    }

    private func noteFailure(of endpoint: String, _ state: inout State) {
        state.failures += 1
        // Who failed longest ago has been called again since, or has nothing that was taken before.
        if state.lastFailure.count >= Self.linesMax, let oldest = state.lastFailure.min(by: { $0.value < $1.value }) {
            state.lastFailure[oldest.key] = nil
        }
        state.lastFailure[endpoint] = state.failures
    }

    /// Adjusts how many are taken ahead, and gives those that were too many; the lock is held.
    private func note(_ ending: Ending, in line: inout Line) -> [Waiter] {
        switch ending {
        case .unmade: return []
        case .quick:
            line.ahead = min(line.ahead + 1, Self.aheadMax)
            return []
        case .slow, .failed:
            line.ahead = ending == .slow ? line.ahead / 2 : 0
            // After a failure it is the engine that decides whether there is a next call.
            let kept = ending == .slow ? line.ahead + self.perEndpoint - line.calls : 0
            let back = Array(line.waiting.dropFirst(kept))
            line.waiting.removeLast(back.count)
            return back
        }
    }

    /// Those whose turn it is; the lock is held.
    private func admit(_ state: inout State) -> [Waiter] {
        var begun: [Waiter] = []
        while state.calls < self.total, !state.turns.isEmpty {
            let endpoint = state.turns.removeFirst()
            guard var line = state.lines[endpoint] else { continue }
            line.isInTurn = false
            if !line.waiting.isEmpty, line.calls < self.perEndpoint {
                begun.append(line.waiting.removeFirst())
                line.calls += 1
                state.calls += 1
            }
            self.queue(&line, endpoint, &state.turns)
            state.lines[endpoint] = line
        }
        return begun
    }
}
