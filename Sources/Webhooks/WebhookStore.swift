internal import AccessControl
internal import Catalog
internal import CollimatorCore
package import Cryptography
internal import FoundationEssentials
package import Persistence

/// Keeps endpoints and deliveries; what it says was committed outlives the process at any instruction.
package final class WebhookStore: Sendable {
    let database: Database
    let seal: DeterministicSeal
    let outcomes: OutcomeQueue
    let memory = EndpointMemory()

    /// The most endpoints.
    static let endpointsMax = 10_000

    /// The database must hold nothing else, and ``prepare()`` comes before anything else is called.
    ///
    /// - Parameters:
    ///   - database: where it is kept.
    ///   - seal: what secrets are sealed with.
    package init(database: Database, seal: DeterministicSeal) {
        self.database = database
        self.seal = seal
        self.outcomes = OutcomeQueue(database)
    }

    /// Brings the database to the schema of this module.
    package func prepare() async throws {
        try await self.database.migrate(WebhookSchema.migrations)
    }

    /// Every endpoint, by its id.
    package func endpoints() async throws -> [WebhookEndpoint] {
        try await self.database.read { connection in
            try connection.query(Self.select + " ORDER BY id").map { try Self.endpoint($0) }
        }
    }

    /// Those that are called.
    ///
    /// What has become of their calls may be older than what ``endpoint(_:)`` says.
    func activeEndpoints() async throws -> EventAudience {
        if let active = self.memory.active { return active }
        let version = self.memory.version
        let active = try await self.database.read { connection in
            EventAudience(
                try connection.query(Self.select + " WHERE state = 'active' ORDER BY id").map { try Self.endpoint($0) }
            )
        }
        self.memory.keep(active, readAt: version)
        return active
    }

    /// Whether the endpoint is called, and at this address.
    func isCalled(_ id: String, at url: String) async throws -> Bool {
        if let equipment = self.memory.equipment(of: id) { return equipment.isActive && equipment.url == url }
        let row = try await self.database.read { connection in
            try connection.queryOne(
                "SELECT 1 FROM endpoint WHERE id = ?1 AND state = 'active' AND url = ?2",
                [.text(id), .text(url)]
            )
        }
        return row != nil
    }

    /// What the endpoint asks for now.
    ///
    /// - Throws: `not-found` where there is no such endpoint.
    func asked(of id: String) async throws -> EndpointMemory.Asked {
        if let asked = self.memory.asked(of: id) { return asked }
        let version = self.memory.version
        let endpoint = try await self.endpoint(id)
        let asked = EndpointMemory.Asked(condition: endpoint.filter.condition, policy: endpoint.settings.policy)
        self.memory.keep(asked, of: id, readAt: version)
        return asked
    }

    /// - Throws: `not-found` where there is none.
    package func endpoint(_ id: String) async throws -> WebhookEndpoint {
        let row = try await self.database.read { try $0.queryOne(Self.select + " WHERE id = ?1", [.text(id)]) }
        guard let row else { throw Self.unknown }
        return try Self.endpoint(row)
    }

    /// Switches it on or off; one that is on begins with a clean record.
    ///
    /// One that is to be active must have answered the challenge, at this address: see ``WebhookEngine/prove(_:)``.
    ///
    /// - Parameters:
    ///   - state: what it is from now on.
    ///   - id: of which endpoint.
    ///   - seen: what it was when it was asked; nil for whatever it is now.
    /// - Throws: `not-found` where there is none, `conflict` where it is no longer as it was seen.
    func set(_ state: WebhookEndpoint.State, of id: String, asSeen seen: WebhookEndpoint? = nil) async throws {
        defer { self.memory.forget() }
        let count = try await self.database.write { connection in
            // What it knows may have left its view while it was not called: see ``beginReviews(limit:)``.
            try connection.execute(
                """
                UPDATE endpoint SET state = ?2, failures = 0, failingSince = NULL, pausedUntil = 0, heldUntil = 0,
                    isToReview = CASE WHEN ?2 = 'active' THEN 1 ELSE isToReview END
                WHERE id = ?1 AND (?3 IS NULL OR (url = ?3 AND state = ?4))
                """,
                [.text(id), .text(state.rawValue), .text(seen?.url), .text(seen?.state.rawValue)]
            )
        }
        guard count == 0 else { return }
        _ = try await self.endpoint(id)
        throw CollimatorError(
            .conflict,
            "an endpoint was changed while it was asked",
            publicDetail:
                "The endpoint was moved, or switched on or off, meanwhile. Look at it, and challenge it again."
        )
    }

    /// Notes that a challenge is sent now.
    ///
    /// - Throws: `rate-limited` where the one before was sent a moment ago: an address that is somebody else's must not be
    ///   called more often than that.
    func noteChallenge(of id: String, now: Int64, interval: Duration) async throws {
        let milliseconds = interval.components.seconds * 1_000
        let count = try await self.database.write { connection in
            try connection.execute(
                """
                UPDATE endpoint SET challengedAt = ?2
                WHERE id = ?1 AND (challengedAt + ?3 <= ?2 OR challengedAt > ?2)
                """,
                [.text(id), .integer(now), .integer(milliseconds)]
            )
        }
        guard count == 1 else {
            throw CollimatorError(
                .rateLimited,
                "an endpoint is called too often by hand",
                publicDetail: "The endpoint was called for this a moment ago.",
                retryAfterSeconds: Int(interval.components.seconds)
            )
        }
    }

    /// Removes it with all that was to be delivered to it.
    ///
    /// It is off at once; what belongs to it goes in parts, so that nobody who writes waits for a million rows.
    package func remove(_ id: String) async throws {
        defer { self.memory.forget() }
        let isThere = try await self.database.write { connection in
            try connection.execute(
                "UPDATE endpoint SET state = ?2 WHERE id = ?1",
                [.text(id), .text(WebhookEndpoint.State.off.rawValue)]
            )
        }
        self.memory.forget()
        guard isThere > 0 else { throw Self.unknown }
        for statement in Self.removals {
            while try await self.database.write({
                try $0.execute(statement, [.text(id), .integer(Self.removedAtOnce)])
            }) > 0 {
                try Task.checkCancellation()
            }
        }
        let count = try await self.database.write { connection in
            try connection.execute("DELETE FROM endpoint WHERE id = ?1", [.text(id)])
        }
        // What goes with it is counted, too.
        guard count > 0 else { throw Self.unknown }
    }

    /// Rows of one transaction.
    private static let removedAtOnce: Int64 = 1_000

    private static let removals = [
        """
        DELETE FROM told WHERE endpoint = ?1 AND (store, study) IN (
            SELECT store, study FROM told WHERE endpoint = ?1 LIMIT ?2
        )
        """,
        "DELETE FROM delivery WHERE id IN (SELECT id FROM delivery WHERE endpoint = ?1 LIMIT ?2)",
    ]

    /// Gives it another secret; until the time is over messages are signed with the one before, too.
    ///
    /// - Throws: `conflict` where an overlap is wished for while the one before still lasts: the secret that the receiver may
    ///   still have would sign no more. Without an overlap the secrets before end at once, as after a leak.
    func rotate(_ id: String, now: Int64, overlap: Duration) async throws -> WebhookSecret {
        defer { self.memory.forget() }
        let secret = WebhookSecret.new()
        let sealed = try self.sealed(secret, of: id)
        let until = overlap > .zero ? now + overlap.components.seconds * 1_000 : nil
        let count = try await self.database.write { connection in
            try connection.execute(
                """
                UPDATE endpoint SET oldSecret = CASE WHEN ?3 IS NULL THEN NULL ELSE secret END, oldSecretUntil = ?3,
                    secret = ?2
                WHERE id = ?1 AND (?3 IS NULL OR oldSecret IS NULL OR oldSecretUntil <= ?4)
                """,
                [.text(id), .blob(sealed), .integer(until), .integer(now)]
            )
        }
        guard count == 1 else {
            _ = try await self.endpoint(id)
            throw CollimatorError(
                .conflict,
                "a rotation of a secret overlaps with the one before",
                publicDetail: "The secret before still signs. Wait for its end, or rotate without an overlap."
            )
        }
        return secret
    }

    static var unknown: CollimatorError { CollimatorError(.notFound, "there is no endpoint of this id") }

    static let select = """
        SELECT id, url, name, state, filter, policy, callsPerMinute, isOrdered, failures, createdAt,
            CASE WHEN heldUntil > pausedUntil THEN heldUntil ELSE pausedUntil END,
            CASE WHEN oldSecret IS NULL THEN NULL ELSE oldSecretUntil END, headerNames, certificateDigest,
            certificateEndsAt
        FROM endpoint
        """

    static func endpoint(_ row: SQLRow) throws -> WebhookEndpoint {
        guard let state = WebhookEndpoint.State(rawValue: try row.text(3)),
            let policy = EventDataPolicy(rawValue: try row.text(5))
        else { throw CollimatorError(.internalError, "a row of an endpoint is not one of ours") }
        var settings = WebhookSettings(url: try row.text(1), name: try row.text(2))
        settings.filter = try JSONDecoder().decode(WebhookFilter.self, from: Data(try row.blob(4)))
        settings.policy = policy
        settings.callsPerMinute = try row.integerIfPresent(6).map { Int($0) }
        settings.isOrdered = try row.integer(7) != 0
        return WebhookEndpoint(
            id: try row.text(0),
            settings: settings,
            state: state,
            failures: Int(try row.integer(8)),
            createdAt: try row.integer(9),
            pausedUntil: try row.integer(10),
            oldSecretUntil: try row.integerIfPresent(11),
            headerNames: try row.text(12).split(separator: ",").map(String.init),
            certificate: try row.textIfPresent(13).map { digest in
                CertificateSummary(digest: digest, endsAt: try row.integerIfPresent(14) ?? 0)
            }
        )
    }
}
