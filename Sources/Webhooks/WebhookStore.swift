package import Catalog
internal import CollimatorCore
package import Cryptography
internal import FoundationEssentials
package import Persistence

/// Keeps endpoints and deliveries; what it says was committed outlives the process at any instruction.
package final class WebhookStore: Sendable {
    let database: Database
    private let seal: DeterministicSeal

    /// The database must hold nothing else, and ``prepare()`` comes before anything else is called.
    ///
    /// - Parameters:
    ///   - database: where it is kept.
    ///   - seal: what secrets are sealed with.
    package init(database: Database, seal: DeterministicSeal) {
        self.database = database
        self.seal = seal
    }

    /// Brings the database to the schema of this module.
    package func prepare() async throws {
        try await self.database.migrate(WebhookSchema.migrations)
    }

    /// Writes down an endpoint, which gets nothing until its owner has answered the challenge.
    ///
    /// - Throws: `invalid-input` for a filter that cannot be.
    package func create(
        url: String,
        filter: WebhookFilter,
        policy: EventDataPolicy = .uids
    ) async throws -> (endpoint: WebhookEndpoint, secret: WebhookSecret) {
        try filter.check()
        let id = "ep_\(Base64URL.encode(SecureRandom.bytes(Self.idBytes)))"
        let secret = WebhookSecret.new()
        let sealed = try self.sealed(secret, of: id)
        let encoded = Array(try JSONEncoder().encode(filter))
        try await self.database.write { connection in
            _ = try connection.execute(
                "INSERT INTO endpoint (id, url, state, filter, policy, secret) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                [
                    .text(id), .text(url), .text(WebhookEndpoint.State.unproved.rawValue), .blob(encoded),
                    .text(policy.rawValue), .blob(sealed),
                ]
            )
        }
        return (try await self.endpoint(id), secret)
    }

    private static let idBytes = 16

    /// Every endpoint, by its id.
    package func endpoints() async throws -> [WebhookEndpoint] {
        try await self.database.read { connection in
            try connection.query(Self.select + " ORDER BY id").map { try Self.endpoint($0) }
        }
    }

    /// - Throws: `not-found` where there is none.
    package func endpoint(_ id: String) async throws -> WebhookEndpoint {
        let row = try await self.database.read { try $0.queryOne(Self.select + " WHERE id = ?1", [.text(id)]) }
        guard let row else { throw CollimatorError(.notFound, "there is no endpoint of this id") }
        return try Self.endpoint(row)
    }

    /// Switches it on or off; one that is on begins with a clean record.
    package func set(_ state: WebhookEndpoint.State, of id: String) async throws {
        try await self.database.write { connection in
            _ = try connection.execute(
                "UPDATE endpoint SET state = ?2, failures = 0, failingSince = NULL, pausedUntil = 0 WHERE id = ?1",
                [.text(id), .text(state.rawValue)]
            )
        }
    }

    /// Removes it with all that was to be delivered to it.
    package func remove(_ id: String) async throws {
        try await self.database.write { connection in
            _ = try connection.execute("DELETE FROM endpoint WHERE id = ?1", [.text(id)])
        }
    }

    /// Gives it another secret; until the time is over messages are signed with the one before, too.
    package func rotate(_ id: String, now: Int64, overlap: Duration) async throws -> WebhookSecret {
        let secret = WebhookSecret.new()
        let sealed = try self.sealed(secret, of: id)
        let count = try await self.database.write { connection in
            try connection.execute(
                "UPDATE endpoint SET oldSecret = secret, oldSecretUntil = ?3, secret = ?2 WHERE id = ?1",
                [.text(id), .blob(sealed), .integer(now + overlap.components.seconds * 1_000)]
            )
        }
        guard count == 1 else { throw CollimatorError(.notFound, "there is no endpoint of this id") }
        return secret
    }

    /// The secrets that sign a message now, the newest first.
    func secrets(of id: String, now: Int64) async throws -> [WebhookSecret] {
        let row = try await self.database.read { connection in
            try connection.queryOne(
                "SELECT secret, oldSecret, oldSecretUntil FROM endpoint WHERE id = ?1",
                [.text(id)]
            )
        }
        guard let row else { throw CollimatorError(.notFound, "there is no endpoint of this id") }
        var sealed = [try row.blob(0)]
        if let old = try row.blobIfPresent(1), let until = try row.integerIfPresent(2), now < until {
            sealed.append(old)
        }
        return try sealed.map { bytes in
            guard let key = self.seal.open(bytes, in: Array(id.utf8)) else {
                throw CollimatorError(.internalError, "a secret was sealed with another key")
            }
            return WebhookSecret(key: key)
        }
    }

    /// Bound to its endpoint: a row that is moved to another one opens nothing there.
    private func sealed(_ secret: WebhookSecret, of id: String) throws(CollimatorError) -> [UInt8] {
        do {
            return try self.seal.seal(secret.key, in: Array(id.utf8))
        } catch {
            throw CollimatorError(.internalError, "a secret could not be sealed", cause: error)
        }
    }

    static let select = "SELECT id, url, state, filter, policy, failures FROM endpoint"

    static func endpoint(_ row: SQLRow) throws -> WebhookEndpoint {
        guard let state = WebhookEndpoint.State(rawValue: try row.text(2)),
            let policy = EventDataPolicy(rawValue: try row.text(4))
        else { throw CollimatorError(.internalError, "a row of an endpoint is not one of ours") }
        return WebhookEndpoint(
            id: try row.text(0),
            url: try row.text(1),
            state: state,
            filter: try JSONDecoder().decode(WebhookFilter.self, from: Data(try row.blob(3))),
            policy: policy,
            failures: Int(try row.integer(5))
        )
    }
}
