internal import CollimatorCore
internal import Logging
internal import NIOPosix
internal import Persistence
internal import Synchronization

/// The files and the index of the emulator: datasets, DICOM stores, their instances and operations.
///
/// What a call has confirmed survives the end of the process and of the power; what it has not confirmed leaves nothing
/// behind. Everything may be called from any task.
package final class Archive: Sendable {
    let clock: WallClock
    let logger: Logger
    let database: Database
    let vault: FileVault
    /// Threads for writing, flushing and removing files.
    let filePool: NIOThreadPool
    /// Threads for parsing uploads.
    let parserPool: NIOThreadPool
    let committer: StoreCommitter
    /// Rings when a message was published.
    package let bell: PublishBell
    let jobs = BackgroundJobs()
    let faults: FaultPoints
    let deletionPauses: [Duration]
    let spoolNumber = Atomic<Int>(0)
    let sweepReport = Mutex(SweepReport())
    private let lockDescriptor: Mutex<Int32?>

    /// Opens the folder, or makes it.
    ///
    /// What an earlier process left undone is finished in the background: deletions are resumed and files without rows
    /// are removed, while the archive is in use already.
    ///
    /// - Throws: `inUse` where another process has the folder, `newerFormat` where a newer program wrote it,
    ///   `diskFull`, `io`.
    package static func open(_ configuration: ArchiveConfiguration) async throws(ArchiveError) -> Archive {
        try await self.open(configuration, faults: FaultPoints())
    }

    static func open(
        _ configuration: ArchiveConfiguration,
        faults: FaultPoints
    ) async throws(ArchiveError) -> Archive {
        let vault = FileVault(directory: configuration.directory)
        try vault.prepare()
        let lock = try POSIXFile.lock(vault.lockPath)
        do {
            try vault.emptySpool()
            let database = try await Self.database(vault, configuration)
            let archive = Archive(configuration, database, faults: faults, lock: lock)
            try await archive.startRecovery()
            return archive
        } catch {
            POSIXFile.close(lock)
            throw error
        }
    }

    private init(
        _ configuration: ArchiveConfiguration,
        _ database: Database,
        faults: FaultPoints,
        lock: Int32
    ) {
        self.clock = configuration.clock
        self.logger = configuration.logger
        self.database = database
        self.vault = FileVault(directory: configuration.directory)
        self.filePool = NIOThreadPool(numberOfThreads: configuration.fileThreads)
        self.parserPool = NIOThreadPool(numberOfThreads: configuration.parserThreads)
        self.filePool.start()
        self.parserPool.start()
        self.bell = PublishBell()
        self.committer = StoreCommitter(
            database: database,
            vault: self.vault,
            pool: self.filePool,
            bell: self.bell,
            faults: faults
        )
        self.faults = faults
        self.deletionPauses = configuration.deletionPauses
        self.lockDescriptor = Mutex(lock)
    }

    /// Finishes what is being stored, stops what runs in the background and releases the folder.
    ///
    /// Work in the background that is not done is resumed when the folder is opened again. Later calls throw `closed`.
    /// A second call does nothing.
    package func close() async {
        guard let lock = self.lockDescriptor.withLock({ $0.take() }) else { return }
        await self.committer.drain()
        await self.jobs.cancel()
        await self.loggingFailure { try await self.database.checkpoint() }
        await self.loggingFailure { try await self.database.close() }
        await self.loggingFailure { try await self.filePool.shutdownGracefully() }
        await self.loggingFailure { try await self.parserPool.shutdownGracefully() }
        POSIXFile.close(lock)
    }

    private static func database(
        _ vault: FileVault,
        _ configuration: ArchiveConfiguration
    ) async throws(ArchiveError) -> Database {
        let isNew = !POSIXFile.exists(vault.databasePath)
        let database = try await archiveErrors {
            try Database.open(
                DatabaseConfiguration(path: vault.databasePath, readerCount: configuration.readerCount)
            )
        }
        do {
            try await database.migrate(ArchiveSchema.migrations)
        } catch let error as CollimatorError where error.code == .preconditionFailed {
            throw .newerFormat
        } catch {
            throw ArchiveError(error)
        }
        if isNew { try POSIXFile.flushFolder(vault.directory) }
        return database
    }

    /// Does what may fail without harm, and says so in the log.
    func loggingFailure(_ body: () async throws -> Void) async {
        do {
            try await body()
        } catch {
            self.logger.warning("archive housekeeping failed", error: error)
        }
    }
}
