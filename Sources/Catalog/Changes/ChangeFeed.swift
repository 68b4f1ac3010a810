package import CollimatorCore
package import DICOMweb
internal import FoundationEssentials
package import Logging
internal import Persistence
internal import Telemetry

/// The change feed: one sequence of events about everything that is kept, in the order in which it was written.
///
/// The first backfill and a rebuild write nothing; what a comparison found says so. A study that has been left alone for
/// a while has come to rest, which is told too: that it is complete, nobody can know.
package struct ChangeFeed: Sendable {
    let catalog: CatalogStore

    package init(_ catalog: CatalogStore) {
        self.catalog = catalog
    }

    /// A place in the feed: after the event with this number.
    ///
    /// A feed that was made anew has another beginning, so that a place in the old one is not taken for one in it.
    package struct Position: Hashable, Sendable {
        package let beginning: Int64
        package let sequence: Int64

        package init(beginning: Int64, sequence: Int64) {
            self.beginning = beginning
            self.sequence = sequence
        }
    }

    /// Some events, and where to go on.
    package struct Page: Sendable {
        package let events: [ChangeEvent]
        /// After the last of them, or where the question began.
        package let next: Position

        package init(events: [ChangeEvent], next: Position) {
            self.events = events
            self.next = next
        }
    }

    /// Where the feed ends now.
    package func end() async throws -> Position {
        try await self.catalog.database.read { connection in
            let marks = try Self.marks(on: connection)
            return Position(beginning: marks.beginning, sequence: marks.last)
        }
    }

    /// Events after the position, oldest first; nil stands for the oldest that is kept.
    ///
    /// - Throws: `gone` where some after the position are no longer kept.
    package func events(after position: Position?, limit: Int) async throws -> Page {
        try await self.catalog.database.read { connection in
            let marks = try Self.marks(on: connection)
            if let position {
                guard position.beginning == marks.beginning, position.sequence >= marks.dropped,
                    position.sequence <= marks.last
                else { throw Self.gone }
            }
            let after = position?.sequence ?? marks.dropped
            let events = try connection.query(
                "SELECT \(ChangeEvent.columns) FROM event WHERE sequence > ?1 ORDER BY sequence LIMIT ?2",
                [.integer(after), .integer(limit)]
            ).map { try ChangeEvent(row: $0) }
            let next = Position(beginning: marks.beginning, sequence: events.last?.sequence ?? after)
            return Page(events: events, next: next)
        }
    }

    /// Writes an event that is about no study.
    package func append(_ type: ChangeEvent.Kind, subject: String) async throws {
        let now = self.now
        try await self.catalog.database.write { connection in
            var row = FeedWriting.Row(type, nil)
            row.subject = subject
            try FeedWriting.write(row, store: nil, origin: .written, now: now, on: connection)
        }
        self.catalog.signal.call()
    }

    /// Tells the principal, and nobody else, that it may see a study no more.
    ///
    /// Who gives a position, up to which they have read, adds nothing where that has been told after it: they read it next.
    package func appendRemoval(
        of study: StudyUID,
        in store: StoreName,
        for principal: Principal,
        unlessToldAfter position: Position? = nil
    ) async throws {
        let now = self.now
        try await self.catalog.database.write { connection in
            if let position {
                let told = try connection.queryOne(
                    """
                    SELECT sequence FROM event
                    WHERE sequence > ?1 AND type = ?2 AND store = ?3 AND study = ?4 AND subject = ?5 LIMIT 1
                    """,
                    [
                        .integer(position.sequence), .text(ChangeEvent.Kind.studyRemoved.rawValue),
                        .text(store.rawValue), .text(study.rawValue), .text(principal.description),
                    ]
                )
                guard told == nil else { return }
            }
            var row = FeedWriting.Row(.studyRemoved, study)
            row.subject = principal.description
            try FeedWriting.write(row, store: store, origin: .noticed, now: now, on: connection)
        }
        self.catalog.signal.call()
    }

    /// Tells each principal, and nobody else, of the study that it may see no more; all in one transaction.
    package func appendRemovals(_ removals: [(study: StudyUID, store: StoreName, principal: Principal)]) async throws {
        guard !removals.isEmpty else { return }
        let now = self.now
        try await self.catalog.database.write { connection in
            for removal in removals {
                var row = FeedWriting.Row(.studyRemoved, removal.study)
                row.subject = removal.principal.description
                try FeedWriting.write(row, store: removal.store, origin: .noticed, now: now, on: connection)
            }
        }
        self.catalog.signal.call()
    }

    /// Whether the catalog has the study: of one that it has not, the deletion is told.
    package func holds(_ study: StudyUID, in store: StoreName) async throws -> Bool {
        try await self.catalog.study(study, in: store) != nil
    }

    /// Something that is told when events were written.
    package func reader() -> FeedReader { FeedReader(wakeup: self.catalog.signal.join()) }

    /// Tells of studies that have come to rest, and drops what is too old, until the task is cancelled.
    package func run(logger: Logger) async {
        var rounds = 0
        while !Task.isCancelled {
            await allowFailure("the change feed goes on later", logger: logger) {
                while try await self.tellRested() > 0 { try Task.checkCancellation() }
                if rounds % Self.roundsUntilDropping == 0 {
                    while try await self.dropOld() > 0 { try Task.checkCancellation() }
                }
            }
            rounds += 1
            do {
                try await Task.sleep(for: Self.interval)
            } catch {
                return
            }
        }
    }

    private static let interval = Duration.milliseconds(500)
    private static let roundsUntilDropping = 240
    /// Rows of one transaction: others wait for it.
    private static let batch = 500

    /// Writes an event for each study that has come to rest; gives how many.
    @discardableResult
    package func tellRested() async throws -> Int {
        let now = self.now
        try await self.hastenRest(now)
        // Most of the time there is none, and nobody who writes has to wait for that answer.
        guard try await self.catalog.database.read({ try !Self.rested(at: now, on: $0).isEmpty }) else { return 0 }
        let count = try await self.catalog.database.write { connection in
            let rested = try Self.rested(at: now, on: connection)
            for one in rested { try Self.tell(one, now: now, on: connection) }
            return rested.count
        }
        self.catalog.signal.call()
        return count
    }

    /// Has studies come to rest that would only after a longer time than is ever waited: the clock was set back since they
    /// changed.
    private func hastenRest(_ now: Int64) async throws {
        let due = now + self.catalog.feedTimes.quiet.wholeMilliseconds
        let latest = due + Self.clockSlack.wholeMilliseconds
        let isLate = try await self.catalog.database.read { connection in
            try connection.queryOne("SELECT 1 FROM studyRest WHERE dueAt > ?1 LIMIT 1", [.integer(latest)]) != nil
        }
        guard isLate else { return }
        _ = try await self.catalog.database.write { connection in
            try connection.execute(
                "UPDATE studyRest SET dueAt = ?1 WHERE dueAt > ?2",
                [.integer(due), .integer(latest)]
            )
        }
    }

    /// By how much a time may lie ahead of ours before the clock is taken to have been set back: others write meanwhile.
    static let clockSlack = Duration.seconds(10)

    /// Drops events that are older than they are kept, or too many; gives how many.
    @discardableResult
    package func dropOld() async throws -> Int {
        let oldest = self.now - self.catalog.feedTimes.retention.wholeMilliseconds
        let eventsMax = Int64(self.catalog.feedTimes.eventsMax)
        return try await self.catalog.database.write { connection in
            let marks = try Self.marks(on: connection)
            let row = try connection.queryOne(
                """
                SELECT MAX(sequence) FROM (
                    SELECT sequence, time FROM event ORDER BY sequence LIMIT ?3
                ) AS oldest WHERE time < ?1 OR sequence <= ?2
                """,
                [.integer(oldest), .integer(marks.last - eventsMax), .integer(Self.batch)]
            )
            guard let last = try row?.integerIfPresent(0) else { return 0 }
            let count = try connection.execute("DELETE FROM event WHERE sequence <= ?1", [.integer(last)])
            try connection.execute("UPDATE counter SET value = ?1 WHERE name = 'eventDropped'", [.integer(last)])
            return count
        }
    }

    private struct Rested {
        let store: StoreName
        let study: StudyUID
        let revision: Int
        let changed: [ChangeEvent.Part]
    }

    private static func rested(at now: Int64, on connection: any SQLConnection) throws -> [Rested] {
        try connection.query(
            "SELECT store, study, revision, changed FROM studyRest WHERE dueAt <= ?1 ORDER BY dueAt LIMIT ?2",
            [.integer(now), .integer(Self.batch)]
        ).compactMap { row in
            guard let store = StoreName(try row.text(0)), let study = StudyUID(try row.text(1)) else { return nil }
            return Rested(
                store: store,
                study: study,
                revision: Int(try row.integer(2)) + 1,
                changed: ChangeEvent.parts(try row.text(3))
            )
        }
    }

    private static func tell(_ rested: Rested, now: Int64, on connection: any SQLConnection) throws {
        let key: [SQLValue] = [.text(rested.store.rawValue), .text(rested.study.rawValue)]
        try connection.execute(
            """
            UPDATE studyRest SET firstAt = NULL, dueAt = NULL, changed = '', revision = ?3 WHERE store = ?1 AND study = ?2
            """,
            key + [.integer(rested.revision)]
        )
        guard
            let study = try connection.queryOne(CatalogStudy.select + " WHERE t.name = ?1 AND s.uid = ?2", key)
                .map({ try CatalogStudy(row: $0) })
        else { return }
        let kept = ChangeEvent.kept(of: study.attributes, modalities: study.modalities)
        var row = FeedWriting.Row(
            .studyStable,
            rested.study,
            instanceCount: study.instanceCount,
            changed: Set(rested.changed),
            kept: DICOMJSON.encode(kept)
        )
        row.revision = rested.revision
        try FeedWriting.write(row, store: rested.store, origin: .noticed, now: now, on: connection)
    }

    private var now: Int64 { self.catalog.milliseconds }

    struct Marks {
        let beginning: Int64
        let last: Int64
        let dropped: Int64
    }

    static func marks(on connection: any SQLConnection) throws -> Marks {
        func value(_ name: String) throws -> Int64 {
            try connection.queryOne("SELECT value FROM counter WHERE name = ?1", [.text(name)])?.integer(0) ?? 0
        }
        return Marks(
            beginning: try value("eventBeginning"),
            last: try value("event"),
            dropped: try value("eventDropped")
        )
    }

    private static var gone: CollimatorError {
        CollimatorError(
            .gone,
            "a position in the change feed is not kept any more",
            publicDetail: "Events after this position are no longer kept. Begin again without it, and list the studies."
        )
    }
}
