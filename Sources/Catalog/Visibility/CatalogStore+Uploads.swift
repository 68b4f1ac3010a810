package import CollimatorCore
internal import Cryptography
package import DICOMweb
internal import Persistence

/// An instance that somebody stored through us.
package struct StoredInstance: Hashable, Sendable {
    package let study: StudyUID
    package let series: SeriesUID
    package let instance: InstanceUID

    package init(study: StudyUID, series: SeriesUID, instance: InstanceUID) {
        self.study = study
        self.series = series
        self.instance = instance
    }
}

extension CatalogStore {
    /// Writes down who stored the instances; of one that was stored before, the first stays.
    ///
    /// What follows from it is worked out at once where the catalog has the study, else when the study comes.
    ///
    /// The intent, where there was one, is settled with it. Others' intents to store one of the instances are dropped: who broke
    /// off before is not its uploader.
    package func noteStored(
        _ instances: [StoredInstance],
        by uploader: Principal,
        in store: StoreName,
        settling intent: UploadIntent? = nil
    ) async throws {
        // No rule names the administrator: what it stored counts only in a series in which somebody else did.
        let stored = instances
        let instances = uploader == .administrator ? try await self.besideOthers(stored, in: store) : stored
        guard !instances.isEmpty else {
            return try await self.database.write { try Self.dropIntents(toStore: stored, in: store, intent, on: $0) }
        }
        let studies = Set(instances.map(\.study)).sorted()
        let board = self.selectors
        try await self.changing(studies, in: store) {
            try await self.database.write { connection in
                let by = try Self.number(ofUploader: uploader, on: connection)
                var numbers: [String: Int64] = [:]
                for one in instances {
                    let place = "\(one.study)/\(one.series)"
                    let number = try numbers[place] ?? Self.number(of: one, in: store, on: connection)
                    numbers[place] = number
                    try connection.execute(
                        """
                        INSERT INTO uploadedInstance (series, instance, uploader) VALUES (?1, ?2, ?3)
                        ON CONFLICT (series, instance) DO NOTHING
                        """,
                        [.integer(number), .integer(Self.hash(one.instance)), .integer(by)]
                    )
                }
                try Self.dropIntents(toStore: stored, in: store, intent, on: connection)
                for study in studies { try Self.selectAgain(study, in: store, board, on: connection) }
            }
        }
    }

    private static func dropIntents(
        toStore instances: [StoredInstance],
        in store: StoreName,
        _ own: UploadIntent?,
        on connection: any SQLConnection
    ) throws {
        if let own { try Self.drop(own, on: connection) }
        guard try connection.queryOne("SELECT 1 FROM uploadIntent LIMIT 1") != nil else { return }
        for one in instances {
            try connection.execute(
                "DELETE FROM uploadIntent WHERE store = ?1 AND instance = ?2",
                [.text(store.rawValue), .text(one.instance.rawValue)]
            )
        }
    }

    /// Those of series of which something is written down already.
    private func besideOthers(_ instances: [StoredInstance], in store: StoreName) async throws -> [StoredInstance] {
        try await self.database.read { connection in
            try instances.filter { one in
                try connection.queryOne(
                    "SELECT id FROM uploadedSeries WHERE store = ?1 AND study = ?2 AND series = ?3",
                    [.text(store.rawValue), .text(one.study.rawValue), .text(one.series.rawValue)]
                ) != nil
            }
        }
    }

    /// Forgets who stored what in a store that is no more.
    func forgetUploads(in store: StoreName) async throws {
        try await self.changing(nil, in: store) {
            _ = try await self.database.write { connection in
                try connection.execute("DELETE FROM uploadIntent WHERE store = ?1", [.text(store.rawValue)])
                return try connection.execute("DELETE FROM uploadedSeries WHERE store = ?1", [.text(store.rawValue)])
            }
        }
    }

    /// Works out anew what selectors pick of a study, because something beside its entry has changed.
    static func selectAgain(
        _ study: StudyUID,
        in store: StoreName,
        _ board: SelectorBoard,
        on connection: any SQLConnection
    ) throws {
        let row = try connection.queryOne(
            """
            SELECT s.id, s.uid, s.attributes, s.variants, s.moment FROM study s JOIN store t ON t.id = s.store
            WHERE t.name = ?1 AND s.uid = ?2
            """,
            [.text(store.rawValue), .text(study.rawValue)]
        )
        guard let row else { return }
        let number = try row.integer(0)
        var rows = SelectionRows(study: number, moment: try row.integer(4), connection: connection)
        rows.isOfChange = false
        try rows.write(try Self.entry(row, number, on: connection), board, isNew: false)
    }

    static func number(ofUploader uploader: Principal, on connection: any SQLConnection) throws -> Int64 {
        let name = SQLValue.text(uploader.description)
        if let row = try connection.queryOne("SELECT id FROM uploader WHERE principal = ?1", [name]) {
            return try row.integer(0)
        }
        let number = try self.free("SELECT COALESCE(MAX(id), 0) + 1 FROM uploader", on: connection)
        try connection.execute("INSERT INTO uploader (id, principal) VALUES (?1, ?2)", [.integer(number), name])
        return number
    }

    private static func number(
        of one: StoredInstance,
        in store: StoreName,
        on connection: any SQLConnection
    ) throws -> Int64 {
        let key: [SQLValue] = [.text(store.rawValue), .text(one.study.rawValue), .text(one.series.rawValue)]
        let row = try connection.queryOne(
            "SELECT id FROM uploadedSeries WHERE store = ?1 AND study = ?2 AND series = ?3",
            key
        )
        if let row { return try row.integer(0) }
        let number = try self.free("SELECT COALESCE(MAX(id), 0) + 1 FROM uploadedSeries", on: connection)
        try connection.execute(
            "INSERT INTO uploadedSeries (store, study, series, id) VALUES (?1, ?2, ?3, ?4)",
            key + [.integer(number)]
        )
        return number
    }

    /// A number that no row has; nothing refers to rows that went.
    private static func free(_ sql: String, on connection: any SQLConnection) throws -> Int64 {
        guard let row = try connection.queryOne(sql) else {
            throw CollimatorError(.internalError, "a table of the catalog has no next number")
        }
        return try row.integer(0)
    }

    private static func hash(_ instance: InstanceUID) -> Int64 {
        let number = SHA256.hash(instance.rawValue.utf8).prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Int64(bitPattern: number)
    }
}

extension StudyCatalog {
    /// Writes down who stored the instances through us; it comes before anybody is told that the studies changed.
    package func noteStored(
        _ instances: [StoredInstance],
        by uploader: Principal,
        in store: StoreName,
        settling intent: UploadIntent? = nil
    ) async throws {
        try await self.catalog.noteStored(instances, by: uploader, in: store, settling: intent)
    }
}
