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
    let slots: SearchSlots
    let sets: StudySets
    let selectors = SelectorBoard()
    let openIntents = OpenIntents()
    let changes = ChangeObservers()
    let refreshes = WaitingRefreshes()
    let feedTimes: FeedTimes
    /// Called when events were written.
    let signal = FeedSignal()

    /// The database must hold nothing else, and ``prepare()`` comes before anything else is called.
    package init(
        database: Database,
        clock: WallClock,
        effort: SearchEffort = SearchEffort(),
        feedTimes: FeedTimes = FeedTimes()
    ) {
        self.database = database
        self.clock = clock
        self.effort = effort
        self.sets = StudySets(windowRows: effort.setWindowRows)
        self.slots = SearchSlots(count: effort.slotCount, waitingMax: effort.slotWaitingMax)
        self.feedTimes = feedTimes
    }

    /// Brings the database to the schema of this module; where that was done already it does nothing.
    package func prepare() async throws {
        try await self.database.migrate(CatalogSchema.migrations)
        let now = self.milliseconds
        try await self.database.write { connection in
            // Whoever knows a place in the feed of an earlier file must not take it for one in this.
            _ = try connection.execute(
                "UPDATE counter SET value = ?1 WHERE name = 'eventBeginning' AND value = 0",
                [.integer(now)]
            )
        }
    }

    /// What time it is, in milliseconds since 1970.
    var milliseconds: Int64 { Int64(self.clock.now().timeIntervalSince1970 * 1_000) }

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

    /// The number of the last study that came.
    func lastStudy() async throws -> Int64 {
        try await self.database.read { connection in
            try connection.queryOne("SELECT value FROM counter WHERE name = 'study'")?.integer(0) ?? 0
        }
    }

    func writing(_ store: Int64, now: Int64, sweep: Int64, _ connection: any SQLConnection) -> EntryWriting {
        EntryWriting(store: store, now: now, sweep: sweep, selectors: self.selectors, connection: connection)
    }

    /// The number of the store; nil where nothing of it was ever kept.
    static func number(of store: StoreName, on connection: any SQLConnection) throws -> Int64? {
        try connection.queryOne("SELECT id FROM store WHERE name = ?1", [.text(store.rawValue)])?.integer(0)
    }
}
