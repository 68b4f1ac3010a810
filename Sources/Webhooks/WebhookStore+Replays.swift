internal import Catalog
internal import CollimatorCore
internal import Cryptography
internal import Persistence

extension WebhookStore {
    /// Writes a replay down that begins where the range does.
    ///
    /// - Throws: `conflict` while another one of the endpoint runs: what is asked for fifty times is done once.
    func begin(
        _ wish: WebhookReplay.Wish,
        of endpoint: String,
        in range: ChangeFeed.Stretch,
        now: Int64
    ) async throws -> WebhookReplay {
        let id = WebhookReplay.idPrefix + Base64URL.encode(SecureRandom.bytes(16))
        let count = try await self.database.write { connection in
            let count = try connection.execute(
                """
                INSERT INTO replay (id, endpoint, state, since, until, includesDelivered, beginning, startSequence,
                    endSequence, sequence, isComplete, createdAt)
                SELECT ?1, ?2, 'running', ?3, ?4, ?5, ?6, ?7, ?8, ?7, ?9, ?10
                WHERE NOT EXISTS (SELECT 1 FROM replay WHERE endpoint = ?2 AND state = 'running')
                """,
                [
                    .text(id), .text(endpoint), .integer(wish.since), .integer(wish.until),
                    .integer(wish.includesDelivered ? 1 : 0), .integer(range.start.beginning),
                    .integer(range.start.sequence), .integer(range.end.sequence),
                    .integer(range.isComplete ? 1 : 0), .integer(now),
                ]
            )
            try connection.execute(
                """
                DELETE FROM replay WHERE endpoint = ?1 AND state <> 'running' AND id NOT IN (
                    SELECT id FROM replay WHERE endpoint = ?1 ORDER BY createdAt DESC, id LIMIT ?2
                )
                """,
                [.text(endpoint), .integer(WebhookReplay.keptMax)]
            )
            return count
        }
        guard count == 1 else {
            throw CollimatorError(
                .conflict,
                "a replay of the endpoint runs",
                publicDetail: "A replay of this endpoint runs. Wait for its end, or cancel it."
            )
        }
        return try await self.replay(id, of: endpoint)
    }

    /// The replays of an endpoint, the newest first.
    package func replays(of endpoint: String) async throws -> [WebhookReplay] {
        try await self.database.read { connection in
            try connection.query(
                Self.selectReplay + " WHERE endpoint = ?1 ORDER BY createdAt DESC, id",
                [.text(endpoint)]
            ).map { try Self.replay($0) }
        }
    }

    /// - Throws: `not-found` where there is none.
    package func replay(_ id: String, of endpoint: String) async throws -> WebhookReplay {
        let row = try await self.database.read { connection in
            try connection.queryOne(
                Self.selectReplay + " WHERE id = ?1 AND endpoint = ?2",
                [.text(id), .text(endpoint)]
            )
        }
        guard let row else { throw CollimatorError(.notFound, "the endpoint has no such replay") }
        return try Self.replay(row)
    }

    /// Ends a replay; what it has asked for is delivered all the same.
    ///
    /// One that has ended stays as it is.
    func cancelReplay(_ id: String, of endpoint: String, now: Int64) async throws -> WebhookReplay {
        try await self.database.write { connection in
            _ = try connection.execute(
                """
                UPDATE replay SET state = 'cancelled', endedAt = ?3
                WHERE id = ?1 AND endpoint = ?2 AND state = 'running'
                """,
                [.text(id), .text(endpoint), .integer(now)]
            )
        }
        return try await self.replay(id, of: endpoint)
    }

    /// The replays that can go on: their endpoints are called, and have not too much to do already.
    func replaysToGoOn(waitingMax: Int) async throws -> [WebhookReplay] {
        try await self.database.read { connection in
            let running = try connection.query(
                Self.selectReplay
                    + " WHERE state = 'running' AND endpoint IN (SELECT id FROM endpoint WHERE state = 'active')"
            ).map { try Self.replay($0) }
            return try running.filter { replay in
                let row = try connection.queryOne(
                    "SELECT COUNT(*) FROM (SELECT 1 FROM delivery WHERE endpoint = ?1 AND state < 2 LIMIT ?2) AS few",
                    [.text(replay.endpoint), .integer(waitingMax)]
                )
                return try row?.integer(0) ?? 0 < Int64(waitingMax)
            }
        }
    }

    /// Asks for the deliveries of a page, and notes how far the replay is, in one transaction.
    ///
    /// Nothing is written where the replay is no longer where it was.
    func goOn(
        _ replay: WebhookReplay,
        with deliveries: [NewDelivery],
        to next: ChangeFeed.Position,
        isComplete: Bool,
        now: Int64
    ) async throws {
        let isLast = next.sequence >= replay.endSequence || next.beginning != replay.position.beginning
        try await self.database.write { connection in
            let count = try connection.execute(
                """
                UPDATE replay SET sequence = ?4, isComplete = ?5,
                    state = CASE WHEN ?6 IS NULL THEN state ELSE 'finished' END, endedAt = ?6
                WHERE id = ?1 AND state = 'running' AND beginning = ?2 AND sequence = ?3
                """,
                [
                    .text(replay.id), .integer(replay.position.beginning), .integer(replay.position.sequence),
                    .integer(next.sequence), .integer(isComplete ? 1 : 0), .integer(isLast ? now : nil),
                ]
            )
            guard count == 1 else { return }
            var written: Int64 = 0
            for delivery in deliveries {
                let again = try Self.again(delivery, replay, beginning: next.beginning, now: now, on: connection)
                written += again ? 1 : 0
            }
            try connection.execute(
                "UPDATE replay SET deliveries = deliveries + ?2 WHERE id = ?1",
                [.text(replay.id), .integer(written)]
            )
        }
    }

    /// What waits or is under way is left as it is.
    private static func again(
        _ delivery: NewDelivery,
        _ replay: WebhookReplay,
        beginning: Int64,
        now: Int64,
        on connection: any SQLConnection
    ) throws -> Bool {
        let count = try connection.execute(
            """
            UPDATE delivery SET state = 0, attempts = 0, dueAt = ?4, policy = ?5, body = ?6
            WHERE endpoint = ?1 AND event = ?2 AND (state IN (3, 4) OR (state = 2 AND ?3 = 1))
            """,
            [
                .text(delivery.endpoint), .text(delivery.event.id(beginning: beginning)),
                .integer(replay.wish.includesDelivered ? 1 : 0), .integer(now), .text(delivery.policy.rawValue),
                .blob(delivery.body),
            ]
        )
        if count > 0 { return true }
        return try Self.insert(delivery, beginning: beginning, now: now, on: connection) > 0
    }

    private static let selectReplay = """
        SELECT id, endpoint, state, since, until, includesDelivered, startSequence, endSequence, sequence, deliveries,
            isComplete, createdAt, endedAt, beginning
        FROM replay
        """

    private static func replay(_ row: SQLRow) throws -> WebhookReplay {
        guard let state = WebhookReplay.State(rawValue: try row.text(2)) else {
            throw CollimatorError(.internalError, "a row of a replay is not one of ours")
        }
        let (start, end, sequence) = (try row.integer(6), try row.integer(7), try row.integer(8))
        return WebhookReplay(
            id: try row.text(0),
            endpoint: try row.text(1),
            state: state,
            wish: WebhookReplay.Wish(
                since: try row.integer(3),
                until: try row.integerIfPresent(4),
                includesDelivered: try row.integer(5) != 0
            ),
            events: max(0, end - start),
            eventsDone: state == .finished ? max(0, end - start) : max(0, min(sequence, end) - start),
            deliveries: try row.integer(9),
            isComplete: try row.integer(10) != 0,
            createdAt: try row.integer(11),
            endedAt: try row.integerIfPresent(12),
            position: ChangeFeed.Position(beginning: try row.integer(13), sequence: sequence),
            endSequence: end
        )
    }
}
