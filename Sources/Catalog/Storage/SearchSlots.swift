internal import CollimatorCore
internal import Synchronization

/// Lets few searches that look at much run at the same time, so that a reader of the database is always left for others.
///
/// Whoever waits waits in order, for a bounded time, and no longer than their task lasts.
final class SearchSlots: Sendable {
    private let state: Mutex<State>
    private let waitingMax: Int

    private struct State {
        var free: Int
        var waiting: [Waiting] = []
        var lastNumber = 0
    }

    private struct Waiting {
        let number: Int
        let continuation: CheckedContinuation<Bool, Never>
    }

    init(count: Int, waitingMax: Int) {
        self.state = Mutex(State(free: count))
        self.waitingMax = waitingMax
    }

    /// How many wait now.
    var waitingCount: Int { self.state.withLock { $0.waiting.count } }

    /// Takes a slot, which ``give()`` gives back.
    ///
    /// - Throws: `unavailable` where none came free within the time, and where too many wait already.
    func take(within time: Duration) async throws {
        let isTaken = await withTaskGroup(of: Bool.self) { group in
            group.addTask { await self.wait() }
            group.addTask {
                // Cut short it ends the wait as well.
                do { try await Task.sleep(for: time) } catch { return false }
                return false
            }
            var isTaken = false
            for await outcome in group {
                isTaken = isTaken || outcome
                group.cancelAll()
            }
            return isTaken
        }
        guard !isTaken else { return }
        try Task.checkCancellation()
        throw CollimatorError(
            .unavailable,
            "too many searches that look at much run at the same time",
            publicDetail: "Other searches that look at many studies are under way. Ask again, or narrow the search.",
            retryAfterSeconds: Self.retryAfterSeconds
        )
    }

    /// Gives a slot to whoever has waited longest.
    func give() {
        let next = self.state.withLock { state -> CheckedContinuation<Bool, Never>? in
            guard !state.waiting.isEmpty else {
                state.free += 1
                return nil
            }
            return state.waiting.removeFirst().continuation
        }
        next?.resume(returning: true)
    }

    private static let retryAfterSeconds = 2

    /// Whether a slot was given before the task was cancelled.
    private func wait() async -> Bool {
        let number = self.state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isTaken = self.state.withLock { state -> Bool? in
                    if state.free > 0 {
                        state.free -= 1
                        return true
                    }
                    // A cancellation after this finds the entry, for it needs the lock as well.
                    guard !Task.isCancelled, state.waiting.count < self.waitingMax else { return false }
                    state.waiting.append(Waiting(number: number, continuation: continuation))
                    return nil
                }
                if let isTaken { continuation.resume(returning: isTaken) }
            }
        } onCancel: {
            let own = self.state.withLock { state in
                state.waiting.firstIndex { $0.number == number }.map { state.waiting.remove(at: $0).continuation }
            }
            own?.resume(returning: false)
        }
    }
}
