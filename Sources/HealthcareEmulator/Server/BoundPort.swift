internal import Synchronization

/// The port that the emulator listens on, for those who wait until it does.
final class BoundPort: Sendable {
    private let state = Mutex(State.waiting([]))

    private enum State {
        case waiting([CheckedContinuation<Int, any Error>])
        case bound(Int)
        /// It will never listen, or no longer does.
        case ended
    }

    init() {}

    /// The port; waits until it is known.
    func value() async throws -> Int {
        try await withCheckedThrowingContinuation { continuation in
            self.state.withLock { state in
                switch state {
                case .waiting(let others): state = .waiting(others + [continuation])
                case .bound(let port): continuation.resume(returning: port)
                case .ended: continuation.resume(throwing: EmulatorError.notListening)
                }
            }
        }
    }

    /// The port, nil where it is not known.
    var current: Int? {
        self.state.withLock { state in
            if case .bound(let port) = state { port } else { nil }
        }
    }

    func bind(_ port: Int) {
        self.state.withLock { state in
            if case .waiting(let waiting) = state {
                for continuation in waiting { continuation.resume(returning: port) }
            }
            state = .bound(port)
        }
    }

    /// Tells those who still wait that they wait in vain.
    func end() {
        self.state.withLock { state in
            guard case .waiting(let waiting) = state else { return }
            for continuation in waiting { continuation.resume(throwing: EmulatorError.notListening) }
            state = .ended
        }
    }
}
