internal import Catalog
internal import CollimatorCore
internal import Persistence

/// What an attempt came to.
struct AttemptOutcome: Hashable, Sendable {
    let startedAt: Int64
    let endedAt: Int64
    let answer: WebhookAnswer

    var isDelivered: Bool {
        if case .answered(let status, _, _) = self.answer { (200...299).contains(status) } else { false }
    }

    /// The endpoint wants nothing any more.
    var isGone: Bool {
        if case .answered(410, _, _) = self.answer { true } else { false }
    }

    /// The receiver has too much to do, or takes too long.
    var isBusy: Bool {
        switch self.answer {
        case .answered(let status, _, _): [429, 502, 503, 504].contains(status)
        case .failed(let failure): failure == .timeout
        }
    }

    var retryAfter: Duration? {
        if case .answered(_, let wait, _) = self.answer { wait } else { nil }
    }
}

/// Limits of the deliveries.
package struct WebhookLimits: Hashable, Sendable {
    package var schedule = RetrySchedule()
    /// Calls of one endpoint at the same time.
    package var perEndpoint = 8
    /// Calls of all endpoints at the same time.
    package var total = 256
    /// How long a worker has a delivery for itself; longer than any call takes.
    package var lease = Duration.seconds(30)
    /// Deliveries of all endpoints that are taken before a call is free for them.
    ///
    /// Endpoints that answer quickly have three quarters of it together: where they hang there is still room for the others.
    package var ahead = 1_024
    /// How long after it was taken a call begins at the latest.
    ///
    /// With it, five seconds in which a name is resolved, ten until there is an answer and five of its body, what is left of
    /// the lease is five seconds for the disk.
    package var turnMax = Duration.seconds(5)
    /// So many failures in a row have an endpoint left alone for a while.
    package var failuresUntilPause = 5
    /// How long at first; it doubles with each further failure.
    package var pause = Duration.seconds(30)
    package var pauseMax = Duration.seconds(15 * 60)
    /// An endpoint that has done nothing but fail for so long is switched off.
    package var failingMax = Duration.seconds(5 * 24 * 60 * 60)
    /// How long deliveries that have ended are kept, with their attempts.
    package var retention = Duration.seconds(30 * 24 * 60 * 60)
    /// The most deliveries that wait for one endpoint; beyond it the oldest are given up.
    package var waitingMax = 1_000_000
    /// The shortest time between two challenges of one endpoint.
    package var challengeInterval = Duration.seconds(5)
    /// A replay rests while so many deliveries of its endpoint wait.
    package var replayWaitingMax = 1_000
    /// How often it is seen that endpoints may still know of what they were told, where no rule was changed.
    package var reviewInterval = Duration.seconds(60 * 60)
    /// Of so many studies it is known which endpoint was told of them, each endpoint counted; what was looked at longest ago is
    /// forgotten, and nobody hears when such a study leaves a view.
    package var toldMax = 1_000_000

    package init() {}
}

extension WebhookStore {
    /// Writes down the attempt and what follows from it, for the delivery and for its endpoint.
    ///
    /// It is written together with what ends at the same time.
    ///
    /// Nothing is written for a worker whose lease had ended and whose delivery somebody else has. An endpoint that is called
    /// no more from now on is told of by ``WebhookEngine/tellEnds()``.
    func finish(
        _ claimed: ClaimedDelivery,
        _ outcome: AttemptOutcome,
        limits: WebhookLimits,
        random: Double
    ) async throws {
        let isEnd = try await self.outcomes.write { connection in
            let attempts = claimed.attempts + 1
            let wait =
                outcome.isDelivered
                ? nil
                : limits.schedule.milliseconds(
                    afterAttempts: attempts,
                    asked: outcome.retryAfter,
                    isBusy: outcome.isBusy,
                    random: random
                )
            let state: DeliveryState = outcome.isDelivered ? .delivered : wait == nil ? .dead : .waiting
            let count = try connection.execute(
                """
                UPDATE delivery SET state = ?3, attempts = ?4, dueAt = ?5
                WHERE id = ?1 AND token = ?2 AND state = 1 AND endpoint = ?6
                """,
                [
                    .integer(claimed.id), .integer(claimed.token), .integer(state.rawValue), .integer(attempts),
                    .integer(outcome.endedAt + (wait ?? 0)), .text(claimed.endpoint),
                ]
            )
            guard count == 1 else { return false }
            try Self.log(claimed, outcome, on: connection)
            if outcome.isDelivered { try Self.noteTold(claimed, on: connection) }
            return try Self.note(claimed.endpoint, outcome, limits, on: connection)
        }
        if isEnd { self.memory.forget() }
    }

    /// The endpoint may not have the delivery: it is set aside, and no attempt is made; where calls are spread over the minute
    /// its call is free for another one.
    func withhold(_ claimed: ClaimedDelivery, now: Int64) async throws {
        try await self.outcomes.write { connection in
            let count = try connection.execute(
                "UPDATE delivery SET state = 4, dueAt = ?4 WHERE id = ?1 AND token = ?2 AND state = 1 AND endpoint = ?3",
                [.integer(claimed.id), .integer(claimed.token), .text(claimed.endpoint), .integer(now)]
            )
            guard count == 1 else { return }
            try Self.freeCall(of: claimed.endpoint, on: connection)
            // The study came back into its view before it was told that it had left.
            if claimed.type == .studyRemoved { try Self.noteKnown(claimed, on: connection) }
        }
    }

    /// No attempt was made: it waits as before, until it is due; where calls are spread over the minute its call is free again.
    func giveBack(_ claimed: ClaimedDelivery, dueAt: Int64) async throws {
        try await self.outcomes.write { connection in
            let count = try connection.execute(
                "UPDATE delivery SET state = 0, dueAt = ?4 WHERE id = ?1 AND token = ?2 AND state = 1 AND endpoint = ?3",
                [.integer(claimed.id), .integer(claimed.token), .text(claimed.endpoint), .integer(dueAt)]
            )
            if count == 1 { try Self.freeCall(of: claimed.endpoint, on: connection) }
        }
    }

    /// The call could not be made: it stands as taken until then, so that no others of its endpoint are taken in its place.
    func rest(_ claimed: ClaimedDelivery, until: Int64) async throws {
        try await self.outcomes.write { connection in
            let count = try connection.execute(
                "UPDATE delivery SET dueAt = ?4 WHERE id = ?1 AND token = ?2 AND state = 1 AND endpoint = ?3",
                [.integer(claimed.id), .integer(claimed.token), .text(claimed.endpoint), .integer(until)]
            )
            if count == 1 { try Self.freeCall(of: claimed.endpoint, on: connection) }
        }
    }

    /// A call that was taken was not made: where calls are spread over the minute there is one more.
    private static func freeCall(of endpoint: String, on connection: any SQLConnection) throws {
        try connection.execute(
            """
            UPDATE endpoint SET calledUntil = calledUntil - (60000 + callsPerMinute - 1) / callsPerMinute
            WHERE id = ?1 AND callsPerMinute IS NOT NULL
            """,
            [.text(endpoint)]
        )
    }

    /// The status and the kind of failure, and nothing that the receiver said: it may have said anything.
    private static func log(
        _ claimed: ClaimedDelivery,
        _ outcome: AttemptOutcome,
        on connection: any SQLConnection
    ) throws {
        var (status, failure): (Int64?, String?) = (nil, nil)
        switch outcome.answer {
        case .answered(let code, _, _): status = Int64(code)
        case .failed(let kind): failure = kind.rawValue
        }
        try connection.execute(
            """
            INSERT INTO attempt (delivery, number, at, duration, status, failure)
            SELECT ?1, COALESCE(MAX(number), 0) + 1, ?2, ?3, ?4, ?5 FROM attempt WHERE delivery = ?1
            """,
            [
                .integer(claimed.id), .integer(outcome.startedAt), .integer(outcome.endedAt - outcome.startedAt),
                .integer(status), .text(failure),
            ]
        )
    }

    /// Gives whether the endpoint is called no more.
    private static func note(
        _ endpoint: String,
        _ outcome: AttemptOutcome,
        _ limits: WebhookLimits,
        on connection: any SQLConnection
    ) throws -> Bool {
        guard !outcome.isDelivered else {
            try connection.execute(
                "UPDATE endpoint SET failures = 0, failingSince = NULL, pausedUntil = 0 WHERE id = ?1 AND failures > 0",
                [.text(endpoint)]
            )
            return false
        }
        let now = outcome.endedAt
        let row = try connection.queryOne(
            "SELECT failures, failingSince FROM endpoint WHERE id = ?1",
            [.text(endpoint)]
        )
        let failures = Int(try row?.integer(0) ?? 0) + 1
        let since = try row?.integerIfPresent(1) ?? outcome.startedAt
        var pause: Int64 = 0
        if failures >= limits.failuresUntilPause {
            let doublings = min(failures - limits.failuresUntilPause, 16)
            let seconds = min(limits.pause.components.seconds << Int64(doublings), limits.pauseMax.components.seconds)
            pause = now + seconds * 1_000
        }
        try connection.execute(
            "UPDATE endpoint SET failures = ?2, failingSince = ?3, pausedUntil = ?4 WHERE id = ?1",
            [.text(endpoint), .integer(failures), .integer(since), .integer(pause)]
        )
        if outcome.isBusy, let asked = outcome.retryAfter {
            // Who has too much to do has it with all calls, also where others that were under way are taken. What waits for a
            // day is one delivery: after an hour it is seen with another whether the endpoint can be called.
            let until = now + min(asked.components.seconds * 1_000, Self.pauseMax)
            try connection.execute(
                "UPDATE endpoint SET heldUntil = ?2 WHERE id = ?1 AND heldUntil < ?2",
                [.text(endpoint), .integer(until)]
            )
        }
        var state: WebhookEndpoint.State?
        if outcome.isGone { state = .gone }
        if now - since >= limits.failingMax.components.seconds * 1_000 { state = state ?? .failing }
        guard let state else { return false }
        try connection.execute(
            "UPDATE endpoint SET state = ?2, isUntold = 1 WHERE id = ?1 AND state = 'active'",
            [.text(endpoint), .text(state.rawValue)]
        )
        return true
    }
}
