internal import Persistence

/// The tables of the webhooks: endpoints, what is to be delivered to them, what was tried, and what is sent again.
///
/// `dueAt` is when a delivery is to be looked at next: while it is under way that is the end of its lease, and once it
/// has ended when that was. `token` grows with each lease, so that a worker that was too slow cannot write over what a
/// later one has done. `kept` is what a deleted study was, by what rules ask for.
enum WebhookSchema {
    static let migrations = [
        Migration(1, "endpoints-and-deliveries", endpoints + deliveries + replays),
        Migration(2, "views-and-credentials", views + credentials),
        Migration(3, "open-deliveries", open),
        Migration(4, "reviews-of-endpoints", reviews),
    ]

    private static let endpoints = [
        """
        CREATE TABLE endpoint (
            id TEXT NOT NULL PRIMARY KEY,
            url TEXT NOT NULL,
            name TEXT NOT NULL,
            state TEXT NOT NULL,
            filter BLOB NOT NULL,
            policy TEXT NOT NULL,
            callsPerMinute INTEGER CHECK (callsPerMinute > 0),
            isOrdered INTEGER NOT NULL,
            createdAt INTEGER NOT NULL,
            challengedAt INTEGER NOT NULL DEFAULT 0,
            secret BLOB NOT NULL,
            oldSecret BLOB,
            oldSecretUntil INTEGER,
            failures INTEGER NOT NULL DEFAULT 0 CHECK (failures >= 0),
            failingSince INTEGER,
            pausedUntil INTEGER NOT NULL DEFAULT 0,
            calledUntil INTEGER NOT NULL DEFAULT 0
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
            policy TEXT NOT NULL,
            kept BLOB,
            body BLOB NOT NULL,
            state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 4),
            attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
            createdAt INTEGER NOT NULL,
            dueAt INTEGER NOT NULL,
            token INTEGER NOT NULL DEFAULT 0
        ) STRICT
        """,
        "CREATE UNIQUE INDEX deliveryByEvent ON delivery (endpoint, event)",
        "CREATE INDEX deliveryByTime ON delivery (endpoint, state, dueAt, id)",
        "CREATE INDEX deliveryByNumber ON delivery (endpoint, id)",
        "CREATE INDEX deliveryByStudy ON delivery (endpoint, study, sequence) WHERE state < 2",
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

    private static let replays = [
        """
        CREATE TABLE replay (
            id TEXT NOT NULL PRIMARY KEY,
            endpoint TEXT NOT NULL REFERENCES endpoint (id) ON DELETE CASCADE,
            state TEXT NOT NULL,
            since INTEGER NOT NULL,
            until INTEGER,
            includesDelivered INTEGER NOT NULL,
            beginning INTEGER NOT NULL,
            startSequence INTEGER NOT NULL,
            endSequence INTEGER NOT NULL,
            sequence INTEGER NOT NULL,
            deliveries INTEGER NOT NULL DEFAULT 0,
            isComplete INTEGER NOT NULL,
            createdAt INTEGER NOT NULL,
            endedAt INTEGER
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX replayByEndpoint ON replay (endpoint, createdAt, id)",
    ]

    /// What endpoints were told of.
    ///
    /// `reviewed` is the round of reviews in which it was last seen that they may know of it.
    private static let views = [
        """
        CREATE TABLE told (
            store TEXT NOT NULL,
            study TEXT NOT NULL,
            endpoint TEXT NOT NULL REFERENCES endpoint (id) ON DELETE CASCADE,
            reviewed INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (store, study, endpoint)
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX toldByReview ON told (reviewed)",
        "CREATE INDEX toldByEndpoint ON told (endpoint)",
        "CREATE TABLE review (round INTEGER NOT NULL, version INTEGER NOT NULL, beganAt INTEGER NOT NULL)",
        "INSERT INTO review (round, version, beganAt) VALUES (0, -1, 0)",
        "ALTER TABLE endpoint ADD COLUMN isUntold INTEGER NOT NULL DEFAULT 0",
        "CREATE INDEX endpointUntold ON endpoint (id) WHERE isUntold = 1",
    ]

    /// What calls of an endpoint carry beside the signature, sealed, and what of it people are shown.
    private static let credentials = [
        "ALTER TABLE endpoint ADD COLUMN credentials BLOB",
        "ALTER TABLE endpoint ADD COLUMN headerNames TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE endpoint ADD COLUMN certificateDigest TEXT",
        "ALTER TABLE endpoint ADD COLUMN certificateEndsAt INTEGER",
    ]

    /// What is open by endpoint, in the order in which it is due and in that of the feed; what has ended is in no way of it.
    private static let open = [
        "DROP INDEX deliveryByTime",
        "CREATE INDEX deliveryOpen ON delivery (endpoint, dueAt, id, state) WHERE state < 2",
        "CREATE INDEX deliveryInOrder ON delivery (endpoint, sequence, id) WHERE state < 2",
        "CREATE INDEX deliveryUnderway ON delivery (endpoint, dueAt, state) WHERE state = 1",
        "CREATE INDEX deliveryEnded ON delivery (dueAt) WHERE state > 1",
        "CREATE INDEX replayRunning ON replay (endpoint) WHERE state = 'running'",
        // Until when the endpoint has asked not to be called.
        "ALTER TABLE endpoint ADD COLUMN heldUntil INTEGER NOT NULL DEFAULT 0",
        "CREATE INDEX replayEnded ON replay (endedAt)",
    ]

    /// Endpoints that were switched on: all that each was told of is looked at again, and nothing of the others.
    private static let reviews = [
        "ALTER TABLE endpoint ADD COLUMN isToReview INTEGER NOT NULL DEFAULT 0",
        "CREATE INDEX endpointToReview ON endpoint (id) WHERE isToReview = 1",
        "DROP INDEX toldByEndpoint",
        "CREATE INDEX toldOfEndpoint ON told (endpoint, reviewed)",
    ]
}
