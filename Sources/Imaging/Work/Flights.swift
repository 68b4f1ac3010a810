import Synchronization

/// Work that many wait for and that is done once.
///
/// The work runs in a task of its own: whoever began it may fail to wait for it, or be cancelled, without harm to those
/// who joined. A waiter that is cancelled leaves at once.
final class Flights<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct State {
        var flights: [Key: [Int: CheckedContinuation<Value, any Error>]] = [:]
        var number = 0
    }

    private let state = Mutex(State())

    /// How many are under way.
    var count: Int { self.state.withLock { $0.flights.count } }

    func value(_ key: Key, _ work: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let number = self.state.withLock { state in
            state.number += 1
            return state.number
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isFirst = self.state.withLock { state in
                    let isFirst = state.flights[key] == nil
                    state.flights[key, default: [:]][number] = continuation
                    return isFirst
                }
                if isFirst { self.begin(key, work) }
                if Task.isCancelled { self.leave(key, number) }
            }
        } onCancel: {
            self.leave(key, number)
        }
    }

    private func begin(_ key: Key, _ work: @escaping @Sendable () async throws -> Value) {
        Task {
            let result: Result<Value, any Error>
            do {
                result = .success(try await work())
            } catch {
                result = .failure(error)
            }
            let waiters = self.state.withLock { $0.flights.removeValue(forKey: key) } ?? [:]
            for waiter in waiters.values { waiter.resume(with: result) }
        }
    }

    private func leave(_ key: Key, _ number: Int) {
        let waiter = self.state.withLock { $0.flights[key]?.removeValue(forKey: number) }
        waiter?.resume(throwing: CancellationError())
    }
}
