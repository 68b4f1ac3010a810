internal import Persistence

/// Walks along an index in the order of the list and gives the studies that match, window after window.
///
/// A window is read whole, matches or not, so that a search with few matches can be stopped after so many studies.
struct StudyWalk: MatchSource {
    private let run: StudySearchRun
    private let budget: SearchBudget
    private let filter: StudyFilter
    /// Reads on among the studies that share the position's key.
    let same: Statement
    /// Reads on after the position's key.
    let beyond: Statement
    /// The last that was looked at.
    private var position: ListPosition
    private var isAmongSame = true
    /// Beside which no study matches; nil where nothing is known in memory.
    private let members: StudySet?
    /// Whether the members match, and nothing of them is to be asked.
    private let isDecided: Bool
    /// Matches that were read and not given yet, the last first.
    private var found: [Candidate] = []
    private var rows: [SQLRow] = []
    private var nextRow = 0
    private var window = firstWindow
    private var isAtEnd = false

    /// Studies in the first window; each further one is twice as long.
    private static let firstWindow = 64
    private static let lastWindow = 4_096
    private static let lastKnownWindow = 16_384
    /// So many rows that need no more than a look at memory are worth one that the database has to look at.
    static let knownRowsOfBudget = 16

    /// Along the studies of one store.
    init(_ run: StudySearchRun, store: Int64, _ budget: SearchBudget) {
        let path = Path(
            source: "study s",
            place: { "s.store = \($0.bind(.integer(store)))" },
            key: "s.\(run.query.order.key.column)",
            study: "s.id",
            conditions: run.query.conditions.enumerated().filter { !run.isKnown($0.offset) }.map(\.element),
            stores: nil
        )
        self.init(run, path, budget)
    }

    /// Along the studies of one value, which stand in order of time.
    init(_ run: StudySearchRun, along interval: ValueInterval, _ source: CandidateSource, _ budget: SearchBudget) {
        let path = Path(
            source: "studyValue v CROSS JOIN study s",
            place: { "s.id = v.study AND \(interval.sql(&$0))" },
            key: "v.moment",
            study: "v.study",
            conditions: run.query.conditions.enumerated().filter {
                !source.decides($0, $1) && !run.isKnown($0)
            }.map(\.element),
            stores: run.neededStores
        )
        self.init(run, path, budget)
    }

    private init(_ run: StudySearchRun, _ path: Path, _ budget: SearchBudget) {
        self.run = run
        self.budget = budget
        self.position = run.start
        if case .number(let moment) = self.position.key, run.query.order.key == .moment {
            self.isAmongSame = run.moments.first <= moment && moment <= run.moments.last
        }
        // Two statements, because an index is not entered in the middle of equal keys by every engine.
        (self.same, _) = path.statement(run, isAmongSame: true)
        (self.beyond, self.filter) = path.statement(run, isAmongSame: false)
        self.members = run.known?.members
        self.isDecided = self.members != nil && self.filter.isEmpty && run.query.order.key != .patientName
    }

    /// The text of a window and its arguments: the position's key, the length, and the position's study where it is
    /// among equal keys.
    struct Statement {
        let sql: String
        var arguments: StatementArguments
    }

    /// What is walked along.
    private struct Path {
        let source: String
        let place: (inout StatementArguments) -> String
        let key: String
        let study: String
        let conditions: [StudyCondition]
        let stores: [Int64]?

        func statement(_ run: StudySearchRun, isAmongSame: Bool) -> (Statement, StudyFilter) {
            let order = run.query.order
            let comparison = order.isDescending ? "<" : ">"
            let direction = order.isDescending ? "DESC" : "ASC"
            var arguments = StatementArguments()
            let start = arguments.bind(.null)
            let length = arguments.bind(.null)
            var places: [String] = []
            if isAmongSame {
                places.append("\(self.key) = \(start) AND \(self.study) \(comparison) \(arguments.bind(.null))")
            } else {
                places.append("\(self.key) \(comparison) \(start)")
            }
            places.append(self.place(&arguments))
            // Equal keys are within the days; a second bound on them would cost the order by study.
            if order.key == .moment, !isAmongSame {
                let end = arguments.bind(.integer(order.isDescending ? run.moments.first : run.moments.last))
                places.append("\(self.key) \(order.isDescending ? ">=" : "<=") \(end)")
            }
            let rest = self.conditions.filter { condition in
                if case .days = condition { order.key != .moment } else { true }
            }
            let filter = StudyFilter(rest, stores: self.stores, &arguments)
            let sql = """
                SELECT \(self.study), \(self.key), CASE WHEN \(filter.sql) THEN 1 ELSE 0 END
                FROM \(self.source) WHERE \(places.joined(separator: " AND "))
                ORDER BY \(self.key) \(direction), \(self.study) \(direction) LIMIT \(length)
                """
            return (Statement(sql: sql, arguments: arguments), filter)
        }
    }

    mutating func next() throws -> Candidate? {
        while true {
            if let next = self.found.popLast() { return next }
            while self.nextRow < self.rows.count {
                let row = self.rows[self.nextRow]
                self.nextRow += 1
                guard try row.integer(2) == 1 else { continue }
                let study = try row.integer(0)
                if let members, !members.contains(study) { continue }
                if !self.filter.isWholeInSQL {
                    try self.budget.spend(0)
                    guard try self.filter.passesRest(study, on: self.run.connection) else { continue }
                }
                return Candidate(study: study, key: try self.run.query.order.key.value(of: row, at: 1))
            }
            guard !self.isAtEnd else { return nil }
            try self.readWindow()
        }
    }

    private mutating func readWindow() throws {
        var arguments = (self.isAmongSame ? self.same : self.beyond).arguments
        arguments[0] = self.position.key.argument
        arguments[1] = .integer(self.window)
        if self.isAmongSame { arguments[2] = .integer(self.position.study) }
        let sql = (self.isAmongSame ? self.same : self.beyond).sql
        let count = self.isDecided ? try self.readMembers(sql, arguments) : try self.readRows(sql, arguments)
        let isShort = count < self.window
        self.isAtEnd = isShort && !self.isAmongSame
        // A full window may end in the middle of equal keys; after these comes what is beyond.
        self.isAmongSame = !isShort
        if !isShort { self.window = min(self.window * 2, self.isDecided ? Self.lastKnownWindow : Self.lastWindow) }
    }

    /// Returns how many studies were looked at.
    private mutating func readRows(_ sql: String, _ arguments: StatementArguments) throws -> Int {
        self.rows = try self.run.connection.query(sql, arguments.values)
        self.nextRow = 0
        try self.budget.spend(self.rows.count)
        if let last = self.rows.last {
            self.position = ListPosition(
                key: try self.run.query.order.key.value(of: last, at: 1),
                study: try last.integer(0)
            )
        }
        return self.rows.count
    }

    /// The same where the number of a study tells whether it matches.
    private mutating func readMembers(_ sql: String, _ arguments: StatementArguments) throws -> Int {
        guard let members else { return 0 }
        var found: [Candidate] = []
        var count = 0
        var last: (study: Int64, key: Int64)?
        try self.run.connection.forEachPair(sql, arguments.values) { study, key in
            count += 1
            last = (study, key)
            if members.contains(study) { found.append(Candidate(study: study, key: .number(key))) }
        }
        try self.budget.spend(count / Self.knownRowsOfBudget)
        if let last { self.position = ListPosition(key: .number(last.key), study: last.study) }
        self.found = found.reversed()
        return count
    }
}

/// The studies of several stores as one list.
struct MergedWalk: MatchSource {
    private let order: StudyOrder
    private var walks: [(walk: StudyWalk, next: Candidate)] = []

    init(_ run: StudySearchRun, _ budget: SearchBudget) throws {
        self.order = run.query.order
        for store in run.stores {
            var walk = StudyWalk(run, store: store, budget)
            if let next = try walk.next() { self.walks.append((walk, next)) }
        }
    }

    mutating func next() throws -> Candidate? {
        var first: Int?
        for index in self.walks.indices {
            if let best = first, !self.order.precedes(self.walks[index].next, self.walks[best].next) { continue }
            first = index
        }
        guard let first else { return nil }
        let candidate = self.walks[first].next
        if let next = try self.walks[first].walk.next() {
            self.walks[first].next = next
        } else {
            self.walks.remove(at: first)
        }
        return candidate
    }
}
