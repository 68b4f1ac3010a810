package import CollimatorCore
internal import Persistence

extension ChangeFeed {
    /// An operation whose end is to be told.
    package struct AwaitedOperation: Hashable, Sendable {
        package let store: StoreName
        /// The last part of the upstream's name.
        package let operation: String
        /// The id under which clients know it.
        package let subject: String
        /// How often it has been looked at.
        package let looks: Int
    }

    /// Writes down that the end of an operation is to be told.
    package func awaitOperation(_ operation: String, as subject: String, in store: StoreName) async throws {
        let now = self.catalog.milliseconds
        try await self.catalog.database.write { connection in
            _ = try connection.execute(
                """
                INSERT INTO awaitedOperation (store, operation, subject, dueAt) VALUES (?1, ?2, ?3, ?4)
                ON CONFLICT (store, operation) DO NOTHING
                """,
                [.text(store.rawValue), .text(operation), .text(subject), .integer(now)]
            )
        }
        self.catalog.signal.call()
    }

    /// The longest wait between two looks at an operation.
    package static let operationWaitMax = Duration.seconds(60)

    /// Operations that are to be looked at now, those that wait longest first.
    ///
    /// One that would wait for longer than that was put off before the clock was set back.
    package func awaitedOperations(limit: Int) async throws -> [AwaitedOperation] {
        let now = self.catalog.milliseconds
        let latest = now + (Self.operationWaitMax + Self.clockSlack).wholeMilliseconds
        return try await self.catalog.database.read { connection in
            try connection.query(
                """
                SELECT store, operation, subject, looks FROM awaitedOperation WHERE dueAt <= ?1 OR dueAt > ?3
                ORDER BY dueAt LIMIT ?2
                """,
                [.integer(now), .integer(limit), .integer(latest)]
            ).compactMap { row in
                guard let store = StoreName(try row.text(0)) else { return nil }
                return AwaitedOperation(
                    store: store,
                    operation: try row.text(1),
                    subject: try row.text(2),
                    looks: Int(try row.integer(3))
                )
            }
        }
    }

    /// The operation goes on: it is looked at again after the wait.
    package func postpone(_ awaited: AwaitedOperation, by wait: Duration) async throws {
        let due = self.catalog.milliseconds + wait.wholeMilliseconds
        try await self.catalog.database.write { connection in
            _ = try connection.execute(
                "UPDATE awaitedOperation SET dueAt = ?3, looks = looks + 1 WHERE store = ?1 AND operation = ?2",
                [.text(awaited.store.rawValue), .text(awaited.operation), .integer(due)]
            )
        }
    }

    /// Nobody can say how it ended.
    package func forget(_ awaited: AwaitedOperation) async throws {
        try await self.catalog.database.write { _ = try Self.drop(awaited, on: $0) }
    }

    /// Tells that the operation has ended, once: in the transaction that ends the waiting.
    package func tellFinished(_ awaited: AwaitedOperation) async throws {
        let now = self.catalog.milliseconds
        try await self.catalog.database.write { connection in
            guard try Self.drop(awaited, on: connection) else { return }
            var row = FeedWriting.Row(.operationFinished, nil)
            row.subject = awaited.subject
            try FeedWriting.write(row, store: awaited.store, origin: .noticed, now: now, on: connection)
        }
        self.catalog.signal.call()
    }

    private static func drop(_ awaited: AwaitedOperation, on connection: any SQLConnection) throws -> Bool {
        try connection.execute(
            "DELETE FROM awaitedOperation WHERE store = ?1 AND operation = ?2",
            [.text(awaited.store.rawValue), .text(awaited.operation)]
        ) > 0
    }
}
