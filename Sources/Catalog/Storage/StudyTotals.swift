internal import Persistence

/// Counts the matches of a query, as far as is wished for and allowed.
struct StudyTotals {
    let run: StudySearchRun
    /// The condition with the fewest rows in an index.
    let best: SearchPlanner.Estimate?
    /// The candidates that need little more than a look at memory; nil where there are none.
    private let quick: CandidateSource?
    /// About how many studies the stores have on the days that are asked for.
    let domain: Double

    init(_ run: StudySearchRun, _ planner: SearchPlanner) {
        self.run = run
        self.best = planner.best
        self.domain = planner.domain
        self.quick = planner.quick
    }

    /// `list` holds the candidates where the page was found among them, `found` is how many matches are known of.
    func total(_ list: inout CandidateList?, found: Int) throws -> StudyPage.Total {
        guard self.run.query.total != .none else { return .atLeast(found) }
        // The first page is the last: what was found is all.
        if self.run.query.after == nil, found < self.run.wanted { return .exact(found) }
        if self.run.query.conditions.isEmpty { return .exact(self.run.selectedCount) }
        let counted =
            self.run.query.total == .exact ? try self.exact(&list) : try self.bounded(&list)
        guard case .atLeast(let count) = counted else { return counted }
        return .atLeast(max(count, found))
    }

    private func bounded(_ list: inout CandidateList?) throws -> StudyPage.Total {
        let limit = self.run.effort.totalMax
        if let total = self.run.known?.total(self.run, upTo: limit) { return total }
        if list == nil, let known = self.run.known, known.decidesAll(self.run), self.isBest(known) {
            return try self.counted(known, upTo: limit)
        }
        let budget = SearchBudget(rows: self.run.effort.examinedForTotalMax, time: self.run.effort.totalTime)
        if list == nil, let quick {
            do {
                list = try CandidateList(quick, self.run.fromBeginning, budget)
            } catch is SearchExhausted {
                return .atLeast(0)
            }
        }
        if list != nil { return try list?.total(upTo: limit, budget) ?? .atLeast(0) }
        var arguments = StatementArguments()
        let filter = self.run.filter(&arguments)
        if let named = self.named {
            let (count, isAll) = try named.counted(upTo: limit + 1, self.run, budget)
            if count > limit { return .atLeast(limit) }
            return isAll ? .exact(count) : .atLeast(count)
        }
        guard filter.isWholeInSQL else { return try self.walked(upTo: limit, budget) }
        if let best, Double(best.count) < self.domain, case .values(let range) = best.source, range.test == nil {
            return try self.counted(range, best, upTo: limit)
        }
        return try self.counted(upTo: limit, budget)
    }

    /// Whether it is counted among those that are known: all of them, or because nothing else has fewer rows.
    ///
    /// The first of very many are not those of a few days.
    private func isBest(_ known: KnownStudies) -> Bool {
        if known.members.count <= self.run.effort.examinedForTotalMax { return true }
        let rows = self.best.flatMap { $0.isCut ? nil : Double($0.count) } ?? .infinity
        return Double(known.members.count) <= min(rows, self.domain)
    }

    /// What may be seen, where that is all that is asked for and each of it is named.
    private var named: CandidateSource? {
        guard self.run.query.conditions.count == 1, let named = self.run.named, case .visible(let visible, _) = named,
            visible.isByUID
        else { return nil }
        return named
    }

    private func exact(_ list: inout CandidateList?) throws -> StudyPage.Total {
        if let total = self.run.known?.total(self.run, upTo: .max) { return total }
        let budget = SearchBudget(rows: .max, time: self.run.effort.exactTotalTime)
        if list != nil { return try list?.total(upTo: .max, budget) ?? .atLeast(0) }
        do {
            if let quick {
                var list = try CandidateList(quick, self.run, budget)
                return try list.total(upTo: .max, budget)
            }
            if let best {
                let bound = self.run.effort.exactCandidatesMax
                if try best.source.count(upTo: bound + 1, self.run) <= bound {
                    var list = try CandidateList(best.source, self.run, budget)
                    return try list.total(upTo: .max, budget)
                }
            }
        } catch is SearchExhausted {
            return .atLeast(0)
        }
        var arguments = StatementArguments()
        let filter = self.run.filter(&arguments)
        return filter.isWholeInSQL ? try self.counted(upTo: .max, budget) : try self.walked(upTo: .max, budget)
    }

    /// Counts among the first of those that are known.
    private func counted(_ known: KnownStudies, upTo limit: Int) throws -> StudyPage.Total {
        let members = known.members.members(upTo: self.run.effort.examinedForTotalMax)
        let source = CandidateSource.members(members, decided: known.decided)
        let count = try source.count(upTo: limit + 1, self.run)
        if count > limit { return .atLeast(limit) }
        return members.count == known.members.count ? .exact(count) : .atLeast(count)
    }

    /// Counts match by match.
    private func walked(upTo limit: Int, _ budget: SearchBudget) throws -> StudyPage.Total {
        var count = 0
        do {
            var source = try self.run.fromBeginning.source(.walk, budget)
            while try source.next() != nil {
                count += 1
                if count > limit { return .atLeast(limit) }
            }
        } catch is SearchExhausted {
            return .atLeast(count)
        }
        return .exact(count)
    }

    /// Counts among the first rows of the range, in the database.
    private func counted(
        _ range: ValueRange,
        _ best: SearchPlanner.Estimate,
        upTo limit: Int
    ) throws -> StudyPage.Total {
        var studies: Set<Int64> = []
        var left = self.run.effort.examinedForTotalMax
        for interval in range.intervals where left > 0 && studies.count <= limit {
            let statement = self.statement(interval, best.source, rows: left, matches: limit + 1)
            try self.run.connection.forEachPair(statement.sql, statement.arguments.values) { study, _ in
                studies.insert(study)
            }
            guard range.intervals.count > 1 else { break }
            var arguments = StatementArguments()
            let test = self.test(interval, &arguments)
            let rows = arguments.bind(.integer(left))
            let sql = "SELECT COUNT(*) FROM (SELECT 1 FROM studyValue v WHERE \(test) LIMIT \(rows)) AS counted"
            left -= Int(try self.run.connection.queryOne(sql, arguments.values)?.integer(0) ?? 0)
        }
        if studies.count > limit { return .atLeast(limit) }
        let isWhole = !best.isCut && best.count <= self.run.effort.examinedForTotalMax
        // A study may have several values of the range: the limit counts them all.
        return isWhole && studies.count < limit ? .exact(studies.count) : .atLeast(studies.count)
    }

    private func test(_ interval: ValueInterval, _ arguments: inout StatementArguments) -> String {
        interval.isOneValue ? interval.sql(&arguments, within: self.run.moments) : interval.sql(&arguments)
    }

    /// The studies among the first rows of the interval that match.
    func statement(
        _ interval: ValueInterval,
        _ source: CandidateSource,
        rows: Int,
        matches: Int
    ) -> (sql: String, arguments: StatementArguments) {
        var arguments = StatementArguments()
        let test = self.test(interval, &arguments)
        let length = arguments.bind(.integer(rows))
        let rest = self.run.query.conditions.enumerated().filter { index, condition in
            // Days are only within the test where it is of one value.
            if case .days = condition { return !interval.isOneValue }
            return !source.decides(index, condition)
        }
        let filter = StudyFilter(rest.map(\.element), stores: self.run.neededStores, &arguments)
        let inner = "SELECT v.study, v.moment FROM studyValue v WHERE \(test) LIMIT \(length)"
        guard !filter.isEmpty else { return (inner, arguments) }
        let most = arguments.bind(.integer(matches))
        let sql = """
            SELECT w.study, w.moment FROM (\(inner)) AS w CROSS JOIN study s WHERE s.id = w.study AND \(filter.sql) LIMIT \(most)
            """
        return (sql, arguments)
    }

    /// Counts along the studies of the stores, in the database, window after window.
    private func counted(upTo limit: Int, _ budget: SearchBudget) throws -> StudyPage.Total {
        var count = 0
        do {
            for store in self.run.stores {
                var window = StudyWindow(self.run, store: store)
                while try window.advance() {
                    try budget.spend(StudyWindow.length)
                    count += try window.count(upTo: limit)
                    if count > limit { return .atLeast(limit) }
                }
            }
        } catch is SearchExhausted {
            return .atLeast(count)
        }
        return .exact(count)
    }
}

extension StudySearchRun {
    /// Every condition.
    fileprivate func filter(_ arguments: inout StatementArguments) -> StudyFilter {
        StudyFilter(self.query.conditions, stores: nil, &arguments)
    }
}
