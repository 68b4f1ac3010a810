internal import Persistence

extension WebhookStore {
    /// Why a delivery was given up without a call.
    enum GivenUp: String {
        /// The endpoint has more waiting than it may have.
        case queueFull = "queue-full"
        /// The endpoint has not been called for so long.
        case waitedTooLong = "waited-too-long"
    }

    /// Gives up the oldest of what waits for endpoints that have more waiting than they may; gives how many.
    func giveUpExcess(waitingMax: Int, now: Int64, limit: Int) async throws -> Int {
        let full = try await self.database.read { connection in
            try connection.query(
                "SELECT endpoint, COUNT(*) FROM delivery WHERE state < 2 GROUP BY endpoint HAVING COUNT(*) > ?1",
                [.integer(waitingMax)]
            ).map { (endpoint: try $0.text(0), excess: Int(try $0.integer(1)) - waitingMax) }
        }
        var count = 0
        for one in full where count < limit {
            let most = min(one.excess, limit - count)
            count += try await self.giveUp(.queueFull, now: now) { connection in
                try connection.query(
                    """
                    SELECT id FROM delivery WHERE endpoint = ?1 AND state < 2 AND state + 0 = 0
                    ORDER BY sequence, id LIMIT ?2
                    """,
                    [.text(one.endpoint), .integer(most)]
                )
            }
        }
        return count
    }

    /// Gives up what has been due since before the time, for endpoints that are not called; gives how many.
    func giveUpOld(before time: Int64, now: Int64, limit: Int) async throws -> Int {
        try await self.giveUp(.waitedTooLong, now: now) { connection in
            var rows: [SQLRow] = []
            for endpoint in try connection.query("SELECT id FROM endpoint WHERE state <> 'active'")
            where rows.count < limit {
                rows += try connection.query(
                    """
                    SELECT id FROM delivery WHERE endpoint = ?1 AND state < 2 AND dueAt < ?2
                    ORDER BY dueAt, id LIMIT ?3
                    """,
                    [.text(try endpoint.text(0)), .integer(time), .integer(limit - rows.count)]
                )
            }
            return rows
        }
    }

    /// They are dead letters, each with the reason as its last attempt, and can be asked for again.
    private func giveUp(
        _ reason: GivenUp,
        now: Int64,
        _ which: @escaping @Sendable (any SQLConnection) throws -> [SQLRow]
    ) async throws -> Int {
        try await self.database.write { connection in
            let rows = try which(connection)
            for row in rows {
                let id = SQLValue.integer(try row.integer(0))
                // Another token: what is under way for long writes nothing over it.
                try connection.execute(
                    "UPDATE delivery SET state = 3, dueAt = ?2, token = token + 1 WHERE id = ?1",
                    [id, .integer(now)]
                )
                try connection.execute(
                    """
                    INSERT INTO attempt (delivery, number, at, duration, status, failure)
                    SELECT ?1, COALESCE(MAX(number), 0) + 1, ?2, 0, NULL, ?3 FROM attempt WHERE delivery = ?1
                    """,
                    [id, .integer(now), .text(reason.rawValue)]
                )
            }
            return rows.count
        }
    }
}
