internal import CollimatorCore
internal import Persistence

/// Writes messages and who is to get them, inside a transaction.
struct Publication {
    let connection: any SQLConnection
    let nowMicroseconds: Int64

    /// The number of the topic, nil where there is none of the name.
    func topic(_ name: PubSubName) throws -> Int64? {
        try self.connection.queryOne(
            "SELECT id FROM topic WHERE project = ?1 AND name = ?2",
            [.text(name.project), .text(name.id)]
        )?.integer(0)
    }

    /// Publishes to the topic and gives the numbers of the messages.
    ///
    /// A message that nobody is subscribed to has a number and is not kept.
    @discardableResult
    func publish(_ messages: [OutgoingMessage], to topic: Int64) throws -> [Int64] {
        let subscriptions = try self.connection.query(
            "SELECT id FROM subscription WHERE topic = ?1 ORDER BY id",
            [.integer(topic)]
        ).map { try $0.integer(0) }
        let end = try self.connection.queryOne(
            """
            INSERT INTO counter (name, value) VALUES ('message', ?1 + 1)
            ON CONFLICT (name) DO UPDATE SET value = value + ?1 RETURNING value
            """,
            [.integer(messages.count)]
        )?.integer(0)
        guard let end else { throw ArchiveError.internalFault }
        let ids = Array((end - Int64(messages.count))..<end)
        guard !subscriptions.isEmpty else { return ids }
        for (id, message) in zip(ids, messages) {
            try self.connection.execute(
                """
                INSERT INTO message (id, publishedAtMicroseconds, data, attributes, orderingKey)
                VALUES (?1, ?2, ?3, ?4, ?5)
                """,
                [
                    .integer(id), .integer(self.nowMicroseconds), .blob(message.data), .blob(message.attributes),
                    .text(message.orderingKey),
                ]
            )
            for subscription in subscriptions {
                try self.connection.execute(
                    "INSERT INTO delivery (subscription, message, dueAtMicroseconds) VALUES (?1, ?2, ?3)",
                    [.integer(subscription), .integer(id), .integer(self.nowMicroseconds)]
                )
            }
        }
        return ids
    }

    /// Ends the delivery of a message to a subscription, and drops the message where that was the last.
    func endDelivery(of message: Int64, to subscription: Int64) throws {
        let count = try self.connection.execute(
            "DELETE FROM delivery WHERE subscription = ?1 AND message = ?2",
            [.integer(subscription), .integer(message)]
        )
        guard count > 0 else { return }
        let other = try self.connection.queryOne(
            "SELECT 1 FROM delivery WHERE message = ?1 LIMIT 1",
            [.integer(message)]
        )
        guard other == nil else { return }
        try self.connection.execute("DELETE FROM message WHERE id = ?1", [.integer(message)])
    }
}
