internal import CollimatorCore
internal import Persistence
internal import Synchronization

/// Writes what became of many calls in one transaction: the disk is waited for once for all that ended meanwhile.
///
/// Whoever adds one waits until it is on the disk.
final class OutcomeQueue: Sendable {
    /// What is to be written, mostly of one delivery.
    typealias Change = @Sendable (any SQLConnection) throws -> Void

    private struct Waiting {
        let change: Change
        let waiter: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var waiting: [Waiting] = []
        var isWriting = false
    }

    /// Of one transaction: short enough that intake and claims have their turn between two.
    static let batchMax = 256

    private let database: Database
    private let state = Mutex(State())

    init(_ database: Database) {
        self.database = database
    }

    /// Makes the change, and returns what it gave when it is on the disk; one that has to be made again counts the last time.
    func write<Answer: Sendable>(_ change: @escaping @Sendable (any SQLConnection) throws -> Answer) async throws
        -> Answer
    {
        let given = Given<Answer>()
        try await self.add { connection in
            let answer = try change(connection)
            given.answer.withLock { $0 = answer }
        }
        guard let answer = given.answer.withLock({ $0 }) else {
            throw CollimatorError(.internalError, "a change that was written has given nothing")
        }
        return answer
    }

    private final class Given<Answer: Sendable>: Sendable {
        let answer = Mutex<Answer?>(nil)
    }

    private func add(_ change: @escaping Change) async throws {
        try await withCheckedThrowingContinuation { (waiter: CheckedContinuation<Void, any Error>) in
            let isFirst = self.state.withLock { state in
                state.waiting.append(Waiting(change: change, waiter: waiter))
                defer { state.isWriting = true }
                return !state.isWriting
            }
            // Of its own, because the database does nothing for a task that is cancelled, and many wait for one
            // transaction; those who added to it wait for it.
            if isFirst { Task { await self.drain() } }
        }
    }

    private func drain() async {
        while true {
            let batch: [Waiting] = self.state.withLock { state in
                let batch = Array(state.waiting.prefix(Self.batchMax))
                state.waiting.removeFirst(batch.count)
                if batch.isEmpty { state.isWriting = false }
                return batch
            }
            guard !batch.isEmpty else { return }
            do {
                try await self.commit(batch)
                for one in batch { one.waiter.resume() }
            } catch {
                // One that cannot be written must not take the others with it.
                for one in batch { await self.commitAlone(one) }
            }
        }
    }

    private func commit(_ batch: [Waiting]) async throws {
        try await self.database.write { connection in
            for one in batch { try one.change(connection) }
        }
    }

    private func commitAlone(_ one: Waiting) async {
        do {
            try await self.commit([one])
            one.waiter.resume()
        } catch {
            one.waiter.resume(throwing: error)
        }
    }
}
