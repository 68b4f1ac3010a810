import Synchronization

/// Work that many wait for and that is done once.
///
/// The work runs in a task of its own: whoever began it may fail to wait for it, or be cancelled, without harm to those
/// who joined. A waiter that is cancelled leaves at once.
package final class Flights<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    /// What becomes of work that nobody waits for any more.
    package enum Unwaited: Sendable {
        /// It goes on: what comes of it is kept for the next who asks.
        case goesOn
        /// It is cancelled, and whoever comes then begins anew.
        case ends
    }

    private struct Flight {
        var waiters: [Int: CheckedContinuation<Value, any Error>]
        /// The number of the waiter that began it.
        let number: Int
        let task: Task<Void, Never>
    }

    private struct State {
        var flights: [Key: Flight] = [:]
        var number = 0
    }

    private let unwaited: Unwaited
    private let state = Mutex(State())

    package init(_ unwaited: Unwaited = .goesOn) {
        self.unwaited = unwaited
    }

    /// How many are under way.
    package var count: Int { self.state.withLock { $0.flights.count } }

    /// How many wait for the work of a key.
    package func waiters(_ key: Key) -> Int { self.state.withLock { $0.flights[key]?.waiters.count ?? 0 } }

    /// What comes of the work that is under way for the key, else of this.
    package func value(_ key: Key, _ work: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let number = self.state.withLock { state in
            state.number += 1
            return state.number
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                self.state.withLock { state in
                    if state.flights[key] == nil {
                        let task = Task { await self.fly(key, number, work) }
                        state.flights[key] = Flight(waiters: [:], number: number, task: task)
                    }
                    state.flights[key]?.waiters[number] = continuation
                }
                if Task.isCancelled { self.leave(key, number) }
            }
        } onCancel: {
            self.leave(key, number)
        }
    }

    private func fly(_ key: Key, _ number: Int, _ work: @Sendable () async throws -> Value) async {
        let result: Result<Value, any Error>
        do {
            result = .success(try await work())
        } catch {
            result = .failure(error)
        }
        let waiters = self.state.withLock { state in
            // One that was given up may have been followed by another.
            state.flights[key]?.number == number ? state.flights.removeValue(forKey: key)?.waiters : nil
        }
        for waiter in (waiters ?? [:]).values { waiter.resume(with: result) }
    }

    private func leave(_ key: Key, _ number: Int) {
        let (waiter, unwaited): (CheckedContinuation<Value, any Error>?, Task<Void, Never>?) = self.state.withLock {
            state in
            guard let waiter = state.flights[key]?.waiters.removeValue(forKey: number) else { return (nil, nil) }
            guard self.unwaited == .ends, state.flights[key]?.waiters.isEmpty == true else { return (waiter, nil) }
            return (waiter, state.flights.removeValue(forKey: key)?.task)
        }
        unwaited?.cancel()
        waiter?.resume(throwing: CancellationError())
    }
}
