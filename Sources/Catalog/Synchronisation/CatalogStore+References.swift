internal import CollimatorCore
internal import DICOMweb
internal import Persistence

extension CatalogStore {
    /// A study with series of which nobody has read what they refer to.
    struct Unread: Sendable {
        let study: StudyUID
        /// The number of the study's last change: what is read counts only as long as there is no other.
        let change: Int64
        let series: [SeriesUID]
    }

    /// Such studies among so many that nobody has looked at, newest first; nil where all have been.
    ///
    /// Studies that hold nothing of the kind are marked on the way.
    func unread(in store: StoreName, limit: Int) async throws -> [Unread]? {
        // Most of the time there is none, and nobody who writes has to wait for that answer.
        let hasUnread = try await self.database.read { connection in
            guard let number = try Self.number(of: store, on: connection) else { return false }
            return try connection.queryOne(Self.selectUnread, [.integer(number), .integer(1)]) != nil
        }
        guard hasUnread else { return nil }
        return try await self.database.write { connection in
            guard let number = try Self.number(of: store, on: connection) else { return nil }
            var unread: [Unread] = []
            let rows = try connection.query(Self.selectUnread, [.integer(number), .integer(limit)])
            for row in rows {
                let study = try row.integer(0)
                let series = try connection.query(
                    "SELECT uid, instanceCount, attributes FROM series WHERE study = ?1 AND referenced IS NULL",
                    [.integer(study)]
                ).map { try SeriesEntry(row: $0) }.filter(\.isDerived).map(\.series)
                if let uid = StudyUID(try row.text(1)), !series.isEmpty {
                    unread.append(Unread(study: uid, change: try row.integer(2), series: series.sorted()))
                } else {
                    try connection.execute("UPDATE study SET referencesRead = 1 WHERE id = ?1", [.integer(study)])
                }
            }
            return rows.isEmpty ? nil : unread
        }
    }

    /// As it stands in the condition of the index, which has nothing else.
    static let selectUnread = """
        SELECT id, uid, change FROM study WHERE store = ?1 AND referencesRead = 0 ORDER BY id DESC LIMIT ?2
        """

    /// Keeps what the series refer to, where the study is as it was when they were read; those that are left out stay
    /// unknown until the study changes.
    func put(
        _ references: [SeriesUID: Set<SeriesUID>],
        of unread: Unread,
        in store: StoreName
    ) async throws {
        let board = self.selectors
        try await self.changing([unread.study], in: store) {
            try await self.database.write { connection in
                let row = try connection.queryOne(
                    """
                    SELECT s.id FROM study s JOIN store t ON t.id = s.store
                    WHERE t.name = ?1 AND s.uid = ?2 AND s.change = ?3
                    """,
                    [.text(store.rawValue), .text(unread.study.rawValue), .integer(unread.change)]
                )
                guard let number = try row?.integer(0) else { return }
                for (series, referenced) in references {
                    try connection.execute(
                        "UPDATE series SET referenced = ?3 WHERE study = ?1 AND uid = ?2",
                        [
                            .integer(number), .text(series.rawValue),
                            .text(referenced.map(\.rawValue).sorted().joined(separator: "\\")),
                        ]
                    )
                }
                try connection.execute("UPDATE study SET referencesRead = 1 WHERE id = ?1", [.integer(number)])
                guard !references.isEmpty else { return }
                try Self.selectAgain(unread.study, in: store, board, on: connection)
            }
        }
    }
}

extension StoreSynchronizer {
    /// Reads what reports, segmentations and the like refer to, of every study where nobody has.
    ///
    /// What cannot be read of one series stays unknown until its study changes: it is not shown for the sake of others.
    package func readReferences() async throws {
        while let batch = try await self.catalog.unread(in: self.store, limit: Self.unreadBatch) {
            try await self.obeyPause()
            try Task.checkCancellation()
            for unread in batch {
                var references: [SeriesUID: Set<SeriesUID>] = [:]
                for series in unread.series {
                    try Task.checkCancellation()
                    references[series] = try await self.references(of: series, in: unread.study)
                }
                try await self.catalog.put(references, of: unread, in: self.store)
                try await self.configuration.sleep(self.configuration.countingRest)
            }
        }
    }

    private func references(of series: SeriesUID, in study: StudyUID) async throws -> Set<SeriesUID>? {
        let upstream = self.upstream
        do {
            return try await self.paced { try await upstream.references(study, series) }
        } catch  where UpstreamPause.isOfOneStudy(error) {
            return nil
        }
    }

    /// Studies that are looked up at a time.
    private static let unreadBatch = 100
}
