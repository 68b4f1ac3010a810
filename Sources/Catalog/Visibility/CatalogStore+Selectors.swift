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
                "INSERT INTO selector (id, key, position, isOfOneStudy) VALUES (?1, ?2, 0, ?3)",
                [.integer(number), .text(selector.key), .integer(selector.study == nil ? 0 : 1)]
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
            guard let selectors = board.current, !selectors.all.isEmpty else { return false }
            if try Self.selectOfOne(selectors, on: connection) { return true }
            let behind = try connection.query(Self.behind, [.integer(0), .integer(SelectionRows.everyStudy)])
            guard let position = try behind.first?.integer(1) else { return false }
            let numbers = Set(try behind.filter { try $0.integer(1) == position }.map { try $0.integer(0) })
            let together = numbers.sorted().compactMap { number in
                selectors.all[number].map { SelectorBoard.Numbered(number: number, selector: $0) }
            }
            let last = try Self.select(together, after: position, limit: limit, on: connection)
            for number in numbers {
                try connection.execute(
                    Self.advance,
                    [.integer(number), .integer(last ?? SelectionRows.everyStudy)]
                )
            }
            return true
        }
    }

    static let behind =
        "SELECT id, position FROM selector WHERE isOfOneStudy = ?1 AND key IS NOT NULL AND position < ?2 ORDER BY position"

    /// The rows that were written with it are of studies that have not changed.
    private static let advance = "UPDATE selector SET position = ?2, revision = revision + 1 WHERE id = ?1"

    /// Selectors of one study that are worked out at a time.
    private static let ofOneAtATime = 500

    /// Works out some of the selectors that are of one study; false where none is left.
    ///
    /// Each looks at its study alone, however many studies there are.
    private static func selectOfOne(
        _ selectors: SelectorBoard.Installed,
        on connection: any SQLConnection
    ) throws -> Bool {
        let numbers = try connection.query(
            self.behind + " LIMIT ?3",
            [.integer(1), .integer(SelectionRows.everyStudy), .integer(Int64(self.ofOneAtATime))]
        ).map { try $0.integer(0) }
        var ofStudy: [StudyUID: [SelectorBoard.Numbered]] = [:]
        for number in numbers {
            guard let selector = selectors.all[number], let study = selector.study else { continue }
            ofStudy[study, default: []].append(SelectorBoard.Numbered(number: number, selector: selector))
        }
        for (study, some) in ofStudy { try self.select(some, of: study, on: connection) }
        for number in numbers {
            try connection.execute(
                Self.advance,
                [.integer(number), .integer(SelectionRows.everyStudy)]
            )
        }
        return !numbers.isEmpty
    }

    /// What the selectors pick of the study, in every store that has it.
    private static func select(
        _ selectors: [SelectorBoard.Numbered],
        of study: StudyUID,
        on connection: any SQLConnection
    ) throws {
        let rows = try connection.query(
            """
            SELECT s.id, s.uid, s.attributes, s.variants, s.moment FROM store t CROSS JOIN study s
            WHERE s.store = t.id AND s.uid = ?1
            """,
            [.text(study.rawValue)]
        )
        for row in rows {
            let number = try row.integer(0)
            try SelectionRows(study: number, moment: try row.integer(4), connection: connection)
                .write(try self.entry(row, number, on: connection), selectors, isNew: false)
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

    /// Deletes so many rows of selectors that are no more, and those of them that have none; false where none is left.
    func deleteDropped(limit: Int) async throws -> Bool {
        try await self.database.write { connection in
            var left = limit
            for round in 0..<Self.droppedAtATime where left > 0 {
                let row = try connection.queryOne("SELECT MIN(id) FROM selector WHERE key IS NULL")
                guard let number = try row?.integerIfPresent(0) else { return round > 0 }
                let deleted = try connection.execute(
                    """
                    DELETE FROM selectedStudy WHERE selector = ?1 AND study IN (
                        SELECT study FROM selectedStudy WHERE selector = ?1 LIMIT ?2
                    )
                    """,
                    [.integer(number), .integer(left)]
                )
                left -= deleted
                if deleted == 0 { try connection.execute("DELETE FROM selector WHERE id = ?1", [.integer(number)]) }
            }
            return true
        }
    }

    /// Selectors that are looked at in one transaction: most may have no rows.
    private static let droppedAtATime = 500
}
