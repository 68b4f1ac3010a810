internal import Synchronization

/// The port that the emulator listens on, for those who wait until it does.
final class BoundPort: Sendable {
    private let state = Mutex(State.waiting([:], next: 0))

    private enum State {
        case waiting([Int: CheckedContinuation<Int, any Error>], next: Int)
        case bound(Int)
        /// It will never listen, or no longer does.
        case ended
    }

    init() {}

    /// The port; waits until it is known, or the waiting task is cancelled.
    func value() async throws -> Int {
        let number = self.nextNumber()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                self.state.withLock { state in
                    switch state {
                    case .waiting where Task.isCancelled: continuation.resume(throwing: CancellationError())
                    case .waiting(var others, let next):
                        others[number] = continuation
                        state = .waiting(others, next: next)
                    case .bound(let port): continuation.resume(returning: port)
                    case .ended: continuation.resume(throwing: EmulatorError.notListening)
                    }
                }
            }
        } onCancel: {
            self.cancel(number)
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
            if case .waiting(let waiting, _) = state {
                for continuation in waiting.values { continuation.resume(returning: port) }
            }
            state = .bound(port)
        }
    }

    /// Tells those who still wait that they wait in vain.
    func end() {
        self.state.withLock { state in
            guard case .waiting(let waiting, _) = state else { return }
            for continuation in waiting.values { continuation.resume(throwing: EmulatorError.notListening) }
            state = .ended
        }
    }

    /// What tells one who waits from the others.
    private func nextNumber() -> Int {
        self.state.withLock { state in
            guard case .waiting(let waiting, let next) = state else { return 0 }
            state = .waiting(waiting, next: next + 1)
            return next
        }
    }

    private func cancel(_ number: Int) {
        self.state.withLock { state in
            guard case .waiting(var waiting, let next) = state,
                let continuation = waiting.removeValue(forKey: number)
            else { return }
            state = .waiting(waiting, next: next)
            continuation.resume(throwing: CancellationError())
        }
    }
}
