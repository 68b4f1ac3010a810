internal import CollimatorCore
internal import DICOMweb
internal import Persistence

extension CatalogStore {
    /// The studies of a page, and how many there are in all.
    ///
    /// - Throws: `unprocessable` where the answer could not be found within ``SearchEffort``, or where the query names
    ///   more values than ``SearchEffort/valuesMax``; `unavailable` where it would look at much and its turn did not come.
    package func search(_ query: StudyQuery) async throws -> StudyPage {
        try query.conditions.check(self.effort)
        // Who sees a part of a store has the condition that a study be of that part.
        let seesAll = query.stores.allSatisfy { query.visibility[$0] == .everything }
        let countsAll = query.total == .exact && !(query.conditions.isEmpty && seesAll)
        return try await self.searching(isHeavy: countsAll) { effort, connection in
            try StudySearchRun(query, effort: effort, on: connection, sets: self.sets)?.page()
                ?? StudyPage(
                    studies: [],
                    next: nil,
                    total: .exact(0),
                    isComplete: try query.visibility.isWorkedOut(of: query.stores, on: connection)
                )
        }
    }

    /// Runs a search in one read: freely first, and in its turn where that was not enough; one that looked at too much
    /// all the same is refused.
    ///
    /// A read whose task is cancelled is interrupted by the database.
    func searching<Answer: Sendable>(
        isHeavy: Bool = false,
        _ body: @escaping @Sendable (SearchEffort, any SQLConnection) throws -> Answer
    ) async throws -> Answer {
        let effort = self.effort
        if !isHeavy {
            do {
                return try await self.database.read { try body(effort.free, $0) }
            } catch is SearchExhausted {
                // It goes on below, from the beginning: what it looked at so far is little beside the rest.
            }
        }
        try await self.slots.take(within: effort.slotWait)
        defer { self.slots.give() }
        do {
            return try await self.database.read { try body(effort, $0) }
        } catch is SearchExhausted {
            throw SearchExhausted.refusal
        }
    }
}

extension [StudyCondition] {
    /// Refuses a query that names too many values.
    func check(_ effort: SearchEffort) throws(CollimatorError) {
        precondition(self.count <= StudyQuery.conditionsMax, "a query has a bounded number of conditions")
        var values = 0
        for condition in self {
            switch condition {
            case .anyOf(_, let some), .words(_, let some), .text(let some): values += some.count
            case .attribute(let match): values += match.valueCount
            case .pattern, .days, .changedAfter, .updatedSince, .visible: break
            }
        }
        guard values <= effort.valuesMax else {
            throw CollimatorError(
                .unprocessable,
                "a search named more values than one search may",
                publicDetail: "The search names too many values. Ask for fewer at a time."
            )
        }
    }
}

extension AttributeMatch {
    /// How many values the test names.
    var valueCount: Int {
        switch self.test {
        case .anyOf(let values), .words(let values): values.count
        case .pattern, .range: 1
        }
    }
}

/// One page of a list.
package struct StudyPage: Sendable {
    package let studies: [CatalogStudy]
    /// Where the next page begins; nil where this is the last.
    package let next: ListPosition?
    package let total: Total
    /// Whether nothing is left out because what may be seen is still being worked out.
    package let isComplete: Bool

    /// How many studies there are in all.
    package enum Total: Hashable, Sendable {
        case exact(Int)
        case atLeast(Int)
    }
}
