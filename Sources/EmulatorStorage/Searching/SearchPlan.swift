internal import Persistence

/// Chooses the condition that leads a search: the one that the fewest rows answer to.
enum SearchPlan {
    /// A condition that more rows than this answer to is not counted further.
    static let estimateMax = 1000

    /// The statement of the search.
    static func statement(
        _ search: ArchiveSearch,
        store: Int64,
        _ connection: any SQLConnection
    ) throws -> SearchStatement {
        var rest = SearchCondition.all(of: search)
        var lead: SearchCondition?
        if let index = try self.leadIndex(rest, store, connection) { lead = rest.remove(at: index) }
        return SearchStatement(
            level: search.level,
            store: store,
            lead: lead,
            rest: rest,
            page: (search.limit, search.offset)
        )
    }

    private static func leadIndex(
        _ conditions: [SearchCondition],
        _ store: Int64,
        _ connection: any SQLConnection
    ) throws -> Int? {
        let candidates = conditions.indices.filter { conditions[$0] != .never }
        guard candidates.count > 1 else { return candidates.first }
        // An instance or a study by its UID is one row; there is nothing to compare.
        if let unique = candidates.first(where: { conditions[$0].isUnique }) { return unique }
        var best: (index: Int, count: Int64)?
        for index in candidates {
            let estimate = SearchStatement(counting: conditions[index], store: store, upTo: self.estimateMax)
            let count = try connection.queryOne(estimate.sql, estimate.arguments)?.integer(0) ?? 0
            if count < best?.count ?? .max { best = (index, count) }
        }
        return best?.index
    }
}

extension SearchCondition {
    fileprivate var isUnique: Bool {
        switch self {
        case .equals(.studyUID, _), .equals(.instanceUID, _): true
        case .equals, .date, .namePrefix, .never: false
        }
    }
}
