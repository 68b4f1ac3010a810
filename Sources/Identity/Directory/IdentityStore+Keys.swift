internal import CollimatorCore
internal import Persistence

extension IdentityStore {
    /// Every key.
    func keys() async throws -> [Versioned<APIKey>] {
        try await self.database.read { connection in
            try connection.query("\(Self.selectKey) ORDER BY id").map { try Self.key($0, on: connection) }
        }
    }

    /// Keeps a new key; an id that was used before, and one key too many, are a `conflict`.
    func insert(_ key: APIKey, keysMax: Int) async throws -> Versioned<APIKey> {
        try await self.database.write { connection in
            let row = try connection.queryOne(
                "SELECT count(*), coalesce(sum(CASE WHEN id = ?1 THEN 1 ELSE 0 END), 0) FROM apiKey",
                [.text(key.id)]
            )
            guard let row, try row.integer(0) < keysMax else { throw Self.tooMany }
            guard try row.integer(1) == 0 else { throw Self.taken }
            let result = Versioned(value: key, version: 1)
            try connection.execute(
                """
                INSERT INTO apiKey (id, name, owner, createdAt, expiresAt, lastUsedAt, revokedAt, version, kind)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
                """,
                [
                    .text(key.id), .text(key.name), .text(key.owner.description), .integer(key.createdAt),
                    .integer(key.expiresAt), .integer(key.lastUsedAt), .integer(key.revokedAt),
                    .integer(result.version), .text(key.kind.rawValue),
                ]
            )
            try Self.insert(key.secrets, of: key.id, on: connection)
            return result
        }
    }

    /// Changes a key as it is by then; `not-found` where there is none.
    func change(
        keyWithID id: String,
        _ change: @Sendable (inout APIKey) throws(CollimatorError) -> Void
    ) async throws -> Versioned<APIKey> {
        try await self.database.write { connection in
            guard let row = try connection.queryOne("\(Self.selectKey) WHERE id = ?1", [.text(id)]) else {
                throw CollimatorError(.notFound, "there is no such key")
            }
            var key = try Self.key(row, on: connection)
            try change(&key.value)
            let changed = Versioned(value: key.value, version: key.version + 1)
            try connection.execute(
                "UPDATE apiKey SET revokedAt = ?2, version = ?3 WHERE id = ?1",
                [.text(id), .integer(changed.value.revokedAt), .integer(changed.version)]
            )
            try connection.execute("DELETE FROM apiKeySecret WHERE apiKey = ?1", [.text(id)])
            try Self.insert(changed.value.secrets, of: id, on: connection)
            return changed
        }
    }

    /// Notes the last uses of keys.
    func write(uses: [String: Int64]) async throws {
        try await self.database.write { connection in
            for (id, use) in uses {
                try connection.execute(
                    "UPDATE apiKey SET lastUsedAt = ?2 WHERE id = ?1 AND (lastUsedAt IS NULL OR lastUsedAt < ?2)",
                    [.text(id), .integer(use)]
                )
            }
        }
    }

    private static let selectKey =
        "SELECT id, name, owner, createdAt, expiresAt, lastUsedAt, revokedAt, version, kind FROM apiKey"

    private static func key(_ row: SQLRow, on connection: any SQLConnection) throws -> Versioned<APIKey> {
        let id = try row.text(0)
        guard let owner = Principal(try row.text(2)), let kind = APIKey.Kind(rawValue: try row.text(8)) else {
            throw Self.unreadable
        }
        let secrets = try connection.query(
            "SELECT digest, shown, createdAt, endsAt, publicKey FROM apiKeySecret WHERE apiKey = ?1",
            [.text(id)]
        ).map { row in
            APIKey.Secret(
                digest: try row.blob(0),
                shown: try row.text(1),
                createdAt: try row.integer(2),
                endsAt: try row.integerIfPresent(3),
                publicKey: try row.textIfPresent(4)
            )
        }
        return Versioned(
            value: APIKey(
                id: id,
                name: try row.text(1),
                kind: kind,
                owner: owner,
                createdAt: try row.integer(3),
                expiresAt: try row.integerIfPresent(4),
                lastUsedAt: try row.integerIfPresent(5),
                revokedAt: try row.integerIfPresent(6),
                // The newest is the one that nothing has replaced.
                secrets: secrets.sorted { ($0.endsAt ?? .max) > ($1.endsAt ?? .max) }
            ),
            version: try row.integer(7)
        )
    }

    private static func insert(_ secrets: [APIKey.Secret], of id: String, on connection: any SQLConnection) throws {
        for secret in secrets {
            try connection.execute(
                """
                INSERT INTO apiKeySecret (digest, apiKey, shown, createdAt, endsAt, publicKey)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                """,
                [
                    .blob(secret.digest), .text(id), .text(secret.shown), .integer(secret.createdAt),
                    .integer(secret.endsAt), .text(secret.publicKey),
                ]
            )
        }
    }

    static var unreadable: CollimatorError {
        CollimatorError(.internalError, "a principal in the database cannot be read")
    }

    private static var taken: CollimatorError {
        CollimatorError(
            .conflict,
            "the id of a new key was used before",
            publicDetail: "The id was used before, and an id is never used again."
        )
    }

    private static var tooMany: CollimatorError {
        CollimatorError(.conflict, "there are too many keys", publicDetail: "There are as many keys as can be kept.")
    }
}
