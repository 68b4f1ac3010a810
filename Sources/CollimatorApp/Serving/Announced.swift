import Synchronization

/// A value that comes once, and those who wait for it; a failure comes to them too.
final class Announced<Value: Sendable>: Sendable {
    private enum State {
        case waiting([Int: CheckedContinuation<Value, any Error>], next: Int)
        case done(Result<Value, any Error>)
    }

    private let state = Mutex<State>(.waiting([:], next: 0))

    init() {}

    /// The value, once it is there; `CancellationError` where the waiting task is cancelled before.
    var value: Value {
        get async throws {
            let number = Mutex<Int?>(nil)
            return try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { continuation in
                    let result: Result<Value, any Error>? = self.state.withLock { state in
                        if Task.isCancelled { return .failure(CancellationError()) }
                        switch state {
                        case .done(let result): return result
                        case .waiting(var waiters, let next):
                            waiters[next] = continuation
                            number.withLock { $0 = next }
                            state = .waiting(waiters, next: next + 1)
                            return nil
                        }
                    }
                    if let result { continuation.resume(with: result) }
                }
            } onCancel: {
                let waiter: CheckedContinuation<Value, any Error>? = self.state.withLock { state in
                    guard case .waiting(var waiters, let next) = state, let number = number.withLock({ $0 }) else {
                        return nil
                    }
                    let waiter = waiters.removeValue(forKey: number)
                    state = .waiting(waiters, next: next)
                    return waiter
                }
                waiter?.resume(throwing: CancellationError())
            }
        }
    }

    func succeed(_ value: Value) { self.finish(.success(value)) }

    func fail(_ error: any Error) { self.finish(.failure(error)) }

    /// The first result counts.
    private func finish(_ result: Result<Value, any Error>) {
        let waiters: [CheckedContinuation<Value, any Error>] = self.state.withLock { state in
            guard case .waiting(let waiters, _) = state else { return [] }
            state = .done(result)
            return Array(waiters.values)
        }
        for waiter in waiters { waiter.resume(with: result) }
    }
}
