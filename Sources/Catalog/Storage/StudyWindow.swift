internal import Persistence

/// Some thousand studies of one store that stand together in order of time, for counting among them.
struct StudyWindow {
    /// Studies in a window.
    static let length = 2_048

    private let run: StudySearchRun
    private let store: Int64
    private let filter: StudyFilter
    private var arguments: StatementArguments
    private let sql: String
    /// The last of the window before, and of this one.
    private var start: (moment: Int64, study: Int64)
    private var end: (moment: Int64, study: Int64)?

    init(_ run: StudySearchRun, store: Int64) {
        self.run = run
        self.store = store
        self.start = (run.moments.first, .min)
        var arguments = StatementArguments()
        let place = "s.store = \(arguments.bind(.integer(store)))"
        let start = "(\(arguments.bind(.null)), \(arguments.bind(.null)))"
        let end = "(\(arguments.bind(.null)), \(arguments.bind(.null)))"
        let conditions = run.query.conditions.filter { if case .days = $0 { false } else { true } }
        self.filter = StudyFilter(conditions, stores: nil, &arguments)
        let most = arguments.bind(.null)
        self.sql = """
            SELECT COUNT(*) FROM (
                SELECT 1 FROM study s WHERE \(place) AND (s.moment, s.id) > \(start) AND (s.moment, s.id) <= \(end)
                AND \(self.filter.sql) LIMIT \(most)
            ) AS counted
            """
        self.arguments = arguments
    }

    /// Where a window ends: its last study is so many after the one before.
    private static let endSQL = """
        SELECT s.moment, s.id FROM study s WHERE s.store = ?1 AND (s.moment, s.id) > (?2, ?3) AND s.moment <= ?4
        ORDER BY s.moment, s.id LIMIT 1 OFFSET ?5
        """

    /// Goes on to the next window; false where there is none.
    mutating func advance() throws -> Bool {
        if let end {
            guard end.study < .max else { return false }
            self.start = end
        }
        let row = try self.run.connection.queryOne(
            Self.endSQL,
            [
                .integer(self.store), .integer(self.start.moment), .integer(self.start.study),
                .integer(self.run.moments.last), .integer(Self.length - 1),
            ]
        )
        self.end = try row.map { (try $0.integer(0), try $0.integer(1)) } ?? (self.run.moments.last, .max)
        return true
    }

    /// How many of the window match, counted to one more than the limit.
    mutating func count(upTo limit: Int) throws -> Int {
        let statement = self.statement(upTo: limit)
        return Int(try self.run.connection.queryOne(statement.sql, statement.arguments)?.integer(0) ?? 0)
    }

    /// The statement that counts.
    mutating func statement(upTo limit: Int) -> (sql: String, arguments: [SQLValue]) {
        let end = self.end ?? (self.run.moments.last, .max)
        self.arguments[1] = .integer(self.start.moment)
        self.arguments[2] = .integer(self.start.study)
        self.arguments[3] = .integer(end.moment)
        self.arguments[4] = .integer(end.study)
        let most = Int64(min(limit, Self.length)) + 1
        return (self.sql, self.arguments.values.dropLast() + [.integer(most)])
    }
}
