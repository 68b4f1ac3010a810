internal import CollimatorCore
internal import DICOMweb
internal import Persistence

/// One search for studies within one read of the database.
struct StudySearchRun {
    private(set) var query: StudyQuery
    let stores: [Int64]
    let effort: SearchEffort
    let connection: any SQLConnection
    let moments: MomentRange
    /// How many studies the stores that are asked for have.
    let selectedCount: Int
    /// How many studies the catalog has.
    let allCount: Int
    /// What may be seen; nil where all of the stores is.
    let visible: VisibleStudies?
    /// The studies of common values; nil where there are none at hand.
    let sets: StudySets?
    /// What is known of this search's conditions; nil where nothing is.
    var known: KnownStudies?

    /// Nil where the catalog has nothing of the stores that may be seen.
    init?(
        _ query: StudyQuery,
        effort: SearchEffort,
        on connection: any SQLConnection,
        sets: StudySets? = nil
    ) throws {
        var stores: [(name: StoreName, number: Int64, count: Int)] = []
        var allCount = 0
        let names = Set(query.stores)
        for row in try connection.query("SELECT id, name, studyCount FROM store ORDER BY id") {
            let count = Int(try row.integer(2))
            allCount += count
            guard let name = StoreName(try row.text(1)), names.contains(name), count > 0 else { continue }
            stores.append((name, try row.integer(0), count))
        }
        var query = query
        query.conditions = query.conditions.map(\.indexed)
        var visible = try VisibleStudies(
            query.visibility,
            of: stores.map { (name: $0.name, number: $0.number) },
            namesMax: effort.namesInStatementMax,
            on: connection
        )
        if let shown = visible?.stores.map(\.number) { stores.removeAll { !shown.contains($0.number) } }
        guard !stores.isEmpty else { return nil }
        visible?.narrowed = query.conditions.compactMap(\.ofSeriesSeen)
        if let visible {
            // Where series may be left out the counts are those of what is seen.
            if visible.isPartial { query.conditions.removeAll(where: \.isOfCounts) }
            query.conditions.append(.visible(visible))
        }
        self.query = query
        self.stores = stores.map(\.number)
        self.effort = effort
        self.connection = connection
        self.moments = MomentRange(query.conditions)
        self.selectedCount = stores.reduce(0) { $0 + $1.count }
        self.allCount = allCount
        self.visible = visible
        self.sets = sets
        self.known = try visible.flatMap { try KnownStudies($0, condition: query.conditions.count - 1, self) }
    }

    /// The stores to test for; nil where every study is in one of them.
    var neededStores: [Int64]? { self.selectedCount == self.allCount ? nil : self.stores }

    /// Whether the condition at the index is decided in memory.
    func isKnown(_ condition: Int) -> Bool { self.known?.decided.contains(condition) ?? false }

    /// Matches that a page takes: one more than it shows, to know whether there is a next one.
    var wanted: Int { max(0, self.query.offset) + self.query.limit + 1 }

    /// Where the list begins: after the position, and not before the first of the days.
    var start: ListPosition {
        let isDescending = self.query.order.isDescending
        let edge: ListPosition.Key =
            switch self.query.order.key {
            case .moment: .number(isDescending ? self.moments.last : self.moments.first)
            case .patientName: .text(isDescending ? "\u{10FFFF}" : "")
            case .change: .number(isDescending ? .max : .min)
            }
        let first = ListPosition(key: edge, study: isDescending ? .max : .min)
        guard let after = self.query.after else { return first }
        let isInside = self.query.order.precedes(
            Candidate(study: first.study, key: first.key),
            Candidate(study: after.study, key: after.key)
        )
        return isInside ? after : first
    }

    /// The same search without a position.
    var fromBeginning: StudySearchRun {
        var run = self
        run.query.after = nil
        return run
    }

    /// What is left to test of a study that the source gave, some conditions left out.
    func filter(
        beside source: CandidateSource,
        except others: Set<Int> = [],
        of study: String = "s.id",
        _ arguments: inout StatementArguments
    ) -> StudyFilter {
        let rest = self.query.conditions.enumerated().filter { index, condition in
            !others.contains(index) && !source.decides(index, condition)
        }
        let stores = source.isOfStores ? nil : self.neededStores
        return StudyFilter(rest.map(\.element), stores: stores, of: study, &arguments)
    }

    /// The page.
    ///
    /// - Throws: ``SearchExhausted`` where it was not found within ``SearchEffort``.
    func page() throws -> StudyPage {
        if let run = try self.afterOffset() { return try run.page() }
        let planner = try SearchPlanner(self)
        let run = planner.run
        var search = try run.matches(planner.plan())
        let totals = StudyTotals(run, planner)
        let total = try totals.total(&search.list, found: search.found.count)
        let rest = search.found.dropFirst(max(0, self.query.offset))
        let page = rest.prefix(self.query.limit)
        let next = rest.count > page.count ? page.last.map { ListPosition(key: $0.key, study: $0.study) } : nil
        return StudyPage(
            studies: try self.studies(page.map(\.study)),
            next: next,
            total: total,
            isComplete: self.isComplete
        )
    }

    /// The same search after the studies that the offset passes over, where an index alone tells which these are; nil
    /// where they have to be looked at.
    private func afterOffset() throws -> StudySearchRun? {
        guard self.query.offset > 0, self.query.after == nil, self.query.conditions.isEmpty, self.stores.count == 1
        else { return nil }
        let statement = self.offsetStatement
        guard let last = try self.connection.queryOne(statement.sql, statement.arguments) else { return nil }
        var run = self
        run.query.offset = 0
        run.query.after = ListPosition(
            key: try self.query.order.key.value(of: last, at: 1),
            study: try last.integer(0)
        )
        return run
    }

    /// The last of the studies that the offset passes over; of a list that is shorter, its last.
    var offsetStatement: (sql: String, arguments: [SQLValue]) {
        let key = "s.\(self.query.order.key.column)"
        let direction = self.query.order.isDescending ? "DESC" : "ASC"
        let sql = """
            SELECT s.id, \(key) FROM study s WHERE s.store = ?1
            ORDER BY \(key) \(direction), s.id \(direction) LIMIT 1 OFFSET ?2
            """
        return (sql, [.integer(self.stores[0]), .integer(min(self.query.offset, self.selectedCount) - 1)])
    }

    /// The matches that the page takes, and the candidates where they were listed.
    private func matches(_ plan: SearchPlan) throws -> (found: [Candidate], list: CandidateList?) {
        let budget = SearchBudget(rows: self.effort.examinedMax, time: self.effort.searchTime)
        if case .candidates(let source) = plan {
            var list = try CandidateList(source, self, budget)
            return (try self.take(&list), list)
        }
        guard let other = self.otherPlan else {
            var source = try self.source(plan, budget)
            return (try self.take(&source), nil)
        }
        do {
            let rows = min(other.examinedBefore, self.effort.examinedMax)
            var source = try self.source(plan, SearchBudget(rows: rows, time: self.effort.searchTime))
            return (try self.take(&source), nil)
        } catch is SearchExhausted where other.isFree || self.effort.mayScan {
            var list = try CandidateList(other.source, self, budget)
            return (try self.take(&list), list)
        }
    }

    /// What is read instead where a walk does not come upon enough matches soon.
    private struct OtherPlan {
        let source: CandidateSource
        /// How many studies the walk looks at before.
        let examinedBefore: Int
        /// Whether it may be done beside all others.
        let isFree: Bool
    }

    private var otherPlan: OtherPlan? {
        // Those in question are known and few, but far from where the list begins.
        if let known, known.members.count <= self.effort.candidatesMax {
            let rows = known.members.count / (known.decidesAll(self) ? StudyWalk.knownRowsOfBudget : 1)
            return OtherPlan(source: known.source, examinedBefore: rows, isFree: true)
        }
        // A pattern that says nothing of how values begin: few match. What the index has of values or of what may be seen is
        // less than all studies, and read in one go.
        let values = ValueRange.all(of: self.query.conditions).first { $0.test != nil }.map {
            CandidateSource.values($0)
        }
        return (values ?? self.named).map { source in
            OtherPlan(source: source, examinedBefore: self.effort.examinedBeforeScan, isFree: false)
        }
    }

    /// What may be seen, where more is named than a statement takes: all of it can be looked for instead, where the studies
    /// that come first in the list are others.
    var named: CandidateSource? {
        guard let visible, visible.isTold, visible.isPicked else { return nil }
        let condition = self.query.conditions.firstIndex { if case .visible = $0 { true } else { false } }
        return condition.map { .visible(visible, condition: $0) }
    }

    /// Gives the matches in the order of the list.
    func source(_ plan: SearchPlan, _ budget: SearchBudget) throws -> any MatchSource {
        switch plan {
        case .candidates(let source): try CandidateList(source, self, budget)
        case .valueWalk(let interval, let source): StudyWalk(self, along: interval, source, budget)
        case .walk where self.stores.count == 1: StudyWalk(self, store: self.stores[0], budget)
        case .walk: try MergedWalk(self, budget)
        }
    }

    private func take(_ source: inout some MatchSource) throws -> [Candidate] {
        var found: [Candidate] = []
        while found.count < self.wanted, let next = try source.next() { found.append(next) }
        return found
    }

    private func take(_ source: inout any MatchSource) throws -> [Candidate] {
        var found: [Candidate] = []
        while found.count < self.wanted, let next = try source.next() { found.append(next) }
        return found
    }

    /// Whether what may be seen is worked out.
    var isComplete: Bool { self.visible?.isComplete ?? true }

    /// The studies of a page as they are shown, many read by one statement.
    private func studies(_ numbers: [Int64]) throws -> [CatalogStudy] {
        var found: [Int64: CatalogStudy] = [:]
        for start in stride(from: 0, to: numbers.count, by: Self.studiesAtATime) {
            var arguments = StatementArguments()
            let some = numbers[start..<min(numbers.count, start + Self.studiesAtATime)]
            let list = arguments.bindList(some.map { .integer($0) })
            let sql = CatalogStudy.select + " WHERE s.id IN (\(list))"
            try self.connection.forEach(sql, arguments.values) { row in
                let study = try CatalogStudy(row: row)
                found[study.number] = study
            }
        }
        return try numbers.compactMap { number in
            guard let study = found[number], let visible else { return found[number] }
            return try self.narrow(study, visible)
        }
    }

    /// What memory says of what may be seen is not shown before the study's own rows have said the same.
    private func narrow(_ study: CatalogStudy, _ visible: VisibleStudies) throws -> CatalogStudy? {
        let isFromMemory = self.query.conditions.indices.contains { self.isKnown($0) && self.isOfVisible($0) }
        return try visible.narrow(study, isCertain: !isFromMemory, on: self.connection)
    }

    private func isOfVisible(_ condition: Int) -> Bool {
        if case .visible = self.query.conditions[condition] { true } else { false }
    }

    private static let studiesAtATime = 64

    /// The study as it is shown.
    func study(_ number: Int64) throws -> CatalogStudy? {
        guard let row = try self.connection.queryOne(CatalogStudy.select + " WHERE s.id = ?1", [.integer(number)])
        else { return nil }
        let study = try CatalogStudy(row: row)
        guard let visible else { return study }
        return try self.narrow(study, visible)
    }
}

extension StudyCondition {
    /// The condition in the form that the indexes answer.
    fileprivate var indexed: StudyCondition {
        switch self {
        case .attribute(let match): .matching(match)
        // UIDs are in no index but their own.
        case .pattern(.studyInstanceUID, let pattern):
            .attribute(AttributeMatch(path: [.studyInstanceUID], test: .pattern(pattern)))
        case .words(.studyInstanceUID, let words):
            .attribute(AttributeMatch(path: [.studyInstanceUID], test: .words(words)))
        default: self
        }
    }
}
