internal import Synchronization

/// Wakes who waits for messages when one may be there.
package final class PublishBell: Sendable {
    private let state = Mutex(State())

    private struct State {
        var rings = 0
        var nextNumber = 0
        var isClosed = false
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
    }

    /// How often it rang: to be read before one looks for messages, and given to ``wait(after:)``.
    package var rings: Int { self.state.withLock { $0.rings } }

    /// Whether nobody is to wait any more.
    package var isClosed: Bool { self.state.withLock { $0.isClosed } }

    /// Wakes everybody.
    package func ring() {
        let waiters = self.state.withLock { state in
            state.rings += 1
            defer { state.waiters = [:] }
            return state.waiters.values
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Wakes everybody, and lets nobody wait again.
    package func close() {
        self.state.withLock { $0.isClosed = true }
        self.ring()
    }

    /// Returns once it rang more often than that, when it is closed, or when the task is cancelled.
    package func wait(after rings: Int) async {
        let number = self.state.withLock { state in
            state.nextNumber += 1
            return state.nextNumber
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isAwake = self.state.withLock { state in
                    guard state.rings == rings, !state.isClosed, !Task.isCancelled else { return true }
                    state.waiters[number] = continuation
                    return false
                }
                if isAwake { continuation.resume() }
            }
        } onCancel: {
            self.state.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
        }
    }
}
