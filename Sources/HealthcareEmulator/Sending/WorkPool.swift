internal import HTTPTypes
internal import NIOPosix
internal import Synchronization

/// A fixed number of threads for work that blocks or computes, with a queue that has an end.
///
/// The threads of Swift's tasks are few and must not be held up; here a piece of work holds one of its own threads,
/// and what finds the queue full is refused at once instead of waiting without limit.
final class WorkPool: Sendable {
    private let pool: NIOThreadPool
    private let waitingMax: Int
    private let pendingCount = Mutex(0)

    init(threads: Int, waitingMax: Int) {
        self.pool = NIOThreadPool(numberOfThreads: max(1, threads))
        self.waitingMax = waitingMax + max(1, threads)
        self.pool.start()
    }

    deinit { self.pool.shutdownGracefully { _ in } }

    /// Does the work on a thread of the pool.
    ///
    /// `isWanted` is asked when the work's turn comes: what nobody waits for any more is not done. Where the queue is
    /// full, the call is refused with 503.
    func run<Value: Sendable>(
        isWanted: @escaping @Sendable () -> Bool = { true },
        _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try self.enter()
        defer { self.pendingCount.withLock { $0 -= 1 } }
        return try await self.pool.runIfActive {
            guard isWanted() else { throw CancellationError() }
            return try work()
        }
    }

    /// Lets what was begun finish, and ends the threads.
    func shutdown() async {
        await withCheckedContinuation { done in
            self.pool.shutdownGracefully { _ in done.resume() }
        }
    }

    private func enter() throws(GoogleError) {
        let isAdmitted = self.pendingCount.withLock { pending in
            guard pending < self.waitingMax else { return false }
            pending += 1
            return true
        }
        guard isAdmitted else {
            throw GoogleError(.unavailable, "The service is busy; try again.", headers: [.retryAfter: "1"])
        }
    }
}
