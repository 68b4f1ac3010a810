import Synchronization

/// Lets one task sleep until another calls it; a call before the sleep ends it at once.
final class Wakeup: Sendable {
    private enum State {
        case idle
        case called
        case asleep(CheckedContinuation<Void, Never>)
    }

    private let state = Mutex(State.idle)

    /// Wakes the sleeper, or keeps it from falling asleep.
    func call() {
        let sleeper: CheckedContinuation<Void, Never>? = self.state.withLock { state in
            guard case .asleep(let sleeper) = state else {
                state = .called
                return nil
            }
            state = .idle
            return sleeper
        }
        sleeper?.resume()
    }

    /// Returns once it was called, or when the task is cancelled; one task at a time.
    func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isAwake = self.state.withLock { state in
                    guard case .idle = state, !Task.isCancelled else {
                        state = .idle
                        return true
                    }
                    state = .asleep(continuation)
                    return false
                }
                if isAwake { continuation.resume() }
            }
        } onCancel: {
            self.call()
        }
    }

    /// The same, but no longer than the limit.
    func wait(atMost limit: Duration, sleep: @escaping @Sendable (Duration) async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await self.wait() }
            group.addTask { try await sleep(limit) }
            defer { group.cancelAll() }
            try await group.next()
        }
        try Task.checkCancellation()
    }
}
