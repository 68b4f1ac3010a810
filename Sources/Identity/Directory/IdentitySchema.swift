internal import Persistence

/// The tables of `identity.db`.
///
/// Secrets are there as SHA-256 digests only. Times are milliseconds since 1970; `version` grows with every change of
/// a row.
enum IdentitySchema {
    static let migrations = [
        Migration(1, "keys-and-principals", keys + principals), Migration(2, "key-files", keyFiles),
    ]

    private static let keys = [
        """
        CREATE TABLE apiKey (
            id TEXT NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 3 AND 63),
            name TEXT NOT NULL CHECK (length(name) > 0),
            owner TEXT NOT NULL,
            createdAt INTEGER NOT NULL,
            expiresAt INTEGER,
            lastUsedAt INTEGER,
            revokedAt INTEGER,
            version INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE apiKeySecret (
            digest BLOB NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
            apiKey TEXT NOT NULL REFERENCES apiKey (id) ON DELETE CASCADE,
            shown TEXT NOT NULL,
            createdAt INTEGER NOT NULL,
            endsAt INTEGER
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX apiKeySecretByKey ON apiKeySecret (apiKey)",
    ]

    /// Of a private key the public half is kept; the digest is that of its name.
    private static let keyFiles = [
        "ALTER TABLE apiKey ADD COLUMN kind TEXT NOT NULL DEFAULT 'text' CHECK (kind IN ('text', 'file'))",
        "ALTER TABLE apiKeySecret ADD COLUMN publicKey TEXT",
    ]

    private static let principals = [
        """
        CREATE TABLE principal (
            principal TEXT NOT NULL PRIMARY KEY,
            firstSeenAt INTEGER,
            lastSeenAt INTEGER,
            method TEXT,
            memberships TEXT NOT NULL,
            suspendedAt INTEGER,
            suspendedBy TEXT,
            version INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID
        """
    ]
}
