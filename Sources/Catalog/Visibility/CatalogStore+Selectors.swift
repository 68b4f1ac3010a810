package import CollimatorCore
package import DICOMweb
internal import Persistence

extension CatalogStore {
    /// Says which selectors there are from now on.
    ///
    /// Rows of those that were there before stay; the others' are worked out by ``select(limit:)``. Until that has gone
    /// over all studies, a selector that allows shows nothing and one that denies hides its whole store.
    package func setSelectors(_ selectors: [StudySelector]) async throws {
        let board = self.selectors
        do {
            try await self.database.write { connection in
                board.install(try Self.numbered(selectors, on: connection))
            }
        } catch {
            // What is in the database is not known: until the next call nothing is kept up.
            board.install(nil)
            throw error
        }
    }

    private static func numbered(
        _ selectors: [StudySelector],
        on connection: any SQLConnection
    ) throws -> [SelectorBoard.Numbered] {
        var known: [String: Int64] = [:]
        for row in try connection.query("SELECT key, id FROM selector WHERE key IS NOT NULL") {
            known[try row.text(0)] = try row.integer(1)
        }
        var numbered: [String: SelectorBoard.Numbered] = [:]
        for selector in selectors where numbered[selector.key] == nil {
            if let number = known.removeValue(forKey: selector.key) {
                numbered[selector.key] = SelectorBoard.Numbered(number: number, selector: selector)
                continue
            }
            let number = try self.next("selector", on: connection)
            try connection.execute(
                "INSERT INTO selector (id, key, position) VALUES (?1, ?2, 0)",
                [.integer(number), .text(selector.key)]
            )
            numbered[selector.key] = SelectorBoard.Numbered(number: number, selector: selector)
        }
        for dropped in known.values {
            try connection.execute("UPDATE selector SET key = NULL WHERE id = ?1", [.integer(dropped)])
        }
        return numbered.values.sorted { $0.number < $1.number }
    }

    /// Works out what selectors pick of so many studies; false where all is worked out.
    ///
    /// How far it has come is written down with the rows, so that it goes on there after a restart.
    package func select(limit: Int) async throws -> Bool {
        let board = self.selectors
        return try await self.database.write { connection in
            guard let selectors = board.current, !selectors.isEmpty else { return false }
            let behind = try connection.query(
                "SELECT id, position FROM selector WHERE key IS NOT NULL AND position < ?1 ORDER BY position",
                [.integer(SelectionRows.everyStudy)]
            )
            guard let position = try behind.first?.integer(1) else { return false }
            let numbers = Set(try behind.filter { try $0.integer(1) == position }.map { try $0.integer(0) })
            let together = selectors.filter { numbers.contains($0.number) }
            let last = try Self.select(together, after: position, limit: limit, on: connection)
            for number in numbers {
                try connection.execute(
                    "UPDATE selector SET position = ?2 WHERE id = ?1",
                    [.integer(number), .integer(last ?? SelectionRows.everyStudy)]
                )
            }
            return true
        }
    }

    /// Gives the number of the last study that was evaluated; nil where none is left.
    private static func select(
        _ selectors: [SelectorBoard.Numbered],
        after position: Int64,
        limit: Int,
        on connection: any SQLConnection
    ) throws -> Int64? {
        let studies = try connection.query(
            "SELECT id, uid, attributes, variants, moment FROM study WHERE id > ?1 ORDER BY id LIMIT ?2",
            [.integer(position), .integer(limit)]
        )
        for row in studies {
            let number = try row.integer(0)
            let entry = try self.entry(row, number, on: connection)
            let rows = SelectionRows(study: number, moment: try row.integer(4), connection: connection)
            try rows.write(entry, selectors, isNew: false)
        }
        guard studies.count == limit, let last = studies.last else { return nil }
        return try last.integer(0)
    }

    /// Reads `id, uid, attributes, variants`.
    static func entry(_ row: SQLRow, _ number: Int64, on connection: any SQLConnection) throws -> StudyEntry {
        guard let study = StudyUID(try row.text(1)) else {
            throw CollimatorError(.internalError, "a row of the catalog holds no valid UID")
        }
        let variants = try row.blob(3)
        let series = try connection.query(
            "SELECT uid, instanceCount, attributes FROM series WHERE study = ?1 ORDER BY uid",
            [.integer(number)]
        ).map { try SeriesEntry(row: $0) }
        let counted = try connection.queryOne("SELECT seriesCount FROM study WHERE id = ?1", [.integer(number)])
        let isKnown = counted.map { !$0.isNull(0) } ?? false
        return StudyEntry(
            study: study,
            attributes: try DICOMJSON.dataSet(from: try row.blob(2)),
            variants: variants.isEmpty ? [] : try DICOMJSON.dataSets(from: variants),
            series: isKnown ? series : nil
        )
    }

    /// The study as it was put, with what is known of its series beside that; nil where the catalog does not have it.
    package func entry(of study: StudyUID, in store: StoreName) async throws -> StudyEntry? {
        try await self.database.read { connection in
            let row = try connection.queryOne(
                """
                SELECT s.id, s.uid, s.attributes, s.variants FROM study s JOIN store t ON t.id = s.store
                WHERE t.name = ?1 AND s.uid = ?2
                """,
                [.text(store.rawValue), .text(study.rawValue)]
            )
            return try row.map { row in
                let number = try row.integer(0)
                let entry = try Self.entry(row, number, on: connection)
                return try SeriesKnowledge(study: number, connection: connection).completing(entry)
            }
        }
    }

    /// Deletes so many rows of selectors that are no more; false where none is left.
    func deleteDropped(limit: Int) async throws -> Bool {
        try await self.database.write { connection in
            let row = try connection.queryOne("SELECT MIN(id) FROM selector WHERE key IS NULL")
            guard let number = try row?.integerIfPresent(0) else { return false }
            let deleted = try connection.execute(
                """
                DELETE FROM selectedStudy WHERE selector = ?1 AND study IN (
                    SELECT study FROM selectedStudy WHERE selector = ?1 LIMIT ?2
                )
                """,
                [.integer(number), .integer(limit)]
            )
            if deleted == 0 { try connection.execute("DELETE FROM selector WHERE id = ?1", [.integer(number)]) }
            return true
        }
    }
}
