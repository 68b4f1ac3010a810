internal import Persistence

/// The statement that finds the rows of a search, in a stable order and through an index.
///
/// The first table is walked along the index of the leading condition, which is named, and the others are looked up
/// from it, which `CROSS JOIN` holds SQLite to. The other conditions stand inside a `CASE` for each table, where no
/// index fits them and the guess of how many rows are left stays above the one row for which SQLite would sort instead
/// of walking in order. The order is that of the index, so nothing is sorted and the walk ends with the page's last row.
struct SearchStatement {
    private(set) var sql = ""
    private(set) var arguments: [SQLValue] = []
    private var conditions: [String] = []
    private var filters: [SearchLevel: [String]] = [:]
    private var order: [String] = []

    /// The numbers of the matching study, series and instance, as far down as the level goes.
    init(level: SearchLevel, store: Int64, lead: SearchCondition?, rest: [SearchCondition], page: (Int, Int)) {
        let tables = self.walk(from: lead, store, to: level)
        for condition in rest {
            self.filter(condition)
        }
        for level in SearchLevel.allCases {
            guard let filters = self.filters[level] else { continue }
            self.conditions.append("CASE WHEN \(filters.joined(separator: " AND ")) THEN 1 ELSE 0 END = 1")
        }
        let order = self.order.isEmpty ? "" : "ORDER BY \(self.order.joined(separator: ", "))"
        let columns = ["s.id", "e.id", "i.id"].prefix(level.rawValue + 1)
        let (limit, offset) = (self.bind(.integer(page.0)), self.bind(.integer(page.1)))
        self.sql = """
            SELECT \(columns.joined(separator: ", ")) FROM \(tables.joined(separator: " CROSS JOIN "))
            WHERE \(self.conditions.joined(separator: " AND "))
            \(order) LIMIT \(limit) OFFSET \(offset)
            """
    }

    /// A statement that counts the rows of one table which the condition would lead to, up to the limit.
    init(counting condition: SearchCondition, store: Int64, upTo limit: Int) {
        let tables = self.walk(from: condition, store, to: condition.level).prefix(1)
        let conditions = self.conditions.prefix(self.ownConditionCount)
        self.sql = """
            SELECT count(*) FROM (
                SELECT 1 FROM \(tables.joined()) WHERE \(conditions.joined(separator: " AND "))
                LIMIT \(self.bind(.integer(limit)))
            ) AS counted
            """
    }

    /// How many of the conditions are about the first table alone.
    private var ownConditionCount = 0

    /// The tables in the order in which they are walked.
    private mutating func walk(from lead: SearchCondition?, _ store: Int64, to level: SearchLevel) -> [String] {
        let tables: [String]
        switch lead?.level ?? (level == .series ? .series : .study) {
        case .study: tables = self.walkFromStudies(lead, store, to: level)
        case .series: tables = self.walkFromSeries(lead, store, to: level)
        case .instance: tables = self.walkFromInstances(lead, store)
        }
        return tables
    }

    private mutating func walkFromStudies(
        _ lead: SearchCondition?,
        _ store: Int64,
        to level: SearchLevel
    ) -> [String] {
        let store = self.bind(.integer(store))
        var tables = ["study s INDEXED BY \(Self.index(of: lead) ?? "studyListed")"]
        switch lead {
        case .equals(.studyUID, let uid):
            self.conditions = ["s.store = \(store)", "s.uid = \(self.bind(.text(uid)))", "s.listing IS NOT NULL"]
            // There is one such study at most.
            self.order = []
        case .equals(let column, let value):
            self.conditions = ["s.listing = \(store)", "\(column.rawValue) = \(self.bind(.text(value)))"]
            self.order = ["s.id"]
        case .date(let from, let through):
            let (from, through) = (self.bind(.text(from)), self.bind(.text(through)))
            self.conditions = ["s.listing = \(store)", "s.studyDate >= \(from)", "s.studyDate <= \(through)"]
            self.order = ["s.studyDate", "s.id"]
        case .namePrefix(let prefix):
            tables = ["nameToken t INDEXED BY nameTokenByToken", "study s"]
            self.walkFromTokens(prefix, store)
        case .never, nil:
            self.conditions = ["s.listing = \(store)"]
            self.order = ["s.id"]
        }
        self.ownConditionCount = self.ownConditionCount == 0 ? self.conditions.count : self.ownConditionCount
        if level >= .series {
            tables.append("series e")
            self.conditions += ["e.study = s.id", "e.listing IS NOT NULL"]
            self.order.append("e.id")
        }
        if level >= .instance {
            tables.append("instance i")
            self.conditions += ["i.study = s.id", "i.series = e.id"]
            self.order.append("i.id")
        }
        return tables
    }

    private mutating func walkFromTokens(_ prefix: String, _ store: String) {
        let (from, to) = (self.bind(.text(prefix)), self.bind(.text(Self.end(ofPrefix: prefix))))
        self.conditions = ["t.listing = \(store)", "t.token >= \(from)", "t.token < \(to)"]
        self.ownConditionCount = self.conditions.count
        self.conditions += [
            "s.id = t.study",
            // A study whose name has two such words is found by the first of them only.
            """
            NOT EXISTS (
                SELECT 1 FROM nameToken u WHERE u.study = t.study AND u.token >= \(from) AND u.token < t.token
            )
            """,
        ]
        self.order = ["t.token", "t.study"]
    }

    private mutating func walkFromSeries(
        _ lead: SearchCondition?,
        _ store: Int64,
        to level: SearchLevel
    ) -> [String] {
        self.conditions = ["e.listing = \(self.bind(.integer(store)))"]
        if case .equals(let column, let value) = lead {
            self.conditions.append("\(column.rawValue) = \(self.bind(.text(value)))")
        }
        self.ownConditionCount = self.conditions.count
        self.conditions.append("s.id = e.study")
        self.order = ["e.id"]
        let tables = ["series e INDEXED BY \(Self.index(of: lead) ?? "seriesListed")", "study s"]
        guard level == .instance else { return tables }
        self.conditions += ["i.study = e.study", "i.series = e.id"]
        self.order.append("i.id")
        return tables + ["instance i"]
    }

    private mutating func walkFromInstances(_ lead: SearchCondition?, _ store: Int64) -> [String] {
        self.conditions = ["i.store = \(self.bind(.integer(store)))"]
        if case .equals(let column, let value) = lead {
            self.conditions.append("\(column.rawValue) = \(self.bind(.text(value)))")
        }
        self.ownConditionCount = self.conditions.count
        self.conditions += [
            "e.study = i.study", "e.id = i.series", "e.listing IS NOT NULL", "s.id = e.study",
            "s.listing IS NOT NULL",
        ]
        self.order = ["i.id"]
        return ["instance i INDEXED BY instanceByUID", "series e", "study s"]
    }

    /// Adds a condition that no index is chosen for.
    private mutating func filter(_ condition: SearchCondition) {
        switch condition {
        case .equals(.seriesUID, let uid):
            // Looked up from a study this is a unique key, and the one index worth taking.
            self.conditions.append("e.uid = \(self.bind(.text(uid)))")
        case .equals(let column, let value):
            self.addFilter("\(column.rawValue) = \(self.bind(.text(value)))", condition.level)
        case .date(let from, let through):
            let (from, through) = (self.bind(.text(from)), self.bind(.text(through)))
            self.addFilter("s.studyDate >= \(from) AND s.studyDate <= \(through)", .study)
        case .namePrefix(let prefix):
            let (from, to) = (self.bind(.text(prefix)), self.bind(.text(Self.end(ofPrefix: prefix))))
            let tokens = "SELECT 1 FROM nameToken v WHERE v.study = s.id AND v.token >= \(from) AND v.token < \(to)"
            self.addFilter("EXISTS (\(tokens))", .study)
        case .never:
            self.addFilter("1 = 0", .study)
        }
    }

    private mutating func addFilter(_ filter: String, _ level: SearchLevel) {
        self.filters[level, default: []].append(filter)
    }

    private mutating func bind(_ value: SQLValue) -> String {
        self.arguments.append(value)
        return "?\(self.arguments.count)"
    }

    /// The index that begins with the store and the column of the condition.
    private static func index(of condition: SearchCondition?) -> String? {
        switch condition {
        case .equals(let column, _): column.index
        case .date: "studyByDate"
        case .namePrefix, .never, nil: nil
        }
    }

    /// The first text after all those that begin with the prefix: no word holds the last scalar of Unicode.
    private static func end(ofPrefix prefix: String) -> String { prefix + "\u{10FFFF}" }
}
