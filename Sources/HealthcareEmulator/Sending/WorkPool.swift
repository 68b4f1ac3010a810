internal import HTTPTypes
internal import NIOPosix
internal import Synchronization

/// A fixed number of threads for work that blocks or computes, with a queue that has an end.
///
/// The threads of Swift's tasks are few and must not be held up; here a piece of work holds one of its own threads,
/// and what finds the queue full is refused at once instead of waiting without limit.
///
/// Only the first piece of a request's work can be refused. An answer that has begun waits for its turn with each
/// further piece: to refuse it would cut it. It has one piece at a time here, or two, so the connections that are served
/// at once are the limit of that queue.
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

    /// Where the work stands in the request that it is for.
    enum Stage: Sendable {
        /// Nothing has been answered: refused with 503 where the queue is full.
        case first
        /// The answer has begun: never refused.
        case begun
    }

    /// Does the work on a thread of the pool.
    ///
    /// `isWanted` is asked when the work's turn comes: what nobody waits for any more is not done.
    func run<Value: Sendable>(
        _ stage: Stage = .first,
        isWanted: @escaping @Sendable () -> Bool = { true },
        _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try self.enter(stage)
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

    /// Throws 503 where the queue is full; for an answer whose work comes only after its first byte.
    func requireRoom() throws(GoogleError) {
        guard self.pendingCount.withLock({ $0 < self.waitingMax }) else { throw Self.busy }
    }

    private func enter(_ stage: Stage) throws(GoogleError) {
        let isAdmitted = self.pendingCount.withLock { pending in
            guard stage == .begun || pending < self.waitingMax else { return false }
            pending += 1
            return true
        }
        guard isAdmitted else { throw Self.busy }
    }

    private static let busy = GoogleError(
        .unavailable,
        "The service is busy; try again.",
        headers: [.retryAfter: "1"]
    )
}
