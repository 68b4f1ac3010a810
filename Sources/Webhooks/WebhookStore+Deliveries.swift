internal import Catalog
internal import CollimatorCore
internal import DICOMweb
internal import Persistence

/// A delivery that a worker holds until its lease ends.
package struct ClaimedDelivery: Hashable, Sendable {
    package let id: Int64
    package let endpoint: String
    package let url: String
    /// The id of the event, and of the message: the same in every attempt.
    package let event: String
    package let type: String
    package let store: String?
    package let study: String?
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

extension WebhookStore {
    /// How far the feed has been fanned out.
    func cursor() async throws -> ChangeFeed.Position {
        let row = try await self.database.read { try $0.queryOne("SELECT beginning, sequence FROM fanOut") }
        guard let row else { throw CollimatorError(.internalError, "the cursor of the deliveries is missing") }
        return ChangeFeed.Position(beginning: try row.integer(0), sequence: try row.integer(1))
    }

    /// Writes the deliveries of a page of events and that the page was taken, in one transaction; gives how many.
    ///
    /// A page that is taken twice brings nothing the second time.
    func fanOut(
        _ page: ChangeFeed.Page,
        now: Int64,
        isVisible: @escaping @Sendable (ChangeEvent, WebhookEndpoint) -> Bool
    ) async throws -> Int {
        try await self.database.write { connection in
            let endpoints = try connection.query(
                Self.select + " WHERE state = ?1 ORDER BY id",
                [.text(WebhookEndpoint.State.active.rawValue)]
            ).map { try Self.endpoint($0) }
            var count = 0
            for event in page.events {
                for endpoint in endpoints where endpoint.filter.passes(event) && isVisible(event, endpoint) {
                    count += try connection.execute(
                        """
                        INSERT INTO delivery (id, endpoint, event, sequence, type, store, study, body, state, dueAt)
                        SELECT (SELECT COALESCE(MAX(id), 0) + 1 FROM delivery), ?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?8
                        WHERE NOT EXISTS (SELECT 1 FROM delivery WHERE endpoint = ?1 AND event = ?2)
                        """,
                        [
                            .text(endpoint.id), .text(event.id(beginning: page.next.beginning)),
                            .integer(event.sequence), .text(event.type.rawValue), .text(event.store?.rawValue),
                            .text(event.study?.rawValue),
                            .blob(try event.cloudEvent(endpoint.policy, beginning: page.next.beginning)), .integer(now),
                        ]
                    )
                }
            }
            try self.move(to: page.next, on: connection)
            return count
        }
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

    /// Takes deliveries that are due, no more of one endpoint than it may have under way, and holds them for the lease.
    func claim(now: Int64, limit: Int, perEndpoint: Int, lease: Duration) async throws -> [ClaimedDelivery] {
        let until = now + lease.components.seconds * 1_000
        return try await self.database.write { connection in
            let endpoints = try connection.query(
                "SELECT id, url FROM endpoint WHERE state = ?1 AND pausedUntil <= ?2 ORDER BY pausedUntil, id",
                [.text(WebhookEndpoint.State.active.rawValue), .integer(now)]
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
                let free = min(perEndpoint - Int(try underway?.integer(0) ?? 0), max(share, 1), limit - claimed.count)
                guard free > 0 else { continue }
                claimed += try Self.claim(of: endpoint, url: try row.text(1), free, now: now, until: until, connection)
            }
            return claimed
        }
    }

    private static func claim(
        of endpoint: String,
        url: String,
        _ count: Int,
        now: Int64,
        until: Int64,
        _ connection: any SQLConnection
    ) throws -> [ClaimedDelivery] {
        let rows = try connection.query(
            """
            SELECT id, event, type, store, study, body, attempts, token FROM delivery
            WHERE endpoint = ?1 AND state IN (0, 1) AND dueAt <= ?2 ORDER BY dueAt, id LIMIT ?3
            """,
            [.text(endpoint), .integer(now), .integer(count)]
        )
        return try rows.map { row in
            let claimed = ClaimedDelivery(
                id: try row.integer(0),
                endpoint: endpoint,
                url: url,
                event: try row.text(1),
                type: try row.text(2),
                store: try row.textIfPresent(3),
                study: try row.textIfPresent(4),
                body: try row.blob(5),
                attempts: Int(try row.integer(6)),
                token: try row.integer(7) + 1
            )
            try connection.execute(
                "UPDATE delivery SET state = 1, dueAt = ?2, token = ?3 WHERE id = ?1",
                [.integer(claimed.id), .integer(until), .integer(claimed.token)]
            )
            return claimed
        }
    }

    /// How many deliveries are in a state, of one endpoint or of all.
    package func count(_ state: DeliveryState, of endpoint: String? = nil) async throws -> Int {
        try await self.database.read { connection in
            let row = try connection.queryOne(
                "SELECT COUNT(*) FROM delivery WHERE state = ?1 AND (?2 IS NULL OR endpoint = ?2)",
                [.integer(state.rawValue), .text(endpoint)]
            )
            return Int(try row?.integer(0) ?? 0)
        }
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

    /// Has every dead delivery since the time, or one of them, tried again from the first attempt; gives how many.
    @discardableResult
    package func redeliver(_ endpoint: String, event: String? = nil, now: Int64) async throws -> Int {
        try await self.database.write { connection in
            try connection.execute(
                """
                UPDATE delivery SET state = 0, attempts = 0, dueAt = ?3
                WHERE endpoint = ?1 AND ((?2 IS NULL AND state = 3) OR (event = ?2 AND state IN (2, 3)))
                """,
                [.text(endpoint), .text(event), .integer(now)]
            )
        }
    }
}
