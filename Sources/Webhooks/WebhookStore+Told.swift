internal import Catalog
internal import CollimatorCore
internal import DICOMweb
internal import Persistence

/// A study that an endpoint has been told of: it is told, too, when the study leaves its view.
struct ToldStudy: Hashable, Sendable {
    let endpoint: String
    let store: StoreName
    let study: StudyUID
    /// Whether the endpoint is called at all.
    var isCalled = true
    /// The round in which it was looked at last, when it was read; another number where it is to be looked at again.
    var reviewed: Int64 = 0

    fileprivate var key: [SQLValue] {
        [.text(self.store.rawValue), .text(self.study.rawValue), .text(self.endpoint)]
    }
}

extension WebhookStore {
    /// Writes down that the endpoint knows of the study, in the transaction in which the delivery ends.
    ///
    /// It is looked at once more afterwards: the right may have been taken away while the call was under way.
    static func noteTold(_ claimed: ClaimedDelivery, on connection: any SQLConnection) throws {
        // Who may know who looked need not be one who may see the study.
        guard claimed.type != .studyRemoved, claimed.type != .studyDeleted, !claimed.subject.isOfAudit else { return }
        try Self.noteKnown(claimed, on: connection)
    }

    /// The endpoint knows of the delivery's study, if it is of one.
    static func noteKnown(_ claimed: ClaimedDelivery, on connection: any SQLConnection) throws {
        guard let store = claimed.subject.store, let study = claimed.subject.study else { return }
        try connection.execute(
            """
            INSERT INTO told (store, study, endpoint) VALUES (?1, ?2, ?3)
            ON CONFLICT (store, study, endpoint) DO UPDATE SET reviewed = \(Self.again)
            """,
            ToldStudy(endpoint: claimed.endpoint, store: store, study: study).key
        )
    }

    /// The round of reviews that is on; a new one begins where the rules have another version than in the one before, and
    /// where that one is older than the interval.
    func reviewRound(version: Int, now: Int64, interval: Duration) async throws -> Int64 {
        let oldest = now - interval.components.seconds * 1_000
        let current = try await self.database.read { connection in
            try connection.queryOne(
                "SELECT round FROM review WHERE version = ?1 AND beganAt > ?2 AND beganAt <= ?3",
                [.integer(version), .integer(oldest), .integer(now)]
            )?.integer(0)
        }
        if let current { return current }
        return try await self.database.write { connection in
            try connection.execute(
                "UPDATE review SET round = round + 1, version = ?1, beganAt = ?2",
                [.integer(version), .integer(now)]
            )
            guard let row = try connection.queryOne("SELECT round FROM review") else {
                throw CollimatorError(.internalError, "the round of reviews is missing")
            }
            return try row.integer(0)
        }
    }

    /// Has what one of the endpoints knows that were switched on looked at again, or so much of it; gives whether there is more.
    func beginReviews(limit: Int) async throws -> Bool {
        let id = try await self.database.read { connection in
            try connection.queryOne("SELECT id FROM endpoint WHERE isToReview = 1 ORDER BY id LIMIT 1")?.text(0)
        }
        guard let id else { return false }
        try await self.database.write { connection in
            let count = try connection.execute(
                """
                UPDATE told SET reviewed = 0 WHERE (store, study, endpoint) IN (
                    SELECT store, study, endpoint FROM told WHERE endpoint = ?1 AND reviewed > 0 LIMIT ?2
                )
                """,
                [.text(id), .integer(limit)]
            )
            guard count < limit else { return }
            try connection.execute("UPDATE endpoint SET isToReview = 0 WHERE id = ?1", [.text(id)])
        }
        return true
    }

    /// What has not been looked at in the round.
    func toldToReview(in round: Int64, limit: Int) async throws -> [ToldStudy] {
        try await self.database.read { connection in
            try connection.query(
                """
                SELECT t.store, t.study, t.endpoint, e.state, t.reviewed FROM told t JOIN endpoint e ON e.id = t.endpoint
                WHERE t.reviewed < ?1 ORDER BY t.reviewed LIMIT ?2
                """,
                [.integer(round), .integer(limit)]
            ).compactMap { try Self.told($0) }
        }
    }

    /// Who knows of the study.
    func told(of study: StudyUID, in store: StoreName) async throws -> [ToldStudy] {
        try await self.database.read { connection in
            try connection.query(
                """
                SELECT t.store, t.study, t.endpoint, e.state, t.reviewed FROM told t JOIN endpoint e ON e.id = t.endpoint
                WHERE t.store = ?1 AND t.study = ?2
                """,
                [.text(store.rawValue), .text(study.rawValue)]
            ).compactMap { try Self.told($0) }
        }
    }

    private static func told(_ row: SQLRow) throws -> ToldStudy? {
        guard let store = StoreName(try row.text(0)), let study = StudyUID(try row.text(1)) else { return nil }
        let isCalled = try row.text(3) == WebhookEndpoint.State.active.rawValue
        return ToldStudy(
            endpoint: try row.text(2),
            store: store,
            study: study,
            isCalled: isCalled,
            reviewed: try row.integer(4)
        )
    }

    /// What has it looked at again: a number that it did not have before, so that a look that is under way does not count.
    private static let again = "CASE WHEN told.reviewed > 0 THEN 0 ELSE told.reviewed - 1 END"

    /// Notes that these were looked at in the round, and forgets those of which the endpoint was told that they are gone and
    /// those that are there no more.
    ///
    /// Of those that have changed since they were read the look does not count: one that was there no more may have come back.
    func reviewed(
        _ kept: [ToldStudy],
        gone: [ToldStudy],
        ended: [ToldStudy] = [],
        in round: Int64
    ) async throws {
        guard !kept.isEmpty || !gone.isEmpty || !ended.isEmpty else { return }
        try await self.database.write { connection in
            for one in kept {
                try connection.execute(
                    "UPDATE told SET reviewed = ?4 WHERE store = ?1 AND study = ?2 AND endpoint = ?3 AND reviewed = ?5",
                    one.key + [.integer(round), .integer(one.reviewed)]
                )
            }
            for one in gone {
                try connection.execute("DELETE FROM told WHERE store = ?1 AND study = ?2 AND endpoint = ?3", one.key)
            }
            for one in ended {
                try connection.execute(
                    "DELETE FROM told WHERE store = ?1 AND study = ?2 AND endpoint = ?3 AND reviewed = ?4",
                    one.key + [.integer(one.reviewed)]
                )
            }
        }
    }

    /// Has everybody who knows of the event's study looked at again where the study may have become another one.
    static func noteChange(_ event: ChangeEvent, on connection: any SQLConnection) throws {
        guard let store = event.store, let study = event.study,
            event.type == .studyUpdated || event.type == .studyDeleted
        else { return }
        try connection.execute(
            "UPDATE told SET reviewed = \(Self.again) WHERE store = ?1 AND study = ?2",
            [.text(store.rawValue), .text(study.rawValue)]
        )
    }

    /// Forgets what was looked at longest ago where more is known than is kept; gives how much.
    ///
    /// What is still to be looked at goes last of all.
    func dropTold(beyond toldMax: Int, limit: Int) async throws -> Int {
        // Nobody who writes waits for the count.
        let surplus = try await self.toldCount() - toldMax
        guard surplus > 0 else { return 0 }
        let count = min(surplus, limit)
        return try await self.database.write { connection in
            let seen = try connection.execute(Self.dropReviewed, [.integer(Int64(count))])
            guard seen < count else { return seen }
            return seen + (try connection.execute(Self.dropAny, [.integer(Int64(count - seen))]))
        }
    }

    /// Each along the index: to sort all of them would hold up calls.
    static let dropReviewed = dropFirst("WHERE reviewed > 0")
    static let dropAny = dropFirst("")

    private static func dropFirst(_ condition: String) -> String {
        """
        DELETE FROM told WHERE (store, study, endpoint) IN (
            SELECT store, study, endpoint FROM told \(condition) ORDER BY reviewed LIMIT ?1
        )
        """
    }

    /// How many endpoints know of a study.
    func toldCount() async throws -> Int {
        try await self.database.read { Int(try $0.queryOne("SELECT COUNT(*) FROM told")?.integer(0) ?? 0) }
    }

    /// Endpoints that are called no more, and of which the change feed does not say so yet.
    func untoldEnds() async throws -> [String] {
        try await self.database.read { connection in
            try connection.query("SELECT id FROM endpoint WHERE isUntold = 1 ORDER BY id").map { try $0.text(0) }
        }
    }

    /// The change feed says so.
    func noteEndTold(of endpoint: String) async throws {
        try await self.database.write { connection in
            _ = try connection.execute("UPDATE endpoint SET isUntold = 0 WHERE id = ?1", [.text(endpoint)])
        }
    }
}
