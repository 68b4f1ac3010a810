internal import Persistence

/// The tables of the webhooks: endpoints, what is to be delivered to them, and what was tried.
///
/// `dueAt` is when a delivery is to be looked at next: while it is under way that is the end of its lease. `token` grows
/// with each lease, so that a worker that was too slow cannot write over what a later one has done.
enum WebhookSchema {
    static let migrations = [Migration(1, "endpoints-and-deliveries", endpoints + deliveries)]

    private static let endpoints = [
        """
        CREATE TABLE endpoint (
            id TEXT NOT NULL PRIMARY KEY,
            url TEXT NOT NULL,
            state TEXT NOT NULL,
            filter BLOB NOT NULL,
            policy TEXT NOT NULL,
            secret BLOB NOT NULL,
            oldSecret BLOB,
            oldSecretUntil INTEGER,
            failures INTEGER NOT NULL DEFAULT 0 CHECK (failures >= 0),
            failingSince INTEGER,
            pausedUntil INTEGER NOT NULL DEFAULT 0
        ) STRICT, WITHOUT ROWID
        """
    ]

    private static let deliveries = [
        """
        CREATE TABLE delivery (
            id INTEGER NOT NULL PRIMARY KEY,
            endpoint TEXT NOT NULL REFERENCES endpoint (id) ON DELETE CASCADE,
            event TEXT NOT NULL,
            sequence INTEGER NOT NULL,
            type TEXT NOT NULL,
            store TEXT,
            study TEXT,
            body BLOB NOT NULL,
            state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 4),
            attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
            dueAt INTEGER NOT NULL,
            token INTEGER NOT NULL DEFAULT 0
        ) STRICT
        """,
        "CREATE UNIQUE INDEX deliveryByEvent ON delivery (endpoint, event)",
        "CREATE INDEX deliveryByTime ON delivery (endpoint, state, dueAt, id)",
        """
        CREATE TABLE attempt (
            delivery INTEGER NOT NULL REFERENCES delivery (id) ON DELETE CASCADE,
            number INTEGER NOT NULL,
            at INTEGER NOT NULL,
            duration INTEGER NOT NULL,
            status INTEGER,
            failure TEXT,
            PRIMARY KEY (delivery, number)
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE TABLE fanOut (name TEXT NOT NULL PRIMARY KEY, beginning INTEGER NOT NULL, sequence INTEGER NOT NULL)",
        "INSERT INTO fanOut (name, beginning, sequence) VALUES ('feed', 0, 0)",
    ]
}
