package import Catalog
package import CollimatorCore
package import DICOMweb
internal import Persistence

/// What of an event decides who may have it.
package struct EventSubject: Hashable, Sendable {
    /// Nil where it is about no store.
    package let store: StoreName?
    /// Nil where it is about no study.
    package let study: StudyUID?
    /// What a deleted study was; nil where the study can be asked about.
    package let kept: DataSet?
}

/// A delivery that a worker holds until its lease ends.
package struct ClaimedDelivery: Hashable, Sendable {
    package let id: Int64
    package let endpoint: String
    package let url: String
    /// The id of the event, and of the message: the same in every attempt.
    package let event: String
    package let type: ChangeEvent.Kind
    package let subject: EventSubject
    /// How much the body says.
    package let policy: EventDataPolicy
    package let body: [UInt8]
    /// How many attempts were made before.
    package let attempts: Int
    let token: Int64
}

/// What became of a delivery.
package enum DeliveryState: Int64, Sendable, CaseIterable {
    case waiting = 0
    case underway = 1
    case delivered = 2
    /// Every attempt failed.
    case dead = 3
    /// The endpoint may not have it any more.
    case withheld = 4
}

/// A delivery that is to be written.
struct NewDelivery: Sendable {
    let endpoint: String
    let event: ChangeEvent
    let policy: EventDataPolicy
    let body: [UInt8]
}

extension WebhookStore {
    /// How far the feed has been fanned out.
    func cursor() async throws -> ChangeFeed.Position {
        let row = try await self.database.read { try $0.queryOne("SELECT beginning, sequence FROM fanOut") }
        guard let row else { throw CollimatorError(.internalError, "the cursor of the deliveries is missing") }
        return ChangeFeed.Position(beginning: try row.integer(0), sequence: try row.integer(1))
    }

    /// Writes deliveries and that the feed was taken so far, in one transaction; gives how many.
    ///
    /// A page that is taken twice brings nothing the second time.
    func fanOut(
        _ deliveries: [NewDelivery],
        of events: [ChangeEvent] = [],
        to next: ChangeFeed.Position,
        now: Int64
    ) async throws -> Int {
        try await self.database.write { connection in
            for event in events { try Self.noteChange(event, on: connection) }
            var count = 0
            for delivery in deliveries {
                count += try Self.insert(delivery, beginning: next.beginning, now: now, on: connection)
            }
            try self.move(to: next, on: connection)
            return count
        }
    }

    /// Nothing for an endpoint that is not called any more, nor for an event that it has a delivery of.
    static func insert(
        _ delivery: NewDelivery,
        beginning: Int64,
        now: Int64,
        on connection: any SQLConnection
    ) throws -> Int {
        let event = delivery.event
        // Of a deleted study nothing is left to ask about when it is delivered.
        let kept: SQLValue = event.type == .studyDeleted ? .blob(DICOMJSON.encode(event.attributes)) : .null
        return try connection.execute(
            """
            INSERT INTO delivery
                (id, endpoint, event, sequence, type, store, study, policy, kept, body, state, createdAt, dueAt)
            SELECT (SELECT COALESCE(MAX(id), 0) + 1 FROM delivery), ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, ?10, ?10
            WHERE EXISTS (SELECT 1 FROM endpoint WHERE id = ?1 AND state = 'active')
                AND NOT EXISTS (SELECT 1 FROM delivery WHERE endpoint = ?1 AND event = ?2)
            """,
            [
                .text(delivery.endpoint), .text(event.id(beginning: beginning)), .integer(event.sequence),
                .text(event.type.rawValue), .text(event.store?.rawValue), .text(event.study?.rawValue),
                .text(delivery.policy.rawValue), kept, .blob(delivery.body), .integer(now),
            ]
        )
    }

    /// Begins at the position, without deliveries of what lies before it.
    func begin(at position: ChangeFeed.Position) async throws {
        try await self.database.write { try self.move(to: position, on: $0) }
    }

    private func move(to position: ChangeFeed.Position, on connection: any SQLConnection) throws {
        try connection.execute(
            "UPDATE fanOut SET beginning = ?1, sequence = ?2 WHERE name = 'feed'",
            [.integer(position.beginning), .integer(position.sequence)]
        )
    }

    /// Ends every lease: for the start of a process that is the only one, and whose predecessor may have been killed.
    func release(now: Int64) async throws {
        try await self.database.write { connection in
            for row in try connection.query("SELECT id FROM endpoint") {
                try connection.execute(
                    "UPDATE delivery SET dueAt = ?2 WHERE endpoint = ?1 AND state = 1 AND dueAt > ?2",
                    [.text(try row.text(0)), .integer(now)]
                )
            }
        }
    }

    /// Takes deliveries that are due, no more of one endpoint than it may have under way, and holds them for the lease.
    ///
    /// It goes round: the endpoint behind the last one that had its turn is the first to have the next.
    func claim(
        now: Int64,
        limit: Int,
        perEndpoint: Int,
        lease: Duration,
        after last: String = ""
    ) async throws -> [ClaimedDelivery] {
        let until = now + lease.components.seconds * 1_000
        return try await self.database.write { connection in
            let endpoints = try connection.query(
                """
                SELECT id, url, isOrdered, callsPerMinute, calledUntil FROM endpoint
                WHERE state = ?1 AND (pausedUntil <= ?2 OR pausedUntil > ?4)
                ORDER BY CASE WHEN id > ?3 THEN 0 ELSE 1 END, id
                """,
                // A pause that is longer than any was made before the clock was set back.
                [
                    .text(WebhookEndpoint.State.active.rawValue), .integer(now), .text(last),
                    .integer(now + Self.pauseMax),
                ]
            )
            var claimed: [ClaimedDelivery] = []
            // Each in its turn, so that one with a long queue leaves room for the others.
            let share = max(1, limit / max(1, endpoints.count))
            for row in endpoints where claimed.count < limit {
                let endpoint = try row.text(0)
                let underway = try connection.queryOne(
                    "SELECT COUNT(*) FROM delivery WHERE endpoint = ?1 AND state = 1 AND dueAt > ?2",
                    [.text(endpoint), .integer(now)]
                )
                let pace = CallPace(
                    callsPerMinute: try row.integerIfPresent(3),
                    until: try row.integer(4),
                    now: now
                )
                let room = min(perEndpoint - Int(try underway?.integer(0) ?? 0), limit - claimed.count)
                let free = min(room, share, pace.free)
                guard free > 0 else { continue }
                let turn = Turn(url: try row.text(1), count: free, now: now, until: until)
                let taken = try Self.claim(of: endpoint, turn, isOrdered: try row.integer(2) != 0, connection)
                try pace.note(taken.count, of: endpoint, on: connection)
                claimed += taken
            }
            return claimed
        }
    }

    /// Longer than any pause, in milliseconds.
    private static let pauseMax: Int64 = 60 * 60 * 1_000

    private struct Turn {
        let url: String
        let count: Int
        let now: Int64
        let until: Int64
    }

    private static func claim(
        of endpoint: String,
        _ turn: Turn,
        isOrdered: Bool,
        _ connection: any SQLConnection
    ) throws -> [ClaimedDelivery] {
        let rows = try connection.query(
            isOrdered ? Self.selectOrdered : Self.selectDue,
            [.text(endpoint), .integer(turn.now), .integer(turn.count)]
        )
        return try rows.map { row in
            let claimed = try Self.claimed(row, of: endpoint, turn.url)
            try connection.execute(
                "UPDATE delivery SET state = 1, dueAt = ?2, token = ?3 WHERE id = ?1",
                [.integer(claimed.id), .integer(turn.until), .integer(claimed.token)]
            )
            return claimed
        }
    }

    private static let selectDue = """
        SELECT id, event, store, study, kept, policy, body, attempts, token, type FROM delivery
        WHERE endpoint = ?1 AND state IN (0, 1) AND dueAt <= ?2 ORDER BY dueAt, id LIMIT ?3
        """

    /// Of a study what was written down first, and nothing behind it before it has ended.
    private static let selectOrdered = """
        SELECT id, event, store, study, kept, policy, body, attempts, token, type FROM delivery AS d
        WHERE endpoint = ?1 AND state IN (0, 1) AND dueAt <= ?2 AND NOT EXISTS (
            SELECT 1 FROM delivery AS e WHERE e.endpoint = ?1 AND e.study = d.study AND e.store = d.store
                AND e.sequence < d.sequence AND e.state < 2
        ) ORDER BY sequence LIMIT ?3
        """

    private static func claimed(_ row: SQLRow, of endpoint: String, _ url: String) throws -> ClaimedDelivery {
        guard let policy = EventDataPolicy(rawValue: try row.text(5)),
            let type = ChangeEvent.Kind(rawValue: try row.text(9))
        else {
            throw CollimatorError(.internalError, "a row of a delivery is not one of ours")
        }
        return ClaimedDelivery(
            id: try row.integer(0),
            endpoint: endpoint,
            url: url,
            event: try row.text(1),
            type: type,
            subject: EventSubject(
                store: try row.textIfPresent(2).flatMap { StoreName($0) },
                study: try row.textIfPresent(3).flatMap { StudyUID($0) },
                kept: try row.blobIfPresent(4).map { try DICOMJSON.dataSet(from: $0) }
            ),
            policy: policy,
            body: try row.blob(6),
            attempts: Int(try row.integer(7)),
            token: try row.integer(8) + 1
        )
    }

    /// When something is to be done next, in milliseconds since 1970; nil where nothing waits.
    package func nextDue() async throws -> Int64? {
        try await self.database.read { connection in
            try connection.queryOne(
                """
                SELECT MIN(CASE WHEN d.dueAt > e.pausedUntil THEN d.dueAt ELSE e.pausedUntil END)
                FROM delivery d JOIN endpoint e ON e.id = d.endpoint WHERE d.state IN (0, 1) AND e.state = 'active'
                """
            )?.integerIfPresent(0)
        }
    }
}

/// How many calls an endpoint may have now that asked for so many in a minute: they are spread over it, and what was not
/// called for is made up for a second.
private struct CallPace {
    /// Nil where it asked for nothing.
    let interval: Int64?
    let earliest: Int64
    let free: Int

    init(callsPerMinute: Int64?, until: Int64, now: Int64) {
        guard let callsPerMinute else {
            (self.interval, self.earliest, self.free) = (nil, 0, Int.max)
            return
        }
        let interval = max(1, (60_000 + callsPerMinute - 1) / callsPerMinute)
        // A clock that was set back must not stop the calls.
        let until = min(until, now + interval)
        let earliest = max(until, now - max(1_000, interval))
        (self.interval, self.earliest, self.free) = (interval, earliest, max(0, Int((now - earliest) / interval)))
    }

    func note(_ count: Int, of endpoint: String, on connection: any SQLConnection) throws {
        guard let interval, count > 0 else { return }
        try connection.execute(
            "UPDATE endpoint SET calledUntil = ?2 WHERE id = ?1",
            [.text(endpoint), .integer(self.earliest + Int64(count) * interval)]
        )
    }
}
