package import CollimatorCore
package import DICOMweb
internal import FoundationEssentials
package import Persistence

/// Keeps the catalog: studies and series of all configured stores, and what they are found by.
///
/// Writes are transactions of one study each or of one page of a backfill; what a search sees is always whole.
package final class CatalogStore: Sendable {
    let database: Database
    let clock: WallClock
    let effort: SearchEffort

    /// The database must hold nothing else, and ``prepare()`` comes before anything else is called.
    package init(database: Database, clock: WallClock, effort: SearchEffort = SearchEffort()) {
        self.database = database
        self.clock = clock
        self.effort = effort
    }

    /// Brings the database to the schema of this module; where that was done already it does nothing.
    package func prepare() async throws {
        try await self.database.migrate(CatalogSchema.migrations)
    }

    /// The study, nil where the catalog does not have it.
    package func study(_ study: StudyUID, in store: StoreName) async throws -> CatalogStudy? {
        try await self.database.read { connection in
            try connection.queryOne(
                CatalogStudy.select + " WHERE t.name = ?1 AND s.uid = ?2",
                [.text(store.rawValue), .text(study.rawValue)]
            ).map { try CatalogStudy(row: $0) }
        }
    }

    /// The series of a study, by UID; none where the catalog does not have the study or its series.
    package func series(of study: StudyUID, in store: StoreName) async throws -> [SeriesEntry] {
        try await self.database.read { connection in
            try connection.query(
                """
                SELECT r.uid, r.instanceCount, r.attributes
                FROM store t JOIN study s ON s.store = t.id JOIN series r ON r.study = s.id
                WHERE t.name = ?1 AND s.uid = ?2 ORDER BY r.uid
                """,
                [.text(store.rawValue), .text(study.rawValue)]
            ).map { try SeriesEntry(row: $0) }
        }
    }

    /// The number of the last change of anything.
    package func lastChange() async throws -> Int64 {
        try await self.database.read { connection in
            try connection.queryOne("SELECT value FROM counter WHERE name = 'change'")?.integer(0) ?? 0
        }
    }

    /// The number of the store; nil where nothing of it was ever kept.
    static func number(of store: StoreName, on connection: any SQLConnection) throws -> Int64? {
        try connection.queryOne("SELECT id FROM store WHERE name = ?1", [.text(store.rawValue)])?.integer(0)
    }
}
