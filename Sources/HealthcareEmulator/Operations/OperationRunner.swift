internal import HTTPTypes
internal import CollimatorCore
internal import EmulatorStorage
internal import Logging
internal import Synchronization
internal import Telemetry

/// Runs long-running operations, two at a time, and keeps what becomes of them.
///
/// An operation is written down before it is answered. One that the end of the process interrupts is done again when
/// the next one starts: its work is such that doing it twice is doing it once.
final class OperationRunner: Sendable {
    private let archive: Archive
    private let clock: WallClock
    private let logger: Logger
    private let waitingMax: Int
    private let jobs: AsyncStream<Job>
    private let queue: AsyncStream<Job>.Continuation
    private let state = Mutex(State())

    /// Operations that run at the same time.
    private static let width = 2

    private struct Job: Sendable {
        let record: OperationRecord
        let work: OperationWork
        /// The mark that the archive set when the deletion was asked for; absent after a restart.
        let deletion: Deletion?
    }

    private struct State {
        var unfinishedCount = 0
        var cancelledIDs: Set<Int64> = []
        var isFinishing = false
    }

    init(archive: Archive, clock: WallClock, logger: Logger, waitingMax: Int) {
        self.archive = archive
        self.clock = clock
        self.logger = logger
        self.waitingMax = waitingMax
        (self.jobs, self.queue) = AsyncStream.makeStream(of: Job.self)
    }

    /// Keeps an operation that is done already, and gives it as a client sees it.
    func record(in dataset: DatasetName, method: String, response: JSONNode) async throws -> JSONNode {
        let now = self.clock.now()
        var document = OperationDocument(method: method, createdAt: now)
        document.endedAt = Timestamp.text(now)
        document.successCount = 1
        document.result = .response(response)
        var record = try await self.archive.createOperation(in: dataset, body: document.body.text(), work: [])
        record.isDone = true
        try await self.archive.updateOperation(record)
        return OperationDocument.document(record)
    }

    /// Begins an operation, and gives it as a client sees it.
    func start(
        _ work: OperationWork,
        in dataset: DatasetName,
        method: String,
        deletion: Deletion? = nil
    ) async throws -> JSONNode {
        let document = OperationDocument(method: method, createdAt: self.clock.now())
        let record = try await self.archive.createOperation(in: dataset, body: document.body.text(), work: work.text)
        self.enqueue(Job(record: record, work: work, deletion: deletion))
        return OperationDocument.document(record)
    }

    /// Throws where too many operations wait already; to be asked before anything is begun.
    func admit() throws(GoogleError) {
        guard self.state.withLock({ $0.unfinishedCount < self.waitingMax }) else {
            throw GoogleError(.resourceExhausted, "Too many operations are waiting.", headers: [.retryAfter: "1"])
        }
    }

    /// Asks a waiting operation not to begin.
    ///
    /// One that runs goes on to its end: cancelling is best effort.
    func cancel(_ id: Int64) {
        self.state.withLock { state in
            guard state.unfinishedCount > 0 else { return }
            state.cancelledIDs.insert(id)
        }
    }

    /// Takes up what an earlier process left, then runs what comes, until `finish`.
    func run() async throws {
        await self.resume()
        await withDiscardingTaskGroup { group in
            for _ in 0..<Self.width {
                group.addTask {
                    for await job in self.jobs { await self.perform(job) }
                }
            }
        }
    }

    /// Lets the operations that run come to their end; those that wait are taken up by the next process.
    func finish() {
        self.state.withLock { $0.isFinishing = true }
        self.queue.finish()
    }

    private func enqueue(_ job: Job) {
        self.state.withLock { $0.unfinishedCount += 1 }
        self.queue.yield(job)
    }

    private func resume() async {
        do {
            for record in try await self.archive.unfinishedOperations() {
                guard let work = OperationWork(parsing: record.work) else {
                    await self.end(record, with: .error(GoogleError.fault.rpcStatus), successCount: 0)
                    continue
                }
                self.enqueue(Job(record: record, work: work, deletion: nil))
            }
        } catch {
            self.logger.error("cannot take up unfinished operations", metadata: Self.metadata(error))
        }
    }

    private func perform(_ job: Job) async {
        defer {
            self.state.withLock { state in
                state.unfinishedCount -= 1
                state.cancelledIDs.remove(job.record.id)
            }
        }
        let (isCancelled, isFinishing) = self.state.withLock {
            ($0.cancelledIDs.contains(job.record.id), $0.isFinishing)
        }
        // The record stays unfinished, and the next process takes it up.
        if isFinishing { return }
        do {
            switch job.work {
            case .deletion(_, let count):
                // After a restart the archive itself finishes what was marked.
                if let deletion = job.deletion {
                    try await self.archive.finishDeletion(deletion)
                } else {
                    _ = await self.archive.settled()
                }
                await self.end(job.record, with: .response(OperationDocument.emptyResponse), successCount: count)
            case .storageClass(let storageClass, let target):
                guard !isCancelled else {
                    let error: JSONNode = ["code": 1, "message": "The operation was cancelled."]
                    return await self.end(job.record, with: .error(error), successCount: 0, isCancelled: true)
                }
                let count =
                    switch target {
                    case .store(let store): try await self.archive.setStorageClass(storageClass, in: store)
                    case .scope(let scope): try await self.archive.setStorageClass(storageClass, of: scope)
                    }
                await self.end(job.record, with: .response(OperationDocument.emptyResponse), successCount: count)
            }
        } catch ArchiveError.closed {
            // The process ends; the record stays unfinished, and the next process takes it up.
        } catch {
            await self.end(job.record, with: .error(GoogleError(error).rpcStatus), successCount: 0)
        }
    }

    private func end(
        _ record: OperationRecord,
        with result: OperationDocument.Result,
        successCount: Int64,
        isCancelled: Bool = false
    ) async {
        guard var document = OperationDocument(parsing: record.body) else { return }
        document.endedAt = Timestamp.text(self.clock.now())
        document.isCancelRequested = isCancelled
        document.successCount = successCount
        document.result = result
        var record = record
        record.body = document.body.text()
        record.isDone = true
        do {
            try await self.archive.updateOperation(record)
        } catch {
            self.logger.error("cannot keep the end of an operation", metadata: Self.metadata(error))
        }
    }

    private static func metadata(_ error: any Error) -> Logger.Metadata {
        ["error.type": "\(type(of: error), .open)"]
    }
}
