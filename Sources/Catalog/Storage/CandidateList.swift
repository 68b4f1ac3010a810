internal import Persistence

/// Candidates in the order of the list, each checked against the rest of the query when its turn comes, some together;
/// none is checked twice.
struct CandidateList: MatchSource {
    private let run: StudySearchRun
    private var candidates: OrderedCandidates
    private let budget: SearchBudget
    private let check: CandidateCheck
    /// What is known of the candidate at each index.
    private var verdicts: [Bool?] = []
    private var nextIndex: Int?

    init(_ source: CandidateSource, _ run: StudySearchRun, _ budget: SearchBudget) throws {
        self.run = run
        self.budget = budget
        self.candidates = try source.candidates(run, budget)
        self.check = CandidateCheck(run, source)
    }

    mutating func next() throws -> Candidate? {
        var index = self.nextIndex ?? self.firstIndex()
        defer { self.nextIndex = index }
        while let candidate = self.candidates.candidate(at: index) {
            defer { index += 1 }
            if try self.passes(index, self.budget) { return candidate }
        }
        return nil
    }

    /// The first after the position.
    private mutating func firstIndex() -> Int {
        guard let position = self.run.query.after else { return 0 }
        let last = Candidate(study: position.study, key: position.key)
        var index = 0
        while let candidate = self.candidates.candidate(at: index), !self.run.query.order.precedes(last, candidate) {
            index += 1
        }
        return index
    }

    /// How many match; a lower bound where more than `limit` do or the budget ends before the candidates.
    mutating func total(upTo limit: Int, _ budget: SearchBudget) throws -> StudyPage.Total {
        var count = 0
        var index = 0
        do {
            while self.candidates.candidate(at: index) != nil {
                if try self.passes(index, budget) { count += 1 }
                if count > limit { return .atLeast(limit) }
                index += 1
            }
        } catch is SearchExhausted {
            return .atLeast(count)
        }
        return .exact(count)
    }

    private mutating func passes(_ index: Int, _ budget: SearchBudget) throws -> Bool {
        guard !self.check.isEmpty else { return true }
        if index < self.verdicts.count, let verdict = self.verdicts[index] { return verdict }
        guard let candidate = self.candidates.candidate(at: index), self.check.mayPass(candidate.study) else {
            return false
        }
        guard self.check.isInDatabase else { return true }
        // Nobody pays for more than may be looked at.
        let most = max(1, min(self.check.countAtOnce(after: index), budget.rowsLeft))
        var studies: [(index: Int, study: Int64)] = []
        for next in index..<(index + most) {
            guard let candidate = self.candidates.candidate(at: next) else { break }
            if next >= self.verdicts.count {
                self.verdicts += Array(repeating: nil, count: next + 1 - self.verdicts.count)
            }
            if self.verdicts[next] == nil, self.check.mayPass(candidate.study) {
                studies.append((next, candidate.study))
            }
        }
        try budget.spend(studies.count)
        let passing = try self.check.passing(studies.map(\.study))
        for (next, study) in studies { self.verdicts[next] = passing.contains(study) }
        return self.verdicts[index] ?? false
    }
}

/// Checks candidates against what their source has not decided, several in one statement.
struct CandidateCheck {
    private let run: StudySearchRun
    private let filter: StudyFilter
    private let statements: [Statement]
    /// Beside which no study passes; nil where nothing is known in memory.
    private let members: StudySet?

    private struct Statement {
        let count: Int
        let sql: String
        let arguments: StatementArguments
    }

    /// How many are checked by one statement: few at the beginning of a list, of which a page may need no more.
    private static let counts = [8, 64]
    /// From this candidate on many are checked together.
    private static let few = 32

    init(_ run: StudySearchRun, _ source: CandidateSource) {
        self.run = run
        self.members = run.known?.members
        let inMemory = run.known?.decided ?? []
        var arguments = StatementArguments()
        self.filter = run.filter(beside: source, except: inMemory, &arguments)
        guard !self.filter.isEmpty else {
            self.statements = []
            return
        }
        let needsStudy = self.filter.needsStudy
        self.statements = Self.counts.map {
            Self.statement(of: $0, run, source, except: inMemory, needsStudy: needsStudy)
        }
    }

    /// Whether everything passes.
    var isEmpty: Bool { self.filter.isEmpty && self.members == nil }

    /// Whether the database has to be asked.
    var isInDatabase: Bool { !self.filter.isEmpty }

    /// Whether nothing that is known in memory speaks against the study.
    func mayPass(_ study: Int64) -> Bool {
        self.members?.contains(study) ?? true
    }

    /// How many may be checked together at this place of the list.
    func countAtOnce(after index: Int) -> Int { index < Self.few ? Self.counts[0] : Self.counts[1] }

    /// The row of a study is only looked for where something of it is asked.
    private static func statement(
        of count: Int,
        _ run: StudySearchRun,
        _ source: CandidateSource,
        except inMemory: Set<Int>,
        needsStudy: Bool
    ) -> Statement {
        var arguments = StatementArguments()
        let places = (0..<count).map { _ in arguments.bind(.null) }
        let sql: String
        if needsStudy {
            let filter = run.filter(beside: source, except: inMemory, &arguments)
            sql = "SELECT s.id, 1 FROM study s WHERE s.id IN (\(places.joined(separator: ", "))) AND \(filter.sql)"
        } else {
            let filter = run.filter(beside: source, except: inMemory, of: "c.id", &arguments)
            let rows = places.map { "(CAST(\($0) AS BIGINT))" }.joined(separator: ", ")
            sql = "WITH c (id) AS (VALUES \(rows)) SELECT c.id, 1 FROM c WHERE \(filter.sql)"
        }
        return Statement(count: count, sql: sql, arguments: arguments)
    }

    /// Those that pass.
    func passing(_ studies: [Int64]) throws -> Set<Int64> {
        guard let last = studies.last else { return [] }
        var passing: Set<Int64> = []
        let statement = self.statements.first { $0.count >= studies.count } ?? self.statements[Self.counts.count - 1]
        var arguments = statement.arguments
        // Places that are left over ask for the last once more.
        for place in 0..<statement.count {
            arguments[place] = .integer(place < studies.count ? studies[place] : last)
        }
        try self.run.connection.forEachPair(statement.sql, arguments.values) { study, _ in passing.insert(study) }
        guard !self.filter.isWholeInSQL else { return passing }
        return try passing.filter { try self.filter.passesRest($0, on: self.run.connection) }
    }
}
