internal import Catalog
internal import CollimatorCore
internal import DICOMweb
internal import Persistence

/// What a claim is to take.
struct ClaimWish: Hashable, Sendable {
    let now: Int64
    /// Of all endpoints together.
    let limit: Int
    let perEndpoint: Int
    let lease: Duration
    /// The endpoint that had the last turn.
    var last = ""
    /// Of these so many more than of the others.
    var ahead: [String: Int] = [:]

    /// The most of any endpoint.
    var mostOfOne: Int { self.perEndpoint + (self.ahead.values.max() ?? 0) }
    var until: Int64 { self.now + self.lease.components.seconds * 1_000 }
}

extension WebhookStore {
    /// Takes deliveries that are due, no more of one endpoint than it may have under way, and holds them for the lease.
    ///
    /// It is written together with outcomes that wait.
    ///
    /// It goes round: the endpoint behind the last one that had its turn is the first to have the next. What is looked at are
    /// endpoints with something open, and of each the beginning of an index: neither endpoints at rest nor long queues
    /// make it slower.
    func claim(
        now: Int64,
        limit: Int,
        perEndpoint: Int,
        lease: Duration,
        after last: String = "",
        ahead: [String: Int] = [:]
    ) async throws -> [ClaimedDelivery] {
        guard limit > 0 else { return [] }
        let wish = ClaimWish(now: now, limit: limit, perEndpoint: perEndpoint, lease: lease, last: last, ahead: ahead)
        return try await self.outcomes.write { try Self.claim(wish, on: $0) }
    }

    /// What ``claim(now:limit:perEndpoint:lease:after:ahead:)`` does, in a transaction.
    static func claim(_ wish: ClaimWish, on connection: any SQLConnection) throws -> [ClaimedDelivery] {
        var claimed: [ClaimedDelivery] = []
        var ring = Ring(after: wish.last)
        while claimed.count < wish.limit {
            let candidates = try ring.next(wish, on: connection)
            guard !candidates.isEmpty else { break }
            // Each in its turn, so that one with a long queue leaves room for the others.
            let share = max(1, (wish.limit - claimed.count) / candidates.count)
            for candidate in candidates where claimed.count < wish.limit {
                let free = min(candidate.free, share, wish.limit - claimed.count)
                let taken = try Self.claim(free, of: candidate, wish, connection)
                try candidate.pace.note(taken.count, of: candidate.endpoint, on: connection)
                claimed += taken
            }
        }
        return claimed
    }

    /// An endpoint that may be called and has something that is due.
    private struct Candidate {
        let endpoint: String
        let url: String
        let isOrdered: Bool
        let pace: CallPace
        /// How many calls it may have now.
        let free: Int
    }

    /// Endpoints in the order of their ids, from behind one of them all the way round to it.
    private struct Ring {
        private let start: String
        private var last: String
        private var isBehindStart = false

        init(after start: String) {
            (self.start, self.last) = (start, start)
        }

        /// The next ones; none where it has been round.
        mutating func next(_ wish: ClaimWish, on connection: any SQLConnection) throws -> [Candidate] {
            var candidates: [Candidate] = []
            while candidates.count < wish.limit {
                let count = wish.limit - candidates.count
                let rows = try connection.query(
                    WebhookStore.selectCandidates,
                    [
                        .text(self.last), .integer(wish.now), .integer(wish.now + WebhookStore.pauseMax),
                        .integer(wish.mostOfOne), .integer(count),
                    ]
                )
                for row in rows {
                    let endpoint = try row.text(0)
                    guard !self.isBehindStart || endpoint <= self.start else { return candidates }
                    self.last = endpoint
                    let candidate = try Self.candidate(row, of: endpoint, wish)
                    if candidate.free > 0 { candidates.append(candidate) }
                }
                guard rows.count < count else {
                    // All of these have as many calls as they may: those behind them may have room.
                    if candidates.isEmpty { continue }
                    break
                }
                guard !self.isBehindStart, !self.start.isEmpty else { break }
                (self.isBehindStart, self.last) = (true, "")
            }
            return candidates
        }

        private static func candidate(_ row: SQLRow, of endpoint: String, _ wish: ClaimWish) throws -> Candidate {
            let pace = CallPace(
                callsPerMinute: try row.integerIfPresent(3),
                until: try row.integer(4),
                now: wish.now
            )
            // Calls that are spread over the minute are not taken before their time.
            let most = wish.perEndpoint + (pace.interval == nil ? wish.ahead[endpoint] ?? 0 : 0)
            return Candidate(
                endpoint: endpoint,
                url: try row.text(1),
                isOrdered: try row.integer(2) != 0,
                pace: pace,
                free: min(most - Int(try row.integer(5)), pace.free)
            )
        }
    }

    /// No pause is longer, in milliseconds.
    static let pauseMax: Int64 = 60 * 60 * 1_000

    /// It goes from one endpoint with something open to the next, and never through what is open.
    ///
    /// A pause that is longer than any, and a call that lies ahead, were made before the clock was set back.
    private static let selectCandidates = """
        WITH RECURSIVE busy (endpoint) AS (
            SELECT MIN(endpoint) FROM delivery WHERE state < 2 AND endpoint > ?1
            UNION ALL
            SELECT (SELECT MIN(d.endpoint) FROM delivery AS d WHERE d.state < 2 AND d.endpoint > busy.endpoint)
            FROM busy WHERE busy.endpoint IS NOT NULL
        )
        SELECT e.id, e.url, e.isOrdered, e.callsPerMinute, e.calledUntil, (
            SELECT COUNT(*) FROM delivery AS u WHERE u.endpoint = e.id AND u.state = 1 AND u.dueAt > ?2
        )
        FROM busy CROSS JOIN endpoint AS e
        WHERE e.id = busy.endpoint AND e.state = 'active' AND (e.pausedUntil <= ?2 OR e.pausedUntil > ?3)
            AND (e.heldUntil <= ?2 OR e.heldUntil > ?3)
            AND (e.callsPerMinute IS NULL OR e.calledUntil > ?2
                OR e.calledUntil + (60000 + e.callsPerMinute - 1) / e.callsPerMinute <= ?2)
            AND EXISTS (SELECT 1 FROM delivery AS d WHERE d.endpoint = e.id AND d.state < 2 AND d.dueAt <= ?2)
            AND (SELECT COUNT(*) FROM delivery AS u WHERE u.endpoint = e.id AND u.state = 1 AND u.dueAt > ?2) < ?4
        LIMIT ?5
        """

    private static func claim(
        _ count: Int,
        of candidate: Candidate,
        _ wish: ClaimWish,
        _ connection: any SQLConnection
    ) throws -> [ClaimedDelivery] {
        guard count > 0 else { return [] }
        let rows = try connection.query(
            candidate.isOrdered ? Self.selectOrdered : Self.selectDue,
            [.text(candidate.endpoint), .integer(wish.now), .integer(count)]
        )
        return try rows.map { row in
            let claimed = try Self.claimed(row, of: candidate, at: wish.now)
            try connection.execute(
                "UPDATE delivery SET state = 1, dueAt = ?2, token = ?3 WHERE id = ?1",
                [.integer(claimed.id), .integer(wish.until), .integer(claimed.token)]
            )
            return claimed
        }
    }

    private static let selectDue = """
        SELECT id, event, store, study, kept, policy, body, attempts, token, type FROM delivery
        WHERE endpoint = ?1 AND state < 2 AND dueAt <= ?2 ORDER BY dueAt, id LIMIT ?3
        """

    /// Of a study what was written down first, and nothing behind it before it has ended.
    ///
    /// The sum keeps the time out of the choice of the index: in the order of the feed nothing has to be sorted.
    private static let selectOrdered = """
        SELECT id, event, store, study, kept, policy, body, attempts, token, type FROM delivery AS d
        WHERE endpoint = ?1 AND state < 2 AND dueAt + 0 <= ?2 AND NOT EXISTS (
            SELECT 1 FROM delivery AS e WHERE e.endpoint = ?1 AND e.study = d.study AND e.store = d.store
                AND e.sequence < d.sequence AND e.state < 2
        ) ORDER BY sequence, id LIMIT ?3
        """

    private static func claimed(_ row: SQLRow, of candidate: Candidate, at now: Int64) throws -> ClaimedDelivery {
        guard let policy = EventDataPolicy(rawValue: try row.text(5)),
            let type = ChangeEvent.Kind(rawValue: try row.text(9))
        else {
            throw CollimatorError(.internalError, "a row of a delivery is not one of ours")
        }
        return ClaimedDelivery(
            id: try row.integer(0),
            endpoint: candidate.endpoint,
            url: candidate.url,
            event: try row.text(1),
            type: type,
            subject: EventSubject(
                store: try row.textIfPresent(2).flatMap { StoreName($0) },
                study: try row.textIfPresent(3).flatMap { StudyUID($0) },
                kept: try row.blobIfPresent(4).map { try DICOMJSON.dataSet(from: $0) },
                isOfAudit: type == .accessEmergency
            ),
            policy: policy,
            body: try row.blob(6),
            attempts: Int(try row.integer(7)),
            token: try row.integer(8) + 1,
            claimedAt: now
        )
    }
}

/// How many calls an endpoint may have now that asked for so many in a minute: they are spread over it, and what was not
/// called for is made up for a second.
private struct CallPace {
    /// Nil where it asked for nothing.
    let interval: Int64?
    let earliest: Int64
    let free: Int

    init(callsPerMinute: Int64?, until: Int64, now: Int64) {
        guard let callsPerMinute else {
            (self.interval, self.earliest, self.free) = (nil, 0, Int.max)
            return
        }
        let interval = max(1, (60_000 + callsPerMinute - 1) / callsPerMinute)
        // No call was made later than now: where one was, the clock was set back, and that must not stop the calls.
        let until = until > now ? now - interval : until
        let earliest = max(until, now - max(1_000, interval))
        (self.interval, self.earliest, self.free) = (interval, earliest, max(0, Int((now - earliest) / interval)))
    }

    func note(_ count: Int, of endpoint: String, on connection: any SQLConnection) throws {
        guard let interval, count > 0 else { return }
        try connection.execute(
            "UPDATE endpoint SET calledUntil = ?2 WHERE id = ?1",
            [.text(endpoint), .integer(self.earliest + Int64(count) * interval)]
        )
    }
}
