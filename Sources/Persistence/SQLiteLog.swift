internal import GRDB
internal import GRDBSQLite
internal import Synchronization

/// Copies the write-ahead log into the file when it has grown to so many pages, and lets it begin anew.
///
/// SQLite's own way never waits for anybody, and while some reader is always in the middle of a read the log never begins
/// anew: it grew by a hundred pages with each study that arrived beside four busy readers, and each commit tried again to
/// copy it. Here a commit that finds the log full waits for the reads that are under way, and not for those that begin
/// meanwhile: these read the file. All who want to write wait along with it, so the wait is short at first, some tenths of a
/// second when the log has grown to several times the size, and rarer each time: where one read goes on for minutes, no
/// wait is of use.
final class SQLiteLog: Sendable {
    /// How many pages it may have before it is copied.
    private let pagesMax: Int
    private let busyMilliseconds: Int32
    private let longWaitMilliseconds: Int32
    private let state: Mutex<State>

    private struct State {
        var pages = 0
        var dueAt: Int
    }

    /// How long readers are waited for while the log is not much too long.
    private static let shortWaitMilliseconds: Int32 = 50
    /// From so many times the pages on they are waited for longer.
    private static let longFactor = 4
    /// How long that is, where no shorter wait was set for any lock.
    private static let longWaitMillisecondsMax: Int32 = 500

    init(pagesMax: Int, busySeconds: Double) {
        self.pagesMax = max(1, pagesMax)
        self.busyMilliseconds = Int32(busySeconds * 1_000)
        self.longWaitMilliseconds = min(self.busyMilliseconds, Self.longWaitMillisecondsMax)
        self.state = Mutex(State(dueAt: self.pagesMax))
    }

    /// Whether it should be copied now.
    var isDue: Bool { self.state.withLock { $0.pages >= $0.dueAt } }

    /// Has the writing connection say how long the log is after each commit, in place of SQLite's own copying.
    ///
    /// The log must live as long as the connection.
    func watch(_ database: GRDB.Database) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        sqlite3_wal_hook(
            database.sqliteConnection,
            { context, _, _, pages in
                guard let context else { return SQLITE_OK }
                let log = Unmanaged<SQLiteLog>.fromOpaque(context).takeUnretainedValue()
                log.state.withLock { state in
                    // It has begun anew.
                    if pages < state.pages { state.dueAt = log.pagesMax }
                    state.pages = Int(pages)
                }
                return SQLITE_OK
            },
            context
        )
    }

    /// Copies it where that is due, by the writing connection outside a transaction.
    ///
    /// What cannot be copied now stays in the log, where it is as safe. Where somebody reads for longer than the wait, the
    /// next try comes when the log is twice as long; after any other failure, when it has grown by as much again.
    func copyWhereDue(_ database: GRDB.Database) {
        guard self.isDue, let connection = database.sqliteConnection else { return }
        let isLong = self.state.withLock { $0.pages >= Self.longFactor * self.pagesMax }
        sqlite3_busy_timeout(connection, isLong ? self.longWaitMilliseconds : Self.shortWaitMilliseconds)
        let code = sqlite3_wal_checkpoint_v2(connection, nil, SQLITE_CHECKPOINT_RESTART, nil, nil)
        sqlite3_busy_timeout(connection, self.busyMilliseconds)
        self.state.withLock { state in
            switch code {
            case SQLITE_OK:
                state.pages = 0
                state.dueAt = self.pagesMax
            case SQLITE_BUSY:
                while state.dueAt <= state.pages { state.dueAt *= 2 }
            default:
                state.dueAt = state.pages + self.pagesMax
            }
        }
    }
}
