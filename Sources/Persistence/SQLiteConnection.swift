internal import CollimatorCore
internal import GRDB
internal import GRDBSQLite

/// One connection to SQLite inside a transaction of GRDB.
///
/// GRDB gives the connection, the transaction and the prepared statement; values are bound and read here, without its
/// value types in between, because a page of metadata is megabytes of blobs that should be copied once.
struct SQLiteConnection: SQLConnection {
    let database: GRDB.Database

    @discardableResult
    func execute(_ sql: String, _ arguments: [SQLValue]) throws -> Int {
        let before = self.database.totalChangesCount
        try self.run(sql, arguments) { _ in }
        return self.database.totalChangesCount - before
    }

    func forEach(_ sql: String, _ arguments: [SQLValue], _ body: (SQLRow) throws -> Void) throws {
        try self.run(sql, arguments) { handle in
            try body(Self.row(of: handle))
        }
    }

    func forEachPair(_ sql: String, _ arguments: [SQLValue], _ body: (Int64, Int64) throws -> Void) throws {
        try self.run(sql, arguments) { handle in
            guard sqlite3_column_type(handle, 0) == SQLITE_INTEGER, sqlite3_column_type(handle, 1) == SQLITE_INTEGER
            else { throw CollimatorError(.internalError, "a column has another type than the code expects") }
            try body(sqlite3_column_int64(handle, 0), sqlite3_column_int64(handle, 1))
        }
    }

    private func run(_ sql: String, _ arguments: [SQLValue], _ body: (OpaquePointer) throws -> Void) throws {
        // A cancelled task interrupts the statement that is under way; one that has not begun does not begin.
        try Task.checkCancellation()
        let statement = try self.statement(sql)
        let handle = statement.sqliteStatement
        defer {
            // The code of a reset repeats that of the failed step, which has been thrown already.
            sqlite3_reset(handle)
            sqlite3_clear_bindings(handle)
            // The handle is the object's: one that is not in the cache would be freed after its last mention.
            withExtendedLifetime(statement) {}
        }
        guard Int(sqlite3_bind_parameter_count(handle)) == arguments.count else {
            throw CollimatorError(.internalError, "a statement was given the wrong number of arguments")
        }
        for (index, argument) in arguments.enumerated() {
            try checked(Self.bind(argument, to: handle, at: Int32(index + 1)))
        }
        while true {
            let code = sqlite3_step(handle)
            guard code != SQLITE_DONE else { return }
            guard code == SQLITE_ROW else { throw sqliteFailure(sqlite3_extended_errcode(sqlite3_db_handle(handle))) }
            try body(handle)
        }
    }

    /// The prepared statement of the text; a second one where the first is in the middle of its rows.
    private func statement(_ sql: String) throws -> Statement {
        try mappingSQLiteFailures {
            let statement = try self.database.cachedStatement(sql: sql)
            guard sqlite3_stmt_busy(statement.sqliteStatement) != 0 else { return statement }
            return try self.database.makeStatement(sql: sql)
        }
    }

    private static func bind(_ value: SQLValue, to handle: OpaquePointer, at index: Int32) -> Int32 {
        // The destructor -1 tells SQLite to copy what it is given (SQLITE_TRANSIENT, a macro that is not imported).
        let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        switch value {
        case .null:
            return sqlite3_bind_null(handle, index)
        case .integer(let integer):
            return sqlite3_bind_int64(handle, index, integer)
        case .real(let real):
            return sqlite3_bind_double(handle, index, real)
        case .text(var text):
            return text.withUTF8 { bytes in
                // An empty buffer may have no address, which SQLite would take for NULL.
                guard let start = bytes.baseAddress else { return sqlite3_bind_text(handle, index, "", 0, transient) }
                return start.withMemoryRebound(to: CChar.self, capacity: bytes.count) {
                    sqlite3_bind_text(handle, index, $0, Int32(bytes.count), transient)
                }
            }
        case .blob(let blob):
            return blob.withUnsafeBytes { bytes in
                guard let start = bytes.baseAddress, !bytes.isEmpty else {
                    return sqlite3_bind_zeroblob(handle, index, 0)
                }
                return sqlite3_bind_blob64(handle, index, start, sqlite3_uint64(bytes.count), transient)
            }
        }
    }

    private static func row(of handle: OpaquePointer) -> SQLRow {
        let count = sqlite3_column_count(handle)
        return SQLRow(values: (0..<count).map { self.value(of: handle, at: $0) })
    }

    private static func value(of handle: OpaquePointer, at index: Int32) -> SQLValue {
        switch sqlite3_column_type(handle, index) {
        case SQLITE_INTEGER:
            return .integer(sqlite3_column_int64(handle, index))
        case SQLITE_FLOAT:
            return .real(sqlite3_column_double(handle, index))
        case SQLITE_TEXT:
            guard let start = sqlite3_column_text(handle, index) else { return .text("") }
            let bytes = UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, index)))
            return .text(String(decoding: bytes, as: UTF8.self))
        case SQLITE_BLOB:
            // SQLite gives no address for a blob without bytes.
            guard let start = sqlite3_column_blob(handle, index) else { return .blob([]) }
            return .blob(Array(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, index)))))
        default:
            return .null
        }
    }
}
