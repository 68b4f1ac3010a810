package import CollimatorCore
package import DICOMweb
internal import FoundationEssentials
internal import Persistence

extension CatalogStore {
    /// What became of an entry that was put.
    package enum PutOutcome: Hashable, Sendable {
        /// It was not there, or nobody had been told of it.
        case created
        case updated
        /// The catalog had exactly this; nothing was written and no number was used.
        case unchanged
    }

    /// Puts the entries, each in place of what was there of its study, in one transaction.
    ///
    /// `sweep` is noted with every study that was put, also with an unchanged one: see ``suspects(of:in:limit:)``. What
    /// no walk after `renewedFrom` has seen is written again even so. Where there is an origin, what changed is told in
    /// the change feed.
    @discardableResult
    package func put(
        _ entries: [StudyEntry],
        in store: StoreName,
        sweep: Int64 = 0,
        renewedFrom: Int64? = nil,
        origin: StudyChangeNotice.Origin? = nil
    ) async throws -> [PutOutcome] {
        let now = self.milliseconds
        let outcomes = try await self.changing(entries.map(\.study), in: store) {
            try await self.database.write { connection in
                let number = try Self.makeStore(store, on: connection)
                var writing = self.writing(number, now: now, sweep: sweep, connection)
                writing.renewedFrom = renewedFrom
                writing.feed = origin.map { self.feed(of: store, $0, now: now, on: connection) }
                return try entries.map { [writing] in try writing.put($0) }
            }
        }
        if origin != nil { self.signal.call() }
        return outcomes
    }

    /// Writes to the change feed in the transaction of the connection.
    func feed(
        of store: StoreName,
        _ origin: StudyChangeNotice.Origin,
        now: Int64,
        on connection: any SQLConnection
    ) -> FeedWriting {
        FeedWriting(store: store, origin: origin, now: now, times: self.feedTimes, connection: connection)
    }

    /// Adds series to studies that the catalog has; those of unknown studies are passed over and counted.
    package func merge(
        _ series: [(study: StudyUID, series: SeriesEntry)],
        in store: StoreName,
        sweep: Int64
    ) async throws {
        let now = Int64(self.clock.now().timeIntervalSince1970 * 1_000)
        let byStudy = Dictionary(grouping: series, by: \.study).mapValues { $0.map(\.series) }
        try await self.changing(Array(byStudy.keys), in: store) {
            try await self.database.write { connection in
                let number = try Self.makeStore(store, on: connection)
                let writing = self.writing(number, now: now, sweep: sweep, connection)
                for (study, series) in byStudy.sorted(by: { $0.key < $1.key }) {
                    _ = try writing.merge(series, into: study)
                }
            }
        }
    }

    /// Studies of which the sweep has seen nothing, or not all series: those that may have gone.
    package func suspects(of sweep: Int64, in store: StoreName, limit: Int) async throws -> [StudyUID] {
        try await self.database.read { connection in
            guard let number = try Self.number(of: store, on: connection) else { return [] }
            return try connection.query(
                """
                SELECT s.uid FROM study s WHERE s.store = ?1 AND (s.seenInSweep < ?2 OR EXISTS (
                    SELECT 1 FROM series r WHERE r.study = s.id AND r.seenInSweep < ?2
                )) ORDER BY s.id LIMIT ?3
                """,
                [.integer(number), .integer(sweep), .integer(limit)]
            ).compactMap { StudyUID(try $0.text(0)) }
        }
    }

    /// How many studies the catalog has of the store.
    package func count(in store: StoreName) async throws -> Int {
        try await self.database.read { connection in
            let row = try connection.queryOne("SELECT studyCount FROM store WHERE name = ?1", [.text(store.rawValue)])
            return Int(try row?.integer(0) ?? 0)
        }
    }

    /// What the synchronisation has written down about itself; empty at first.
    package func state(of store: StoreName) async throws -> [UInt8] {
        try await self.database.read { connection in
            try connection.queryOne("SELECT state FROM store WHERE name = ?1", [.text(store.rawValue)])?.blob(0) ?? []
        }
    }

    /// Writes it down.
    package func setState(_ state: [UInt8], of store: StoreName) async throws {
        try await self.database.write { connection in
            let number = try Self.makeStore(store, on: connection)
            try connection.execute("UPDATE store SET state = ?2 WHERE id = ?1", [.integer(number), .blob(state)])
        }
    }

    /// Removes the study; false where it was not there.
    ///
    /// Where there is an origin, the change feed tells of it.
    @discardableResult
    package func remove(
        _ study: StudyUID,
        from store: StoreName,
        origin: StudyChangeNotice.Origin? = nil
    ) async throws -> Bool {
        let now = self.milliseconds
        let isRemoved = try await self.changing([study], in: store) {
            try await self.database.write { connection in
                let feed = origin.map { self.feed(of: store, $0, now: now, on: connection) }
                return try Self.remove(study, from: store, feed, on: connection)
            }
        }
        if origin != nil { self.signal.call() }
        return isRemoved
    }

    static func remove(
        _ study: StudyUID,
        from store: StoreName,
        _ feed: FeedWriting?,
        on connection: any SQLConnection
    ) throws -> Bool {
        guard let number = try self.number(of: store, on: connection) else { return false }
        try feed?.deleted(study)
        let removed = try connection.execute(
            "DELETE FROM study WHERE store = ?1 AND uid = ?2",
            [.integer(number), .text(study.rawValue)]
        )
        guard removed > 0 else { return false }
        try connection.execute(
            "DELETE FROM uploadedSeries WHERE store = ?1 AND study = ?2",
            [.text(store.rawValue), .text(study.rawValue)]
        )
        try connection.execute("UPDATE store SET studyCount = studyCount - 1 WHERE id = ?1", [.integer(number)])
        _ = try self.next("change", on: connection)
        return true
    }

    /// Makes sure that the store has a number.
    static func makeStore(_ store: StoreName, on connection: any SQLConnection) throws -> Int64 {
        if let number = try self.number(of: store, on: connection) { return number }
        try connection.execute(
            """
            INSERT INTO store (id, name, state) SELECT COALESCE(MAX(id), 0) + 1, ?1, ?2 FROM store
            """,
            [.text(store.rawValue), .blob([])]
        )
        guard let number = try self.number(of: store, on: connection) else {
            throw CollimatorError(.internalError, "a store that was just made is not there")
        }
        return number
    }

    /// The next number of a sequence; its row is locked until the transaction ends, so order is commit order.
    static func next(_ counter: String, on connection: any SQLConnection) throws -> Int64 {
        let sql = "UPDATE counter SET value = value + 1 WHERE name = ?1 RETURNING value"
        guard let row = try connection.queryOne(sql, [.text(counter)]) else {
            throw CollimatorError(.internalError, "a counter is missing")
        }
        return try row.integer(0)
    }
}
