internal import CollimatorCore
internal import Persistence

/// Checks candidates, in the order of the list, against the whole query; none is checked twice.
struct CandidateCheck {
    private let run: StudySearchRun
    private let candidates: [StudySearchRun.Candidate]
    private let filter: StudyFilter
    private let sql: String
    /// What is known of the candidate at each index.
    private var verdicts: [Bool?]

    init(run: StudySearchRun, candidates: [StudySearchRun.Candidate]) {
        self.run = run
        self.candidates = candidates
        self.filter = StudyFilter(stores: run.stores, conditions: run.query.conditions, firstArgument: 2)
        self.sql = "SELECT 1 FROM study s WHERE s.id = ?1 AND \(self.filter.sql.joined(separator: " AND "))"
        self.verdicts = Array(repeating: nil, count: candidates.count)
    }

    /// The first matches that stand after the position.
    mutating func matches(after position: ListPosition?, limit: Int) throws -> [StudySearchRun.Candidate] {
        var found: [StudySearchRun.Candidate] = []
        for index in self.candidates.indices where found.count < limit {
            if let position {
                let last = StudySearchRun.Candidate(study: position.study, key: position.key)
                guard self.run.query.order.precedes(last, self.candidates[index]) else { continue }
            }
            if try self.passes(index) { found.append(self.candidates[index]) }
        }
        return found
    }

    /// How many match, counted no further than one answer says exactly.
    mutating func total() throws -> StudyPage.Total {
        var count = 0
        for index in self.candidates.indices where try self.passes(index) {
            count += 1
            if count > self.run.effort.totalMax { return .atLeast(self.run.effort.totalMax) }
        }
        return .exact(count)
    }

    private mutating func passes(_ index: Int) throws -> Bool {
        if let verdict = self.verdicts[index] { return verdict }
        let study = self.candidates[index].study
        let connection = self.run.connection
        let verdict =
            try connection.queryOne(self.sql, [.integer(study)] + self.filter.arguments) != nil
            && self.filter.passesResidual(study, on: connection)
        self.verdicts[index] = verdict
        return verdict
    }
}
