package import Catalog
package import CollimatorCore
package import DICOMweb
internal import Persistence

/// What of an event decides who may have it.
package struct EventSubject: Hashable, Sendable {
    /// Nil where it is about no store.
    package let store: StoreName?
    /// Nil where it is about no study.
    package let study: StudyUID?
    /// What a deleted study was; nil where the study can be asked about.
    package let kept: DataSet?
    /// Whether it says who looked at the study, and is for those who may read the audit.
    package var isOfAudit = false
}

/// A delivery that a worker holds until its lease ends.
package struct ClaimedDelivery: Hashable, Sendable {
    package let id: Int64
    package let endpoint: String
    package let url: String
    /// The id of the event, and of the message: the same in every attempt.
    package let event: String
    package let type: ChangeEvent.Kind
    package let subject: EventSubject
    /// How much the body says.
    package let policy: EventDataPolicy
    package let body: [UInt8]
    /// How many attempts were made before.
    package let attempts: Int
    let token: Int64
    /// When it was taken: its lease counts from here.
    let claimedAt: Int64
}

/// What became of a delivery.
package enum DeliveryState: Int64, Sendable, CaseIterable {
    case waiting = 0
    case underway = 1
    case delivered = 2
    /// Every attempt failed.
    case dead = 3
    /// The endpoint may not have it any more.
    case withheld = 4
}

/// A delivery that is to be written.
struct NewDelivery: Sendable {
    let endpoint: String
    let event: ChangeEvent
    let policy: EventDataPolicy
    let body: [UInt8]
}

extension WebhookStore {
    /// How far the feed has been fanned out.
    func cursor() async throws -> ChangeFeed.Position {
        let row = try await self.database.read { try $0.queryOne("SELECT beginning, sequence FROM fanOut") }
        guard let row else { throw CollimatorError(.internalError, "the cursor of the deliveries is missing") }
        return ChangeFeed.Position(beginning: try row.integer(0), sequence: try row.integer(1))
    }

    /// Writes deliveries and that the feed was taken so far, in one transaction; gives how many.
    ///
    /// A page that is taken twice brings nothing the second time.
    func fanOut(
        _ deliveries: [NewDelivery],
        of events: [ChangeEvent] = [],
        to next: ChangeFeed.Position,
        now: Int64
    ) async throws -> Int {
        try await self.database.write { connection in
            for event in events { try Self.noteChange(event, on: connection) }
            var count = 0
            for delivery in deliveries {
                count += try Self.insert(delivery, beginning: next.beginning, now: now, on: connection)
            }
            try self.move(to: next, on: connection)
            return count
        }
    }

    /// Nothing for an endpoint that is not called any more, nor for an event that it has a delivery of.
    static func insert(
        _ delivery: NewDelivery,
        beginning: Int64,
        now: Int64,
        on connection: any SQLConnection
    ) throws -> Int {
        let event = delivery.event
        // Of a deleted study nothing is left to ask about when it is delivered.
        let kept: SQLValue = event.type == .studyDeleted ? .blob(DICOMJSON.encode(event.attributes)) : .null
        return try connection.execute(
            """
            INSERT INTO delivery
                (id, endpoint, event, sequence, type, store, study, policy, kept, body, state, createdAt, dueAt)
            SELECT (SELECT COALESCE(MAX(id), 0) + 1 FROM delivery), ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, ?10, ?10
            WHERE EXISTS (SELECT 1 FROM endpoint WHERE id = ?1 AND state = 'active')
                AND NOT EXISTS (SELECT 1 FROM delivery WHERE endpoint = ?1 AND event = ?2)
            """,
            [
                .text(delivery.endpoint), .text(event.id(beginning: beginning)), .integer(event.sequence),
                .text(event.type.rawValue), .text(event.store?.rawValue), .text(event.study?.rawValue),
                .text(delivery.policy.rawValue), kept, .blob(delivery.body), .integer(now),
            ]
        )
    }

    /// Begins at the position, without deliveries of what lies before it.
    func begin(at position: ChangeFeed.Position) async throws {
        try await self.database.write { try self.move(to: position, on: $0) }
    }

    private func move(to position: ChangeFeed.Position, on connection: any SQLConnection) throws {
        try connection.execute(
            "UPDATE fanOut SET beginning = ?1, sequence = ?2 WHERE name = 'feed'",
            [.integer(position.beginning), .integer(position.sequence)]
        )
    }

    /// Ends every lease: for the start of a process that is the only one, and whose predecessor may have been killed.
    func release(now: Int64) async throws {
        try await self.database.write { connection in
            _ = try connection.execute("UPDATE delivery SET dueAt = ?1 WHERE state = 1 AND dueAt > ?1", [.integer(now)])
        }
    }

    /// When something is to be done next, in milliseconds since 1970; nil where nothing waits.
    package func nextDue() async throws -> Int64? {
        try await self.database.read { connection in
            try connection.queryOne(
                """
                SELECT MIN(CASE WHEN d.dueAt > e.pausedUntil AND d.dueAt > e.heldUntil THEN d.dueAt
                    WHEN e.heldUntil > e.pausedUntil THEN e.heldUntil ELSE e.pausedUntil END)
                FROM delivery d JOIN endpoint e ON e.id = d.endpoint WHERE d.state < 2 AND e.state = 'active'
                """
            )?.integerIfPresent(0)
        }
    }
}
