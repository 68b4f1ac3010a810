internal import CollimatorCore
internal import DICOMweb
internal import FoundationEssentials
internal import Persistence

extension CatalogStore {
    /// Forgets everything of the store at once.
    ///
    /// Its rows get a name that no store can have, so that the time it takes to delete them holds up nobody; they go
    /// by ``deleteForgotten(limit:)``, after a restart too.
    func forget(_ store: StoreName) async throws {
        try await self.changing(nil, in: store) {
            try await self.database.write { connection in
                try connection.execute("DELETE FROM notice WHERE store = ?1", [.text(store.rawValue)])
                guard let number = try Self.number(of: store, on: connection) else { return }
                try connection.execute(
                    "UPDATE store SET name = ?2, state = ?3 WHERE id = ?1",
                    [.integer(number), .text("\(Self.forgottenPrefix)\(number)"), .blob([])]
                )
                try connection.execute("DELETE FROM studyRest WHERE store = ?1", [.text(store.rawValue)])
                _ = try Self.next("change", on: connection)
            }
        }
    }

    /// Deletes so many studies of forgotten stores; false where none is left.
    func deleteForgotten(limit: Int) async throws -> Bool {
        try await self.database.write { connection in
            let row = try connection.queryOne(
                "SELECT MIN(id) FROM store WHERE name >= ?1 AND name < ?2",
                [.text(Self.forgottenPrefix), .text(Self.forgottenEnd)]
            )
            guard let number = try row?.integerIfPresent(0) else { return false }
            let deleted = try connection.execute(
                "DELETE FROM study WHERE id IN (SELECT id FROM study WHERE store = ?1 LIMIT ?2)",
                [.integer(number), .integer(limit)]
            )
            if deleted == 0 { try connection.execute("DELETE FROM store WHERE id = ?1", [.integer(number)]) }
            return true
        }
    }

    /// Names of stores begin with a letter.
    private static let forgottenPrefix = "#"
    /// The first text after all those with the prefix.
    private static let forgottenEnd = "$"

    /// Forgets every store that is not among these.
    func forgetOthers(than stores: [StoreName]) async throws {
        let names = try await self.database.read { connection in
            try connection.query(
                "SELECT name FROM store WHERE NOT (name >= ?1 AND name < ?2)",
                [.text(Self.forgottenPrefix), .text(Self.forgottenEnd)]
            ).map { try $0.text(0) }
        }
        for name in names.compactMap({ StoreName($0) }) where !stores.contains(name) {
            try await self.forget(name)
            try await self.forgetUploads(in: name)
        }
    }

    /// Puts studies as a page of a search shows them: what only their instances say stays as it was.
    ///
    /// Gives the outcome of each. Where there is an origin, the change feed tells of it; of `renewedFrom` see
    /// ``put(_:in:sweep:renewedFrom:origin:)``.
    func putListed(
        _ entries: [StudyEntry],
        in store: StoreName,
        sweep: Int64,
        renewedFrom: Int64? = nil,
        origin: StudyChangeNotice.Origin?
    ) async throws -> [(study: StudyUID, outcome: PutOutcome)] {
        let now = self.milliseconds
        let outcomes = try await self.changing(entries.map(\.study), in: store) {
            try await self.database.write { connection -> [(study: StudyUID, outcome: PutOutcome)] in
                let number = try Self.makeStore(store, on: connection)
                var writing = self.writing(number, now: now, sweep: sweep, connection)
                writing.renewedFrom = renewedFrom
                writing.feed = origin.map { self.feed(of: store, $0, now: now, on: connection) }
                return try entries.map { [writing] entry in
                    let row = try connection.queryOne(
                        "SELECT attributes, variants FROM study WHERE store = ?1 AND uid = ?2",
                        [.integer(number), .text(entry.study.rawValue)]
                    )
                    return (entry.study, try writing.put(try row.map { try Self.keeping(of: $0, in: entry) } ?? entry))
                }
            }
        }
        if origin != nil { self.signal.call() }
        return outcomes
    }

    private static func keeping(of row: SQLRow, in entry: StudyEntry) throws -> StudyEntry {
        var entry = entry
        let variants = try row.blob(1)
        if !variants.isEmpty { entry.variants = try DICOMJSON.dataSets(from: variants) }
        let known = try DICOMJSON.dataSet(from: try row.blob(0))
        if let issuer = known[.issuerOfPatientID] { entry.attributes[.issuerOfPatientID] = issuer }
        return entry
    }

    /// Adds series as a page of a search shows them to studies that the catalog has; gives those that are otherwise now.
    func mergeListed(
        _ series: [(study: StudyUID, series: SeriesEntry)],
        in store: StoreName,
        sweep: Int64,
        origin: StudyChangeNotice.Origin?
    ) async throws -> [StudyUID] {
        let now = self.milliseconds
        let byStudy = Dictionary(grouping: series, by: \.study).mapValues { $0.map(\.series) }
        let changed = try await self.changing(Array(byStudy.keys), in: store) {
            try await self.database.write { connection in
                let number = try Self.makeStore(store, on: connection)
                var writing = self.writing(number, now: now, sweep: sweep, connection)
                writing.feed = origin.map { self.feed(of: store, $0, now: now, on: connection) }
                return try byStudy.sorted { $0.key < $1.key }.compactMap { [writing] study, series in
                    try writing.merge(series, into: study) == .unchanged ? nil : study
                }
            }
        }
        if origin != nil { self.signal.call() }
        return changed
    }

    /// Notes that the sweep has seen the study and its series as they are.
    func markSeen(_ study: StudyUID, in store: StoreName, sweep: Int64) async throws {
        try await self.database.write { connection in
            guard let number = try Self.number(of: store, on: connection) else { return }
            let key: [SQLValue] = [.integer(number), .text(study.rawValue), .integer(sweep)]
            try connection.execute("UPDATE study SET seenInSweep = ?3 WHERE store = ?1 AND uid = ?2", key)
            try connection.execute(
                """
                UPDATE series SET seenInSweep = ?3
                WHERE study IN (SELECT id FROM study WHERE store = ?1 AND uid = ?2)
                """,
                key
            )
        }
    }

    /// How many instances were counted in all.
    func instanceTotal(in store: StoreName) async throws -> Int {
        try await self.database.read { connection in
            guard let number = try Self.number(of: store, on: connection) else { return 0 }
            let row = try connection.queryOne(
                "SELECT SUM(instanceCount) FROM study WHERE store = ?1",
                [.integer(number)]
            )
            return Int(try row?.integerIfPresent(0) ?? 0)
        }
    }

    /// Studies newest first, after the position: those that nobody has counted, or all.
    func studies(
        in store: StoreName,
        uncountedOnly: Bool,
        after position: CountingPosition?,
        limit: Int
    ) async throws -> [(study: StudyUID, position: CountingPosition)] {
        try await self.database.read { connection in
            guard let number = try Self.number(of: store, on: connection) else { return [] }
            return try connection.query(
                """
                SELECT uid, moment, id FROM study
                WHERE store = ?1 AND (?5 = 0 OR instanceCount IS NULL) AND (moment < ?2 OR (moment = ?2 AND id < ?3))
                ORDER BY moment DESC, id DESC LIMIT ?4
                """,
                [
                    .integer(number), .integer(position?.moment ?? Int64.max), .integer(position?.number ?? Int64.max),
                    .integer(limit), .integer(uncountedOnly ? 1 : 0),
                ]
            ).compactMap { row in
                guard let study = StudyUID(try row.text(0)) else { return nil }
                return (study, CountingPosition(moment: try row.integer(1), number: try row.integer(2)))
            }
        }
    }
}

/// How far the counting has come.
struct CountingPosition: Hashable, Sendable {
    let moment: Int64
    let number: Int64
}
