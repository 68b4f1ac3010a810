internal import CollimatorCore
internal import DICOMweb
internal import Persistence

/// One search within one read of the database.
///
/// The plan is chosen by estimate. Where one condition has few values, these are the candidates: they are put in order
/// and checked from the top until the page is full. Otherwise the studies are walked in the order of the list, window
/// after window, along the index of one value where there is such a condition; with no rare condition a page is full
/// after a few windows. The wrong choice costs a hundred times the right one on a million studies.
struct StudySearchRun {
    let query: StudyQuery
    let stores: [Int64]
    let effort: SearchEffort
    let connection: any SQLConnection

    func page() throws -> StudyPage {
        // One more than the page, to know whether there is a next one.
        let wanted = self.query.offset + self.query.limit + 1
        let plan = try self.plan()
        let found: [Candidate]
        let total: StudyPage.Total
        switch plan {
        case .candidates(let range):
            var check = CandidateCheck(run: self, candidates: try self.candidates(range))
            found = try check.matches(after: self.query.after, limit: wanted)
            total = self.query.total == .none ? .atLeast(found.count) : try check.total()
        case .walk(let walk):
            found = try walk.matches(after: self.query.after, limit: wanted, examinedMax: self.effort.examinedMax)
            total = self.query.total == .none ? .atLeast(found.count) : try self.total(along: walk)
        }
        let rest = found.dropFirst(self.query.offset)
        let page = rest.prefix(self.query.limit)
        let next = rest.count > page.count ? page.last.map { ListPosition(key: $0.key, study: $0.study) } : nil
        return StudyPage(studies: try page.compactMap { try self.study($0.study) }, next: next, total: total)
    }

    /// How the search goes about it.
    enum Plan {
        case candidates(ValueRange)
        case walk(StudyWalk)
    }

    func plan() throws -> Plan {
        let ranges = ValueRange.all(of: self.query.conditions)
        var rarest: (range: ValueRange, count: Int)?
        for range in ranges {
            let count = try range.estimate(upTo: self.effort.candidatesMax + 1, on: self.connection)
            if count < rarest?.count ?? .max { rarest = (range, count) }
        }
        if let rarest, rarest.count <= self.effort.candidatesMax { return .candidates(rarest.range) }
        return .walk(StudyWalk(run: self, alongValue: self.query.order.key == .moment ? Self.equal(ranges) : nil))
    }

    /// A study on its way into a page.
    struct Candidate {
        let study: Int64
        let key: ListPosition.Key
    }

    /// The first condition of one value, if there is one.
    private static func equal(_ ranges: [ValueRange]) -> (attribute: StudyAttribute, value: String)? {
        for range in ranges {
            if case .equal(let value) = range.bounds { return (range.attribute, value) }
        }
        return nil
    }

    /// Every study of the range with its sort key, in the order of the list.
    private func candidates(_ range: ValueRange) throws -> [Candidate] {
        let sql = "SELECT s.\(self.query.order.key.column) FROM study s WHERE s.id = ?1"
        let candidates = try range.studies(on: self.connection).compactMap { study -> Candidate? in
            guard let row = try self.connection.queryOne(sql, [.integer(study)]) else { return nil }
            return Candidate(study: study, key: try self.query.order.key.value(of: row, at: 0))
        }
        return candidates.sorted { self.query.order.precedes($0, $1) }
    }

    private func total(along walk: StudyWalk) throws -> StudyPage.Total {
        if self.query.conditions.isEmpty { return .exact(try self.studyCount()) }
        let counted = try walk.count(upTo: self.effort.totalMax + 1, examinedMax: self.effort.examinedForTotalMax)
        guard counted.isComplete, counted.matches <= self.effort.totalMax else {
            return .atLeast(min(counted.matches, self.effort.totalMax))
        }
        return .exact(counted.matches)
    }

    private func studyCount() throws -> Int {
        try self.stores.reduce(0) { sum, store in
            let row = try self.connection.queryOne("SELECT studyCount FROM store WHERE id = ?1", [.integer(store)])
            return sum + Int(try row?.integer(0) ?? 0)
        }
    }

    private func study(_ number: Int64) throws -> CatalogStudy? {
        try self.connection.queryOne(CatalogStudy.select + " WHERE s.id = ?1", [.integer(number)])
            .map { try CatalogStudy(row: $0) }
    }
}

extension StudyOrder {
    /// Whether the first stands before the second in the list.
    func precedes(_ first: StudySearchRun.Candidate, _ second: StudySearchRun.Candidate) -> Bool {
        let isLess: Bool
        switch (first.key, second.key) {
        case (.number(let left), .number(let right)) where left != right: isLess = left < right
        case (.text(let left), .text(let right)) where left != right:
            // The order of UTF-8, as in the database.
            isLess = left.utf8.lexicographicallyPrecedes(right.utf8)
        default: isLess = first.study < second.study
        }
        return first.key == second.key && first.study == second.study ? false : isLess != self.isDescending
    }
}

extension StudyOrder.Key {
    /// The column that is compared.
    var column: String {
        switch self {
        case .moment: "moment"
        case .patientName: "sortName"
        case .change: "change"
        }
    }

    /// Reads the key out of a row.
    func value(of row: SQLRow, at index: Int) throws -> ListPosition.Key {
        self == .patientName ? .text(try row.text(index)) : .number(try row.integer(index))
    }
}
