internal import Catalog
package import CollimatorCore
package import DICOMweb
internal import Persistence

/// A delivery as people look at it.
package struct WebhookDelivery: Hashable, Sendable {
    /// Its number, by which lists are ordered.
    package let number: Int64
    package let event: String
    package let type: String
    package let store: StoreName?
    package let study: StudyUID?
    package let state: DeliveryState
    /// How many attempts were made since it was last asked for.
    package let attempts: Int
    /// Milliseconds since 1970.
    package let createdAt: Int64
    /// When it is looked at next, or when it ended; milliseconds since 1970.
    package let dueAt: Int64
}

/// One call, as people look at it.
package struct WebhookAttempt: Hashable, Sendable {
    package let number: Int
    /// Milliseconds since 1970.
    package let startedAt: Int64
    package let milliseconds: Int64
    /// What the receiver answered; nil where it did not.
    package let status: Int?
    /// Why it did not answer.
    package let failure: String?
}

extension WebhookStore {
    /// Deliveries of an endpoint, the newest first, below a number.
    package func deliveries(
        of endpoint: String,
        in state: DeliveryState?,
        before number: Int64?,
        limit: Int
    ) async throws -> [WebhookDelivery] {
        try await self.database.read { connection in
            try connection.query(
                Self.selectDelivery
                    + " WHERE endpoint = ?1 AND (?2 IS NULL OR state = ?2) AND id < ?3 ORDER BY id DESC LIMIT ?4",
                [
                    .text(endpoint), .integer(state?.rawValue), .integer(number ?? .max), .integer(limit),
                ]
            ).map { try Self.delivery($0) }
        }
    }

    /// - Throws: `not-found` where there is none.
    package func delivery(of event: String, to endpoint: String) async throws -> WebhookDelivery {
        let row = try await self.database.read { connection in
            try connection.queryOne(
                Self.selectDelivery + " WHERE endpoint = ?1 AND event = ?2",
                [.text(endpoint), .text(event)]
            )
        }
        guard let row else { throw Self.noDelivery }
        return try Self.delivery(row)
    }

    /// The last calls of a delivery, the first one first.
    ///
    /// - Throws: `not-found` where there is no such delivery.
    package func attempts(of event: String, to endpoint: String, limit: Int) async throws -> [WebhookAttempt] {
        try await self.database.read { connection in
            guard
                let delivery = try connection.queryOne(
                    "SELECT id FROM delivery WHERE endpoint = ?1 AND event = ?2",
                    [.text(endpoint), .text(event)]
                )
            else { throw Self.noDelivery }
            return try connection.query(
                """
                SELECT number, at, duration, status, failure FROM attempt WHERE delivery = ?1
                ORDER BY number DESC LIMIT ?2
                """,
                [.integer(try delivery.integer(0)), .integer(limit)]
            ).reversed().map { row in
                WebhookAttempt(
                    number: Int(try row.integer(0)),
                    startedAt: try row.integer(1),
                    milliseconds: try row.integer(2),
                    status: try row.integerIfPresent(3).map { Int($0) },
                    failure: try row.textIfPresent(4)
                )
            }
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

    /// Has a delivery made again from the first attempt, whatever became of it.
    ///
    /// - Throws: `not-found` where there is none, `conflict` while it is under way.
    func redeliver(_ event: String, to endpoint: String, now: Int64) async throws {
        let count = try await self.database.write { connection in
            try connection.execute(
                """
                UPDATE delivery SET state = 0, attempts = 0, dueAt = ?3
                WHERE endpoint = ?1 AND event = ?2 AND state IN (0, 2, 3, 4)
                """,
                [.text(endpoint), .text(event), .integer(now)]
            )
        }
        guard count == 0 else { return }
        _ = try await self.delivery(of: event, to: endpoint)
        throw CollimatorError(
            .conflict,
            "a delivery is under way",
            publicDetail: "The delivery is under way. Look again when it has ended."
        )
    }

    /// Forgets deliveries that ended before the time, with their attempts; gives how many.
    func dropEnded(before time: Int64, limit: Int) async throws -> Int {
        try await self.database.write { connection in
            let rows = try connection.query(
                "SELECT id FROM delivery WHERE state > 1 AND dueAt < ?1 ORDER BY dueAt LIMIT ?2",
                [.integer(time), .integer(limit)]
            )
            for row in rows {
                try connection.execute("DELETE FROM delivery WHERE id = ?1", [.integer(try row.integer(0))])
            }
            try connection.execute("DELETE FROM replay WHERE endedAt < ?1", [.integer(time)])
            return rows.count
        }
    }

    private static var noDelivery: CollimatorError {
        CollimatorError(.notFound, "the endpoint has no delivery of this event")
    }

    private static let selectDelivery =
        "SELECT id, event, type, store, study, state, attempts, createdAt, dueAt FROM delivery"

    private static func delivery(_ row: SQLRow) throws -> WebhookDelivery {
        guard let state = DeliveryState(rawValue: try row.integer(5)) else {
            throw CollimatorError(.internalError, "a row of a delivery is not one of ours")
        }
        return WebhookDelivery(
            number: try row.integer(0),
            event: try row.text(1),
            type: try row.text(2),
            store: try row.textIfPresent(3).flatMap { StoreName($0) },
            study: try row.textIfPresent(4).flatMap { StudyUID($0) },
            state: state,
            attempts: Int(try row.integer(6)),
            createdAt: try row.integer(7),
            dueAt: try row.integer(8)
        )
    }
}
