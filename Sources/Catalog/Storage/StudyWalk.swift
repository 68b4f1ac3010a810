internal import CollimatorCore
internal import Persistence

/// Walks along the studies in the order of the list and keeps those that match, window after window.
///
/// A window is read whole, matches or not, so that a search with few matches can be stopped after so many studies.
struct StudyWalk {
    private let run: StudySearchRun
    private let filter: StudyFilter
    private let sql: String
    private let leading: [SQLValue]

    /// Studies in the first window; each further one is twice as long.
    private static let firstWindow = 64
    private static let lastWindow = 4_096

    init(run: StudySearchRun, alongValue value: (attribute: StudyAttribute, value: String)?) {
        self.run = run
        let order = run.query.order
        // Parameters: the position's key and study, the window, then what leads, then the filter.
        var places: [String] = []
        var leading: [SQLValue] = []
        func bind(_ value: SQLValue) -> String {
            leading.append(value)
            return "?\(3 + leading.count)"
        }
        let source: String
        let key: String
        let study: String
        if let value {
            source = "studyValue w JOIN study s ON s.id = w.study"
            places.append("w.attribute = \(bind(.integer(value.attribute.rawValue)))")
            places.append("w.value = \(bind(.text(value.value)))")
            (key, study) = ("w.moment", "w.study")
        } else {
            source = "study s"
            if order.key == .moment, run.stores.count == 1 {
                places.append("s.store = \(bind(.integer(run.stores[0])))")
            }
            (key, study) = ("s.\(order.key.column)", "s.id")
        }
        if order.key == .moment {
            for case .days(let from, let to) in run.query.conditions {
                if let from { places.append("\(key) >= \(bind(.integer(StudyMoment.first(of: from).rawValue)))") }
                if let to { places.append("\(key) <= \(bind(.integer(StudyMoment.last(of: to).rawValue)))") }
            }
        }
        let filter = StudyFilter(
            stores: run.stores,
            conditions: run.query.conditions,
            firstArgument: 4 + leading.count
        )
        places.append("(\(key), \(study)) \(order.isDescending ? "<" : ">") (?1, ?2)")
        let direction = order.isDescending ? "DESC" : "ASC"
        self.sql = """
            SELECT \(study), \(key), CASE WHEN \(filter.sql.joined(separator: " AND ")) THEN 1 ELSE 0 END
            FROM \(source) WHERE \(places.joined(separator: " AND "))
            ORDER BY \(key) \(direction), \(study) \(direction) LIMIT ?3
            """
        self.filter = filter
        self.leading = leading
    }

    /// The text of the statement, for tests of the plan.
    var statement: (sql: String, arguments: [SQLValue]) {
        let start = self.start
        return (
            self.sql,
            [Self.value(start.key), .integer(start.study), .integer(1)] + self.leading + self.filter.arguments
        )
    }

    /// The first matches after the position.
    ///
    /// - Throws: `unprocessable` where they are not found among so many studies.
    func matches(
        after position: ListPosition?,
        limit: Int,
        examinedMax: Int
    ) throws -> [StudySearchRun.Candidate] {
        var found: [StudySearchRun.Candidate] = []
        let isComplete = try self.walk(after: position, examinedMax: examinedMax) { candidate in
            found.append(candidate)
            return found.count < limit
        }
        guard isComplete || found.count >= limit else {
            throw CollimatorError(
                .unprocessable,
                "a search looked at more studies than one search may",
                publicDetail: "The search would have to look at too many studies. Narrow it, for example by date."
            )
        }
        return found
    }

    /// How many match, as far as was counted, and whether all were.
    func count(upTo limit: Int, examinedMax: Int) throws -> (matches: Int, isComplete: Bool) {
        var matches = 0
        let isComplete = try self.walk(after: nil, examinedMax: examinedMax) { _ in
            matches += 1
            return matches < limit
        }
        return (matches, isComplete)
    }

    /// Calls the closure with each match until it says false; false where studies were left when it ended.
    private func walk(
        after position: ListPosition?,
        examinedMax: Int,
        _ body: (StudySearchRun.Candidate) -> Bool
    ) throws -> Bool {
        var last = position ?? self.start
        var window = Self.firstWindow
        var examined = 0
        while true {
            let arguments = [Self.value(last.key), .integer(last.study), .integer(window)]
            let rows = try self.run.connection.query(self.sql, arguments + self.leading + self.filter.arguments)
            for row in rows {
                let candidate = StudySearchRun.Candidate(
                    study: try row.integer(0),
                    key: try self.run.query.order.key.value(of: row, at: 1)
                )
                last = ListPosition(key: candidate.key, study: candidate.study)
                guard try row.integer(2) == 1 else { continue }
                guard try self.filter.passesResidual(candidate.study, on: self.run.connection) else { continue }
                if !body(candidate) { return false }
            }
            if rows.count < window { return true }
            examined += rows.count
            if examined >= examinedMax { return false }
            window = min(window * 2, Self.lastWindow)
        }
    }

    /// The position before every study.
    private var start: ListPosition {
        let isDescending = self.run.query.order.isDescending
        let key: ListPosition.Key =
            self.run.query.order.key == .patientName
            ? .text(isDescending ? "\u{10FFFF}" : "") : .number(isDescending ? .max : .min)
        return ListPosition(key: key, study: isDescending ? .max : .min)
    }

    private static func value(_ key: ListPosition.Key) -> SQLValue {
        switch key {
        case .number(let number): .integer(number)
        case .text(let text): .text(text)
        }
    }
}
