internal import CollimatorCore
internal import Persistence

extension Archive {
    /// Makes a subscription; it gets what is published from now on.
    ///
    /// - Throws: `notFound` where there is no such topic, `alreadyExists`.
    package func createSubscription(
        _ name: PubSubName,
        of topic: PubSubName,
        _ settings: SubscriptionSettings,
        body: [UInt8]
    ) async throws(ArchiveError) {
        try await self.creating { connection in
            guard let topic = try Publication(connection: connection, nowMicroseconds: 0).topic(topic) else {
                throw ArchiveError.notFound
            }
            try connection.execute(
                """
                INSERT INTO subscription (body, ackDeadlineSeconds, retentionSeconds, deadLetterProject,
                    deadLetterTopic, attemptsMax, backoffMinSeconds, backoffMaxSeconds, isPush, project, name, topic)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
                """,
                Self.columns(settings, body) + [.text(name.project), .text(name.id), .integer(topic)]
            )
        }
    }

    /// Changes a subscription.
    ///
    /// `old` is the body that the change was worked out from.
    /// - Throws: `notFound`; `changed` where the body is not `old` any more.
    package func updateSubscription(
        _ name: PubSubName,
        _ settings: SubscriptionSettings,
        body: [UInt8],
        replacing old: [UInt8]
    ) async throws(ArchiveError) {
        try await self.writing { connection in
            let id = try Self.subscription(name, connection)
            let count = try connection.execute(
                """
                UPDATE subscription SET body = ?1, ackDeadlineSeconds = ?2, retentionSeconds = ?3,
                    deadLetterProject = ?4, deadLetterTopic = ?5, attemptsMax = ?6, backoffMinSeconds = ?7,
                    backoffMaxSeconds = ?8, isPush = ?9
                WHERE id = ?10 AND body = ?11
                """,
                Self.columns(settings, body) + [.integer(id), .blob(old)]
            )
            guard count == 1 else { throw ArchiveError.changed }
        }
        self.bell.ring()
    }

    /// The subscription, nil where there is none of the name.
    package func subscription(_ name: PubSubName) async throws(ArchiveError) -> SubscriptionRecord? {
        try await self.reading { connection in
            try connection.queryOne(
                Self.selectSubscriptions + " WHERE s.project = ?1 AND s.name = ?2",
                [.text(name.project), .text(name.id)]
            ).map { try SubscriptionRecord($0) }
        }
    }

    /// A part of the subscriptions of a project, by name.
    package func subscriptions(
        in project: String,
        pageSize: Int,
        after: String?
    ) async throws(ArchiveError) -> Page<SubscriptionRecord> {
        let records = try await self.reading { connection in
            try connection.query(
                Self.selectSubscriptions + " WHERE s.project = ?1 AND s.name > ?2 ORDER BY s.name LIMIT ?3",
                [.text(project), .text(after ?? ""), .integer(pageSize + 1)]
            ).map { try SubscriptionRecord($0) }
        }
        return Page(records, pageSize: pageSize) { $0.name.id }
    }

    /// Every subscription whose messages are pushed.
    package func pushSubscriptions() async throws(ArchiveError) -> [SubscriptionRecord] {
        try await self.reading { connection in
            try connection.query(Self.selectSubscriptions + " WHERE s.isPush = 1 AND s.isDetached = 0 ORDER BY s.id")
                .map { try SubscriptionRecord($0) }
        }
    }

    /// Deletes a subscription and what it holds.
    ///
    /// - Throws: `notFound`.
    package func deleteSubscription(_ name: PubSubName) async throws(ArchiveError) {
        try await self.writing { connection in
            let id = try Self.subscription(name, connection)
            try Self.empty(id, connection)
            try connection.execute("DELETE FROM subscription WHERE id = ?1", [.integer(id)])
        }
        self.bell.ring()
    }

    /// Detaches a subscription from its topic, for good, and drops what it holds.
    ///
    /// - Throws: `notFound`.
    package func detachSubscription(_ name: PubSubName) async throws(ArchiveError) {
        try await self.writing { connection in
            let id = try Self.subscription(name, connection)
            try Self.empty(id, connection)
            try connection.execute(
                "UPDATE subscription SET topic = NULL, isDetached = 1 WHERE id = ?1",
                [.integer(id)]
            )
        }
        self.bell.ring()
    }

    private static func empty(_ subscription: Int64, _ connection: any SQLConnection) throws {
        try connection.execute("DELETE FROM delivery WHERE subscription = ?1", [.integer(subscription)])
        try connection.execute(
            "DELETE FROM message WHERE NOT EXISTS (SELECT 1 FROM delivery d WHERE d.message = message.id)"
        )
    }

    /// The number of the subscription.
    static func subscription(_ name: PubSubName, _ connection: any SQLConnection) throws -> Int64 {
        let row = try connection.queryOne(
            "SELECT id FROM subscription WHERE project = ?1 AND name = ?2",
            [.text(name.project), .text(name.id)]
        )
        guard let row else { throw ArchiveError.notFound }
        return try row.integer(0)
    }

    private static let selectSubscriptions = """
        SELECT s.project, s.name, t.project, t.name, s.isDetached, s.body
        FROM subscription s LEFT JOIN topic t ON t.id = s.topic
        """

    private static func columns(_ settings: SubscriptionSettings, _ body: [UInt8]) -> [SQLValue] {
        [
            .blob(body), .integer(settings.ackDeadlineSeconds), .integer(settings.retentionSeconds),
            .text(settings.deadLetterTopic?.project), .text(settings.deadLetterTopic?.id),
            .integer(settings.attemptsMax), .integer(settings.backoffMinSeconds),
            .integer(settings.backoffMaxSeconds), .integer(settings.isPush ? 1 : 0),
        ]
    }
}

extension SubscriptionRecord {
    fileprivate init(_ row: SQLRow) throws {
        guard let name = PubSubName(project: try row.text(0), id: try row.text(1)) else {
            throw ArchiveError.internalFault
        }
        let topic = try row.textIfPresent(2).flatMap { project in
            try row.textIfPresent(3).flatMap { PubSubName(project: project, id: $0) }
        }
        self.init(name: name, topic: topic, isDetached: try row.integer(4) == 1, body: try row.blob(5))
    }
}
