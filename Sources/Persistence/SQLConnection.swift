/// What a transaction can do with the database: run statements, one after the other, on the engine's own thread.
///
/// One SQL text serves every engine: parameters are `?1`, `?2` and so on, each used in any order and as often as
/// wanted; no LIKE, full-text search, booleans, JSON operators or rowid. Statements are prepared once per connection
/// and text, so a text must not be put together from values.
///
/// A connection is only good inside the closure that received it. Failures are `CollimatorError`: no room is
/// `insufficientStorage`, a broken constraint is `conflict`, a lock that is not released in time is `unavailable`; none
/// holds a value or the text of the statement.
package protocol SQLConnection {
    /// Runs the statement to its end and returns the number of rows that it inserted, changed or deleted.
    @discardableResult
    func execute(_ sql: String, _ arguments: [SQLValue]) throws -> Int

    /// Calls the closure with each row as it comes; nothing is collected.
    func forEach(_ sql: String, _ arguments: [SQLValue], _ body: (SQLRow) throws -> Void) throws

    /// The same for rows that begin with two integers, which are all that is read of them: nothing is allocated, so that
    /// ten thousand rows of an index are a matter of a millisecond.
    func forEachPair(_ sql: String, _ arguments: [SQLValue], _ body: (Int64, Int64) throws -> Void) throws
}

extension SQLConnection {
    /// Runs a statement that has no parameters.
    @discardableResult
    package func execute(_ sql: String) throws -> Int { try self.execute(sql, []) }

    /// The same by way of ``SQLRow``, for connections that only pass statements on.
    package func forEachPair(
        _ sql: String,
        _ arguments: [SQLValue],
        _ body: (Int64, Int64) throws -> Void
    ) throws {
        try self.forEach(sql, arguments) { try body($0.integer(0), $0.integer(1)) }
    }

    /// Every row of the answer.
    package func query(_ sql: String, _ arguments: [SQLValue] = []) throws -> [SQLRow] {
        var rows: [SQLRow] = []
        try self.forEach(sql, arguments) { rows.append($0) }
        return rows
    }

    /// The first row of the answer, nil where there is none.
    ///
    /// The statement runs to its end, so one that changes rows and returns them does all of its work.
    package func queryOne(_ sql: String, _ arguments: [SQLValue] = []) throws -> SQLRow? {
        var row: SQLRow?
        try self.forEach(sql, arguments) { row = row ?? $0 }
        return row
    }
}
