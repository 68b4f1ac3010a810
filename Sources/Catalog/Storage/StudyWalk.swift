internal import Persistence

/// Walks along an index in the order of the list and gives the studies that match, window after window.
///
/// A window is read whole, matches or not, so that a search with few matches can be stopped after so many studies.
struct StudyWalk: MatchSource {
    private let run: StudySearchRun
    private let budget: SearchBudget
    private let filter: StudyFilter
    /// The statement of one window; its first arguments are the position's key and study, and the length.
    let sql: String
    private(set) var arguments: StatementArguments
    private var rows: [SQLRow] = []
    private var nextRow = 0
    private var window = firstWindow
    private var isAtEnd = false

    /// Studies in the first window; each further one is twice as long.
    private static let firstWindow = 64
    private static let lastWindow = 4_096

    /// Along the studies of one store.
    init(_ run: StudySearchRun, store: Int64, _ budget: SearchBudget) {
        var arguments = StatementArguments()
        let window = Self.bindWindow(run, &arguments)
        let place = "s.store = \(arguments.bind(.integer(store)))"
        let path = Path(source: "study s", place: place, key: "s.\(run.query.order.key.column)", study: "s.id")
        self.init(run, budget, path, stores: nil, window, arguments)
    }

    /// Along the studies of one value, which stand in order of time.
    init(_ run: StudySearchRun, along interval: ValueInterval, _ source: CandidateSource, _ budget: SearchBudget) {
        var arguments = StatementArguments()
        let window = Self.bindWindow(run, &arguments)
        let path = Path(
            source: "studyValue v CROSS JOIN study s",
            place: "s.id = v.study AND \(interval.sql(&arguments))",
            key: "v.moment",
            study: "v.study"
        )
        self.init(run, budget, path, decidedBy: source, stores: run.neededStores, window, arguments)
    }

    /// What is walked along.
    private struct Path {
        let source: String
        let place: String
        let key: String
        let study: String
    }

    private init(
        _ run: StudySearchRun,
        _ budget: SearchBudget,
        _ path: Path,
        decidedBy source: CandidateSource? = nil,
        stores: [Int64]?,
        _ window: (key: String, study: String, length: String),
        _ arguments: StatementArguments
    ) {
        self.run = run
        self.budget = budget
        var arguments = arguments
        let order = run.query.order
        var places = [path.place]
        // One bound on each side: a second one on the side of the position could be taken in its place.
        places.append("(\(path.key), \(path.study)) \(order.isDescending ? "<" : ">") (\(window.key), \(window.study))")
        if order.key == .moment {
            let end = order.isDescending ? run.moments.first : run.moments.last
            places.append("\(path.key) \(order.isDescending ? ">=" : "<=") \(arguments.bind(.integer(end)))")
        }
        let conditions = run.query.conditions.enumerated().filter { index, condition in
            if case .days = condition, order.key == .moment { return false }
            return source.map { !$0.decides(index, condition) } ?? true
        }
        self.filter = StudyFilter(conditions.map(\.element), stores: stores, &arguments)
        let direction = order.isDescending ? "DESC" : "ASC"
        self.sql = """
            SELECT \(path.study), \(path.key), CASE WHEN \(self.filter.sql) THEN 1 ELSE 0 END
            FROM \(path.source) WHERE \(places.joined(separator: " AND "))
            ORDER BY \(path.key) \(direction), \(path.study) \(direction) LIMIT \(window.length)
            """
        self.arguments = arguments
    }

    private static func bindWindow(
        _ run: StudySearchRun,
        _ arguments: inout StatementArguments
    ) -> (key: String, study: String, length: String) {
        let start = run.start
        return (
            arguments.bind(start.key.argument), arguments.bind(.integer(start.study)),
            arguments.bind(.integer(Self.firstWindow))
        )
    }

    mutating func next() throws -> Candidate? {
        while true {
            while self.nextRow < self.rows.count {
                let row = self.rows[self.nextRow]
                self.nextRow += 1
                guard try row.integer(2) == 1 else { continue }
                let study = try row.integer(0)
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
        self.arguments[2] = .integer(self.window)
        self.rows = try self.run.connection.query(self.sql, self.arguments.values)
        self.nextRow = 0
        try self.budget.spend(self.rows.count)
        self.isAtEnd = self.rows.count < self.window
        self.window = min(self.window * 2, Self.lastWindow)
        guard let last = self.rows.last else { return }
        self.arguments[0] = last.values[1]
        self.arguments[1] = last.values[0]
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
