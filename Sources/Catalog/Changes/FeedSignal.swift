import Synchronization

/// Wakes those who wait for events when some were written.
///
/// It holds the waiting ones weakly, so that one that is forgotten costs nothing.
final class FeedSignal: Sendable {
    private let waiting = Mutex<[Weak]>([])

    private struct Weak: Sendable {
        weak let wakeup: Wakeup?
    }

    /// A sleeper of its own, called from now on.
    func join() -> Wakeup {
        let wakeup = Wakeup()
        self.waiting.withLock { waiting in
            waiting.removeAll { $0.wakeup == nil }
            waiting.append(Weak(wakeup: wakeup))
        }
        return wakeup
    }

    /// Events were written.
    func call() {
        for one in self.waiting.withLock({ $0 }) { one.wakeup?.call() }
    }
}

/// Waits for the next events of the change feed, for one reader.
package struct FeedReader: Sendable {
    let wakeup: Wakeup

    /// Returns when events were written since the last call, or after the limit.
    package func wait(atMost limit: Duration) async throws {
        try await self.wakeup.wait(atMost: limit) { try await Task.sleep(for: $0) }
    }

    /// Ends the wait for a reason of the reader's own, as if events were written.
    package func call() { self.wakeup.call() }
}
