internal import Synchronization

/// Work that outlives the call that started it, kept so that somebody can wait for it.
final class BackgroundJobs: Sendable {
    private let state = Mutex(State())

    /// Starts the job; after `cancel` it is not started any more.
    func start(_ job: @escaping @Sendable () async -> Void) {
        self.state.withLock { state in
            guard !state.isCancelled else { return }
            let number = state.nextNumber
            state.nextNumber += 1
            // `settle` and `cancel` wait for it.
            state.tasks[number] = Task {
                await job()
                self.state.withLock { $0.tasks[number] = nil }
            }
        }
    }

    /// Returns when every job that has been started has ended.
    func settle() async {
        while let task = self.state.withLock({ $0.tasks.values.first }) {
            await task.value
        }
    }

    /// Asks every job to end, and returns when they have.
    func cancel() async {
        let tasks = self.state.withLock { state in
            state.isCancelled = true
            return Array(state.tasks.values)
        }
        tasks.forEach { $0.cancel() }
        await self.settle()
    }

    private struct State {
        var tasks: [Int: Task<Void, Never>] = [:]
        var nextNumber = 0
        var isCancelled = false
    }
}
