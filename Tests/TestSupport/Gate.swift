import Synchronization

/// A door that stays shut until it is opened; who waits can be counted.
package final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var waiting: [CheckedContinuation<Void, Never>] = []
        var arrivals = 0
    }

    private let state = Mutex(State())

    /// Whether it has been opened.
    package var isOpen: Bool { self.state.withLock { $0.isOpen } }
    /// How many have come to it.
    package var arrivals: Int { self.state.withLock { $0.arrivals } }

    package init() {}

    /// Returns once it is open, also for who is cancelled.
    package func pass() async {
        await withCheckedContinuation { continuation in
            let isOpen = self.state.withLock { state in
                state.arrivals += 1
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    /// Lets through who waits and who comes.
    package func open() {
        let waiting = self.state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Lets other tasks run until so many have arrived.
    package func untilArrived(_ count: Int) async {
        while self.arrivals < count { await Task.yield() }
    }
}
