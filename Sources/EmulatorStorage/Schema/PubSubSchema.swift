/// The tables of Pub/Sub: in the database of the index, so that an object and the message about it are one commit.
///
/// Numbers of messages come from the counter `message` and ascend with the time of publication.
enum PubSubSchema {
    static let tables = [
        """
        CREATE TABLE topic (
            id INTEGER NOT NULL PRIMARY KEY,
            project TEXT NOT NULL,
            name TEXT NOT NULL,
            body BLOB NOT NULL
        ) STRICT
        """,
        "CREATE UNIQUE INDEX topicByName ON topic (project, name)",
        // The topic is NULL once it was deleted, or the subscription detached from it.
        """
        CREATE TABLE subscription (
            id INTEGER NOT NULL PRIMARY KEY,
            project TEXT NOT NULL,
            name TEXT NOT NULL,
            topic INTEGER REFERENCES topic (id) ON DELETE SET NULL,
            isDetached INTEGER NOT NULL DEFAULT 0 CHECK (isDetached IN (0, 1)),
            isPush INTEGER NOT NULL CHECK (isPush IN (0, 1)),
            body BLOB NOT NULL,
            ackDeadlineSeconds INTEGER NOT NULL,
            retentionSeconds INTEGER NOT NULL,
            deadLetterProject TEXT,
            deadLetterTopic TEXT,
            attemptsMax INTEGER NOT NULL,
            backoffMinSeconds INTEGER NOT NULL,
            backoffMaxSeconds INTEGER NOT NULL
        ) STRICT
        """,
        "CREATE UNIQUE INDEX subscriptionByName ON subscription (project, name)",
        "CREATE INDEX subscriptionByTopic ON subscription (topic, id)",
        """
        CREATE TABLE message (
            id INTEGER NOT NULL PRIMARY KEY,
            publishedAtMicroseconds INTEGER NOT NULL,
            data BLOB NOT NULL,
            attributes BLOB NOT NULL,
            orderingKey TEXT NOT NULL
        ) STRICT
        """,
        // `dueAtMicroseconds` is when the message may be given out: again, where it was before.
        """
        CREATE TABLE delivery (
            subscription INTEGER NOT NULL REFERENCES subscription (id) ON DELETE CASCADE,
            message INTEGER NOT NULL REFERENCES message (id),
            attempts INTEGER NOT NULL DEFAULT 0,
            dueAtMicroseconds INTEGER NOT NULL,
            PRIMARY KEY (subscription, message)
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX deliveryByDue ON delivery (subscription, dueAtMicroseconds, message)",
        "CREATE INDEX deliveryByMessage ON delivery (message)",
    ]
}
