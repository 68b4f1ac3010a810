internal import CollimatorCore
internal import Persistence

extension Archive {
    /// The first of the matching studies, series or instances as finished DICOM JSON objects, in an order that stays
    /// the same, until they have so many bytes together.
    ///
    /// - Throws: `storeNotFound`.
    package func search(_ search: ArchiveSearch, bytesMax: Int) async throws(ArchiveError) -> SearchPage {
        let isFitting = SearchCondition.all(of: search).allSatisfy { $0.level <= search.level }
        precondition(isFitting, "a search must not match a key of a level below it")
        return try await self.reading { connection in
            let store = try StoreLookup.store(search.store, connection)
            let statement = try SearchPlan.statement(search, store: store, connection)
            var rows: [SearchRow] = []
            try connection.forEach(statement.sql, statement.arguments) { rows.append(try SearchRow($0, search.level)) }
            let start = SearchCursor(search: search, rows: rows[...], isLater: false)
            return try SearchPage(start, bytesMax: bytesMax, connection)
        }
    }

    /// The part of a search that follows.
    package func search(after cursor: SearchCursor, bytesMax: Int) async throws(ArchiveError) -> SearchPage {
        try await self.reading { try SearchPage(cursor, bytesMax: bytesMax, $0) }
    }
}
