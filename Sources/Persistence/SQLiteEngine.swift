internal import CollimatorCore
internal import GRDB
internal import GRDBSQLite

/// SQLite by way of GRDB: a pool of readers and one writer on a write-ahead log.
struct SQLiteEngine: DatabaseEngine {
    private let pool: DatabasePool
    private let log: SQLiteLog

    /// Steps of SQLite's machine after which a long statement looks whether its task was cancelled: some tenths of a
    /// millisecond.
    private static let instructionsBetweenChecks: Int32 = 8_192

    init(_ configuration: DatabaseConfiguration) throws {
        let pageBytes = configuration.pageBytes
        let cacheKiB = (writer: configuration.cacheKiB, reader: configuration.readerCacheKiB)
        let mappedBytes = configuration.mappedMiB * 1_048_576
        var settings = Configuration()
        settings.maximumReaderCount = configuration.readerCount
        settings.busyMode = .timeout(configuration.busyTimeoutSeconds)
        settings.prepareDatabase { database in
            let isReader = database.configuration.readonly
            if !isReader {
                // It must come before the first page is written, and does nothing afterwards.
                try database.execute(sql: "PRAGMA page_size = \(pageBytes)")
            }
            // Negative is KiB, positive would be pages.
            try database.execute(sql: "PRAGMA cache_size = -\(isReader ? cacheKiB.reader : cacheKiB.writer)")
            // It answers with a row: how much will be mapped.
            _ = try Int.fetchOne(database, sql: "PRAGMA mmap_size = \(mappedBytes)")
            // GRDB interrupts what is running when a task is cancelled; a statement that is just about to begin would miss
            // that and run to its end for nobody.
            sqlite3_progress_handler(
                database.sqliteConnection,
                Self.instructionsBetweenChecks,
                { _ in Task.isCancelled ? 1 : 0 },
                nil
            )
        }
        let log = SQLiteLog(
            pagesMax: configuration.checkpointPages,
            busySeconds: configuration.busyTimeoutSeconds
        )
        self.log = log
        self.pool = try mappingSQLiteFailures {
            let pool = try DatabasePool(path: configuration.path, configuration: settings)
            try pool.writeWithoutTransaction { database in
                // The pool has just set NORMAL, under which a power cut can lose the latest commits.
                try database.execute(sql: "PRAGMA synchronous = FULL")
                log.watch(database)
            }
            return pool
        }
    }

    func read<Answer: Sendable>(_ body: @Sendable (any SQLConnection) throws -> Answer) async throws -> Answer {
        try await mappingSQLiteFailures {
            try await self.pool.read { try body(SQLiteConnection(database: $0)) }
        }
    }

    func write<Answer: Sendable>(_ body: @Sendable (any SQLConnection) throws -> Answer) async throws -> Answer {
        let answer = try await mappingSQLiteFailures {
            try await self.pool.write { try body(SQLiteConnection(database: $0)) }
        }
        if self.log.isDue { await self.copyLog() }
        return answer
    }

    /// What was written is written, whatever becomes of this.
    private func copyLog() async {
        do {
            try await self.pool.writeWithoutTransaction { self.log.copyWhereDue($0) }
        } catch {
            // The task was cancelled or the database closed: whoever writes next comes upon the same log.
        }
    }

    func checkpoint() async throws {
        try await mappingSQLiteFailures {
            try await self.pool.writeWithoutTransaction { database in
                // GRDB passes a closed connection on to SQLite, which does not bear it.
                guard database.sqliteConnection != nil else {
                    throw CollimatorError(.unavailable, "the database is closed")
                }
                _ = try database.checkpoint(.truncate)
            }
        }
    }

    func close() async throws {
        try mappingSQLiteFailures { try self.pool.close() }
    }
}
