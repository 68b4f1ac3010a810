internal import CollimatorCore
internal import Cryptography
internal import FoundationEssentials
internal import Persistence

extension Archive {
    /// The most bytes of messages that one pull gives; a single larger message is whole.
    package static let pulledBytesMax = 8 * 1024 * 1024

    /// Gives out messages that are due, each until its deadline is over or it is acknowledged.
    ///
    /// - Throws: `notFound` where there is no such subscription.
    package func pull(_ name: PubSubName, countMax: Int) async throws(ArchiveError) -> [GivenMessage] {
        let now = self.clock.now().microseconds
        // Most calls of a long poll find nothing: they do not keep a writer waiting.
        guard let due = try await self.nextDue(name), due <= now else { return [] }
        let (given, isDead) = try await self.writing { connection in
            let pull = Pull(
                id: try Self.subscription(name, connection),
                name: name,
                publication: Publication(connection: connection, nowMicroseconds: now)
            )
            return try pull.take(countMax: countMax)
        }
        if isDead { self.bell.ring() }
        return given
    }

    /// When the next message of a subscription is due; nil where it holds none.
    ///
    /// - Throws: `notFound` where there is no such subscription.
    package func untilNextDue(_ name: PubSubName) async throws(ArchiveError) -> Duration? {
        try await self.nextDue(name).map { .microseconds(max(0, $0 - self.clock.now().microseconds)) }
    }

    private func nextDue(_ name: PubSubName) async throws(ArchiveError) -> Int64? {
        try await self.reading { connection in
            try connection.queryOne(
                """
                SELECT dueAtMicroseconds FROM delivery WHERE subscription = ?1
                ORDER BY subscription, dueAtMicroseconds, message LIMIT 1
                """,
                [.integer(try Self.subscription(name, connection))]
            )?.integer(0)
        }
    }

    /// Ends the delivery of messages; one that was acknowledged before, or whose deadline is over, may be named too.
    ///
    /// - Throws: `notFound` where there is no such subscription.
    package func acknowledge(_ ids: [AckID], of name: PubSubName) async throws(ArchiveError) {
        try await self.writing { connection in
            let subscription = try Self.subscription(name, connection)
            let publication = Publication(connection: connection, nowMicroseconds: 0)
            for id in ids where id.subscription == subscription {
                try publication.endDelivery(of: id.message, to: subscription)
            }
        }
    }

    /// Moves the deadline of messages that are given out; 0 gives them back, after the pause of the retry policy.
    ///
    /// A message that was given out again since is left alone.
    /// - Throws: `notFound` where there is no such subscription.
    package func extend(_ ids: [AckID], of name: PubSubName, seconds: Int) async throws(ArchiveError) {
        let now = self.clock.now().microseconds
        try await self.writing { connection in
            let subscription = try Self.subscription(name, connection)
            let row = try connection.queryOne(
                "SELECT backoffMinSeconds, backoffMaxSeconds FROM subscription WHERE id = ?1",
                [.integer(subscription)]
            )
            let (least, most) = (try row?.integer(0) ?? 0, try row?.integer(1) ?? 0)
            for id in ids where id.subscription == subscription {
                let doubled = least << min(max(id.attempt - 1, 0), 10)
                let wait = seconds > 0 ? Int64(seconds) : min(doubled, most)
                try connection.execute(
                    """
                    UPDATE delivery SET dueAtMicroseconds = ?4
                    WHERE subscription = ?1 AND message = ?2 AND attempts = ?3
                    """,
                    [
                        .integer(subscription), .integer(id.message), .integer(id.attempt),
                        .integer(now + wait * 1_000_000),
                    ]
                )
            }
        }
        if seconds == 0 { self.bell.ring() }
    }
}

/// One taking of messages, inside a transaction.
private struct Pull {
    let id: Int64
    let name: PubSubName
    let publication: Publication

    /// Messages too old to be kept that one pull drops.
    private static let expiredAtOnce = 200

    func take(countMax: Int) throws -> (given: [GivenMessage], isDead: Bool) {
        let connection = self.publication.connection
        guard
            let settings = try connection.queryOne(
                """
                SELECT ackDeadlineSeconds, retentionSeconds, attemptsMax, deadLetterProject, deadLetterTopic
                FROM subscription WHERE id = ?1
                """,
                [.integer(self.id)]
            )
        else { throw ArchiveError.notFound }
        let now = self.publication.nowMicroseconds
        try self.dropExpired(before: now - settings.integer(1) * 1_000_000)
        let deadLetter = try self.deadLetterTopic(settings)
        let rows = try connection.query(
            """
            SELECT d.message, d.attempts, m.data, m.attributes, m.orderingKey, m.publishedAtMicroseconds
            FROM delivery d CROSS JOIN message m ON m.id = d.message
            WHERE d.subscription = ?1 AND d.dueAtMicroseconds <= ?2
            ORDER BY d.dueAtMicroseconds, d.message LIMIT ?3
            """,
            [.integer(self.id), .integer(now), .integer(countMax)]
        )
        var (given, isDead, bytes): ([GivenMessage], Bool, Int) = ([], false, 0)
        for row in rows {
            let message = OutgoingMessage(
                data: try row.blob(2),
                attributes: try row.blob(3),
                orderingKey: try row.text(4)
            )
            let (number, attempt) = (try row.integer(0), try row.integer(1) + 1)
            if let deadLetter, try attempt > settings.integer(2) {
                try self.publication.publish([self.dead(message, attempts: attempt - 1)], to: deadLetter)
                try self.publication.endDelivery(of: number, to: self.id)
                isDead = true
                continue
            }
            bytes += message.data.count + message.attributes.count
            guard given.isEmpty || bytes <= Archive.pulledBytesMax else { break }
            try connection.execute(
                "UPDATE delivery SET attempts = ?3, dueAtMicroseconds = ?4 WHERE subscription = ?1 AND message = ?2",
                [
                    .integer(self.id), .integer(number), .integer(attempt),
                    .integer(now + settings.integer(0) * 1_000_000),
                ]
            )
            given.append(
                GivenMessage(
                    ackID: AckID(subscription: self.id, message: number, attempt: attempt),
                    message: message,
                    publishedAt: Date(microseconds: try row.integer(5)),
                    deliveryAttempt: settings.isNull(4) ? nil : Int(attempt)
                )
            )
        }
        return (given, isDead)
    }

    private func dropExpired(before microseconds: Int64) throws {
        let rows = try self.publication.connection.query(
            """
            SELECT d.message, m.publishedAtMicroseconds FROM delivery d CROSS JOIN message m ON m.id = d.message
            WHERE d.subscription = ?1 ORDER BY d.message LIMIT ?2
            """,
            [.integer(self.id), .integer(Self.expiredAtOnce)]
        )
        for row in rows where try row.integer(1) < microseconds {
            try self.publication.endDelivery(of: try row.integer(0), to: self.id)
        }
    }

    private func deadLetterTopic(_ settings: SQLRow) throws -> Int64? {
        guard let project = try settings.textIfPresent(3), let id = try settings.textIfPresent(4),
            let name = PubSubName(project: project, id: id)
        else { return nil }
        return try self.publication.topic(name)
    }

    /// The message as the dead-letter topic gets it: with where it came from.
    private func dead(_ message: OutgoingMessage, attempts: Int64) -> OutgoingMessage {
        var members: [String: String] = [:]
        if case .object(let object)? = StrictJSON(parsing: message.attributes) {
            members = object.compactMapValues(\.text)
        }
        members["CloudPubSubDeadLetterSourceDeliveryCount"] = String(attempts)
        members["CloudPubSubDeadLetterSourceSubscription"] = self.name.id
        members["CloudPubSubDeadLetterSourceSubscriptionProject"] = self.name.project
        let text = members.sorted { $0.key < $1.key }
            .map { "\(StrictJSON.quoted($0.key)):\(StrictJSON.quoted($0.value))" }.joined(separator: ",")
        var dead = message
        dead.attributes = Array("{\(text)}".utf8)
        return dead
    }
}
