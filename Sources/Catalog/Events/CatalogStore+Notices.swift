internal import CollimatorCore
internal import DICOMweb
internal import FoundationEssentials
internal import Persistence

extension CatalogStore {
    /// Writes notes down, and sets messages aside, in one transaction; gives the number that all of the notes got.
    func keep(_ notes: Set<StudyNote>, setAside rejected: [RejectedEvent]) async throws -> Int64 {
        let now = Int64(self.clock.now().timeIntervalSince1970 * 1_000)
        return try await self.database.write { connection in
            let mark = try Self.next("notice", on: connection)
            for note in notes {
                try connection.execute(
                    """
                    INSERT INTO notice (store, study, mark) VALUES (?1, ?2, ?3)
                    ON CONFLICT (store, study) DO UPDATE SET mark = ?3
                    """,
                    [.text(note.store.rawValue), .text(note.study.rawValue), .integer(mark)]
                )
            }
            for event in rejected {
                let id = try Self.next("rejection", on: connection)
                try connection.execute(
                    "INSERT INTO rejection (id, reason, rejectedAt, sizeBytes, digest) VALUES (?1, ?2, ?3, ?4, ?5)",
                    [
                        .integer(id), .text(event.reason.rawValue), .integer(now), .integer(event.sizeBytes),
                        .text(event.digest),
                    ]
                )
                try connection.execute(
                    "DELETE FROM rejection WHERE id <= ?1",
                    [.integer(id - EventRejection.keptMax)]
                )
            }
            return mark
        }
    }

    /// Notes of the store that nobody has acted upon, oldest first.
    func notices(of store: StoreName, limit: Int) async throws -> [(study: StudyUID, mark: Int64)] {
        try await self.database.read { connection in
            try connection.query(
                "SELECT study, mark FROM notice WHERE store = ?1 ORDER BY mark, study LIMIT ?2",
                [.text(store.rawValue), .integer(limit)]
            ).compactMap { row in
                guard let study = StudyUID(try row.text(0)) else { return nil }
                return (study, try row.integer(1))
            }
        }
    }

    /// Forgets the note of a study, unless it was noted again after that mark.
    func dropNotice(of study: StudyUID, in store: StoreName, upTo mark: Int64) async throws {
        try await self.database.write { try Self.dropNotice(of: study, in: store, upTo: mark, on: $0) }
    }

    static func dropNotice(
        of study: StudyUID,
        in store: StoreName,
        upTo mark: Int64,
        on connection: any SQLConnection
    ) throws {
        try connection.execute(
            "DELETE FROM notice WHERE store = ?1 AND study = ?2 AND mark <= ?3",
            [.text(store.rawValue), .text(study.rawValue), .integer(mark)]
        )
    }

    /// Messages that were set aside, newest first, below the id where one is given.
    func rejections(before id: Int64?, limit: Int) async throws -> [EventRejection] {
        try await self.database.read { connection in
            try connection.query(
                """
                SELECT id, reason, rejectedAt, sizeBytes, digest FROM rejection WHERE id < ?1
                ORDER BY id DESC LIMIT ?2
                """,
                [.integer(id ?? Int64.max), .integer(limit)]
            ).compactMap { row in
                guard let reason = EventRejection.Reason(rawValue: try row.text(1)) else { return nil }
                return EventRejection(
                    id: try row.integer(0),
                    reason: reason,
                    rejectedAt: Date(timeIntervalSince1970: Double(try row.integer(2)) / 1_000),
                    sizeBytes: try row.integer(3),
                    digest: try row.text(4)
                )
            }
        }
    }
}
