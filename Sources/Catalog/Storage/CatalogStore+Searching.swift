internal import CollimatorCore
internal import DICOMweb
internal import Persistence

extension CatalogStore {
    /// The studies of a page, and how many there are in all.
    ///
    /// - Throws: `unprocessable` where the answer could not be found within ``SearchEffort``.
    package func search(_ query: StudyQuery) async throws -> StudyPage {
        precondition(query.conditions.count <= StudyQuery.conditionsMax, "a query has a bounded number of conditions")
        let effort = self.effort
        return try await self.database.read { connection in
            var numbers: [Int64] = []
            for store in query.stores {
                if let number = try Self.number(of: store, on: connection) { numbers.append(number) }
            }
            guard !numbers.isEmpty else { return StudyPage(studies: [], next: nil, total: .exact(0)) }
            let search = StudySearchRun(query: query, stores: numbers, effort: effort, connection: connection)
            return try search.page()
        }
    }
}

/// How much work one search may make, so that none can hold up the others.
package struct SearchEffort: Sendable {
    /// A condition with no more values than this is where a search starts; otherwise it walks along the order.
    package var candidatesMax = 20_000
    /// The most studies that are looked at for a page.
    package var examinedMax = 400_000
    /// The most studies that are looked at to count the others.
    package var examinedForTotalMax = 20_000
    /// Totals are exact up to this many.
    package var totalMax = 1_000

    package init() {}
}

/// One page of a list.
package struct StudyPage: Sendable {
    package let studies: [CatalogStudy]
    /// Where the next page begins; nil where this is the last.
    package let next: ListPosition?
    package let total: Total

    /// How many studies there are in all.
    package enum Total: Hashable, Sendable {
        case exact(Int)
        case atLeast(Int)
    }
}
