internal import Persistence

/// Candidates in the order of the list, each checked against the rest of the query when its turn comes; none is checked
/// twice.
struct CandidateList: MatchSource {
    private let run: StudySearchRun
    private let candidates: [Candidate]
    private let budget: SearchBudget
    private let filter: StudyFilter
    private let sql: String
    private var arguments: StatementArguments
    /// What is known of the candidate at each index.
    private var verdicts: [Bool?]
    private var nextIndex: Int

    init(_ source: CandidateSource, _ run: StudySearchRun, _ budget: SearchBudget) throws {
        self.run = run
        self.budget = budget
        self.candidates = try source.candidates(run, budget)
        var arguments = StatementArguments()
        let study = arguments.bind(.null)
        self.filter = run.filter(beside: source, &arguments)
        self.sql = "SELECT 1 FROM study s WHERE s.id = \(study) AND \(self.filter.sql)"
        self.arguments = arguments
        self.verdicts = Array(repeating: self.filter.isEmpty ? true : nil, count: self.candidates.count)
        self.nextIndex = 0
        if let position = run.query.after {
            let last = Candidate(study: position.study, key: position.key)
            self.nextIndex = self.candidates.partitioningIndex { run.query.order.precedes(last, $0) }
        }
    }

    mutating func next() throws -> Candidate? {
        while self.nextIndex < self.candidates.count {
            defer { self.nextIndex += 1 }
            if try self.passes(self.nextIndex, self.budget) { return self.candidates[self.nextIndex] }
        }
        return nil
    }

    /// How many match; a lower bound where more than `limit` do or the budget ends before the candidates.
    mutating func total(upTo limit: Int, _ budget: SearchBudget) throws -> StudyPage.Total {
        var count = 0
        do {
            for index in self.candidates.indices where try self.passes(index, budget) {
                count += 1
                if count > limit { return .atLeast(limit) }
            }
        } catch is SearchExhausted {
            return .atLeast(count)
        }
        return .exact(count)
    }

    private mutating func passes(_ index: Int, _ budget: SearchBudget) throws -> Bool {
        if let verdict = self.verdicts[index] { return verdict }
        try budget.spend(1)
        let study = self.candidates[index].study
        self.arguments[0] = .integer(study)
        let connection = self.run.connection
        let verdict =
            try connection.queryOne(self.sql, self.arguments.values) != nil
            && self.filter.passesRest(study, on: connection)
        self.verdicts[index] = verdict
        return verdict
    }
}

extension Array {
    /// The first index whose element belongs after the border, by bisection; all after it must, too.
    fileprivate func partitioningIndex(_ isAfter: (Element) -> Bool) -> Int {
        var low = 0
        var high = self.count
        while low < high {
            let middle = (low + high) / 2
            if isAfter(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
