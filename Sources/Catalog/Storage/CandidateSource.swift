internal import Persistence

/// A condition that names its studies by an index, so that only these need to be looked at.
enum CandidateSource {
    case values(ValueRange)
    /// The studies of the days that the query asks for.
    case days
    /// The studies whose column `change` or `updatedAt` is not less than the number.
    case changes(column: ChangeColumn, from: Int64, condition: Int)
    /// Studies that are named by UID.
    case uids([String], condition: Int)
    /// Studies that are known by number.
    case studies([Int64])
    /// Studies that are known to meet some of the conditions, where these are few.
    case members([Int64], decided: Set<Int>)
    /// Studies that somebody may see, where all of these are picked.
    case visible(VisibleStudies, condition: Int)

    enum ChangeColumn: String {
        case change
        case updatedAt
    }

    /// Every source of the query.
    static func all(of query: StudyQuery) -> [CandidateSource] {
        var sources = ValueRange.all(of: query.conditions).map { CandidateSource.values($0) }
        for (index, condition) in query.conditions.enumerated() {
            switch condition {
            case .changedAfter(let number):
                let from = number == .max ? number : number + 1
                sources.append(.changes(column: .change, from: from, condition: index))
            case .anyOf(.studyInstanceUID, let uids):
                let keys = Set(uids.map(AttributeForm.uid.comparable)).filter { !$0.isEmpty }
                sources.append(.uids(keys.sorted(), condition: index))
            case .updatedSince(let milliseconds):
                sources.append(.changes(column: .updatedAt, from: milliseconds, condition: index))
            case .visible(let visible) where visible.isPicked:
                sources.append(.visible(visible, condition: index))
            default: break
            }
        }
        if !MomentRange(query.conditions).isEverything { sources.append(.days) }
        return sources
    }

    /// Whether its rows are counted and read within the days that the query asks for.
    var isWithinDays: Bool {
        switch self {
        case .values(let range): range.intervals.allSatisfy(\.isOneValue)
        case .days, .members: true
        case .changes, .uids, .studies, .visible: false
        }
    }

    /// Whether it only gives studies of the stores that are asked for.
    var isOfStores: Bool {
        switch self {
        case .values, .studies: false
        case .days, .changes, .uids, .members: true
        case .visible(let visible, _): visible.isByUID
        }
    }

    /// Whether the studies that it gives need not be asked for the condition again.
    func decides(_ index: Int, _ condition: StudyCondition) -> Bool {
        switch self {
        case .values(let range):
            if case .days = condition { return true }
            return range.isExact && range.condition == index
        case .days:
            if case .days = condition { return true }
            return false
        case .changes(.change, let from, let own):
            return own == index && from < .max
        case .changes(.updatedAt, _, let own), .uids(_, let own):
            return own == index
        case .studies:
            return false
        case .members(_, let decided):
            if case .days = condition { return true }
            return decided.contains(index)
        case .visible(let visible, let own):
            return own == index && visible.isByUID
        }
    }

    /// How many rows it has, counted no further than the limit.
    func count(upTo limit: Int, _ run: StudySearchRun) throws -> Int {
        if case .uids(let uids, _) = self { return min(limit, uids.count) }
        if case .visible(let visible, _) = self, visible.isTold {
            // Each name is taken for a row: the database is not asked for them.
            let selected = visible.statements(run, isForCount: true, named: false)
            return try Self.counted(selected, from: visible.namedCount, upTo: limit, run)
        }
        return try self.counted(upTo: limit, run)
    }

    /// How many rows the database has, counted no further than the limit.
    func counted(upTo limit: Int, _ run: StudySearchRun) throws -> Int {
        try Self.counted(self.statements(run, selecting: "1", isForCount: true), from: 0, upTo: limit, run)
    }

    /// How many there are, up to the limit, and whether that is all: the time of the budget is looked at after each statement,
    /// of which there is one for so many names.
    func counted(upTo limit: Int, _ run: StudySearchRun, _ budget: SearchBudget) throws -> (count: Int, isAll: Bool) {
        var count = 0
        for statement in self.statements(run, selecting: "1", isForCount: true) where count < limit {
            do {
                try budget.spend(0)
            } catch {
                return (count, false)
            }
            count = try Self.counted([statement], from: count, upTo: limit, run)
        }
        return (count, true)
    }

    private static func counted(
        _ statements: [(sql: String, arguments: StatementArguments)],
        from known: Int,
        upTo limit: Int,
        _ run: StudySearchRun
    ) throws -> Int {
        var count = min(known, limit)
        for statement in statements where count < limit {
            var arguments = statement.arguments
            let sql =
                "SELECT COUNT(*) FROM (\(statement.sql) LIMIT \(arguments.bind(.integer(limit - count)))) AS counted"
            count += Int(try run.connection.queryOne(sql, arguments.values)?.integer(0) ?? 0)
        }
        return count
    }

    /// Its studies, each once, in the order of the list.
    func candidates(_ run: StudySearchRun, _ budget: SearchBudget) throws -> OrderedCandidates {
        let key = run.query.order.key
        let isTested = if case .values(let range) = self { range.test != nil } else { false }
        guard key == .patientName || isTested else { return try self.numbered(run, budget) }
        var candidates: [Candidate] = []
        var rows = 0
        for statement in self.statements(run, selecting: self.columns(key), isForCount: false) {
            try run.connection.forEach(statement.sql, statement.arguments.values) { row in
                rows += 1
                if rows % Self.rowsBetweenChecks == 0 { try budget.spend(0) }
                if case .values(let range) = self, range.test != nil, !range.passes(try row.text(2)) { return }
                candidates.append(Candidate(study: try row.integer(0), key: try key.value(of: row, at: 1)))
            }
        }
        return OrderedCandidates(candidates, run.query.order)
    }

    /// Where the order is by number, and nothing else is looked at.
    private func numbered(_ run: StudySearchRun, _ budget: SearchBudget) throws -> OrderedCandidates {
        var numbered: [OrderedCandidates.Numbered] = []
        for statement in self.statements(run, selecting: self.columns(run.query.order.key), isForCount: false) {
            try run.connection.forEachPair(statement.sql, statement.arguments.values) { study, key in
                numbered.append(OrderedCandidates.Numbered(study: study, key: key))
                if numbered.count % Self.rowsBetweenChecks == 0 { try budget.spend(0) }
            }
        }
        return OrderedCandidates(numbered, isDescending: run.query.order.isDescending)
    }

    private static let rowsBetweenChecks = 4_096

    private func columns(_ key: StudyOrder.Key) -> String {
        guard case .values(let range) = self else { return "s.id, s.\(key.column)" }
        let value = range.test == nil ? "" : ", v.value"
        return key == .moment ? "v.study, v.moment\(value)" : "v.study, s.\(key.column)\(value)"
    }

    /// One statement for each piece of an index that it reads.
    private func statements(
        _ run: StudySearchRun,
        selecting columns: String,
        isForCount: Bool
    ) -> [(sql: String, arguments: StatementArguments)] {
        switch self {
        case .values(let range):
            let needsStudy = !isForCount && run.query.order.key != .moment
            let source = needsStudy ? "studyValue v CROSS JOIN study s" : "studyValue v"
            return range.intervals.map { interval in
                var arguments = StatementArguments()
                // Days would only be a filter on a count of several values, which the limit could not end.
                let test =
                    interval.isOneValue || !isForCount
                    ? interval.sql(&arguments, within: run.moments) : interval.sql(&arguments)
                let join = needsStudy ? "s.id = v.study AND " : ""
                return ("SELECT \(columns) FROM \(source) WHERE \(join)\(test)", arguments)
            }
        case .days:
            return run.stores.map { store in
                var arguments = StatementArguments()
                let place = "s.store = \(arguments.bind(.integer(store)))"
                let first = arguments.bind(.integer(run.moments.first))
                let last = arguments.bind(.integer(run.moments.last))
                return (
                    "SELECT \(columns) FROM study s WHERE \(place) AND s.moment >= \(first) AND s.moment <= \(last)",
                    arguments
                )
            }
        case .changes(let column, let from, _):
            return run.stores.map { store in
                var arguments = StatementArguments()
                let place = "s.store = \(arguments.bind(.integer(store)))"
                let first = arguments.bind(.integer(from))
                return ("SELECT \(columns) FROM study s WHERE \(place) AND s.\(column.rawValue) >= \(first)", arguments)
            }
        case .uids(let uids, _):
            return run.stores.flatMap { store in
                uids.map { uid in
                    var arguments = StatementArguments()
                    let place = "s.store = \(arguments.bind(.integer(store)))"
                    return (
                        "SELECT \(columns) FROM study s WHERE \(place) AND s.uid = \(arguments.bind(.text(uid)))",
                        arguments
                    )
                }
            }
        case .visible(let visible, _):
            return visible.statements(run, isForCount: isForCount)
        case .members(let members, _):
            return Self.statements(members, run, selecting: columns)
        case .studies(let studies):
            return studies.map { study in
                var arguments = StatementArguments()
                return ("SELECT \(columns) FROM study s WHERE s.id = \(arguments.bind(.integer(study)))", arguments)
            }
        }
    }

    /// Many of the studies at once, those of the stores and days that are asked for.
    private static func statements(
        _ studies: [Int64],
        _ run: StudySearchRun,
        selecting columns: String
    ) -> [(sql: String, arguments: StatementArguments)] {
        stride(from: 0, to: studies.count, by: self.studiesAtATime).map { start in
            var arguments = StatementArguments()
            let some = studies[start..<min(studies.count, start + self.studiesAtATime)]
            let list = arguments.bindList(some.map { .integer($0) })
            var places = ["s.id IN (\(list))"]
            if let stores = run.neededStores {
                places.append("s.store IN (\(arguments.bindList(stores.map { .integer($0) })))")
            }
            if !run.moments.isEverything {
                places.append("s.moment >= \(arguments.bind(.integer(run.moments.first)))")
                places.append("s.moment <= \(arguments.bind(.integer(run.moments.last)))")
            }
            return ("SELECT \(columns) FROM study s WHERE \(places.joined(separator: " AND "))", arguments)
        }
    }

    private static let studiesAtATime = 64
}
