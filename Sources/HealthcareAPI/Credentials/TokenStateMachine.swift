/// What a shared token is, who waits for a new one, and whether one is being fetched: a value without effects.
///
/// `Waiter` is whatever the owner resumes when the flight has ended.
struct TokenStateMachine<Waiter> {
    /// A token is refreshed this long before it expires, while it is still in use.
    static var refreshAhead: Duration { .seconds(225) }
    /// A token that expires sooner than this may not arrive in time, and is not given out.
    static var expiryMargin: Duration { .seconds(10) }
    /// A token that is younger than this is not fetched anew because somebody was refused with its predecessor.
    static var youth: Duration { .seconds(10) }
    /// After a failed flight the next one that nobody waits for starts no sooner.
    static var backgroundPause: Duration { .seconds(10) }
    /// After a failed flight everybody is told of that failure for so long.
    static var failurePause: Duration { .seconds(1) }
    /// How many may wait for one flight.
    static var waitersMax: Int { 10_000 }

    private var token: AccessToken?
    private var fetchedAt: ContinuousClock.Instant?
    private var failure: (error: CredentialError, at: ContinuousClock.Instant)?
    private var waiters: [Int: Waiter] = [:]
    private var isFlying = false

    /// What to do for somebody who asks for a token.
    enum AskAction: Equatable {
        case use(AccessToken)
        /// Use this one, and start a flight that nobody waits for.
        case useAndFly(AccessToken)
        case fail(CredentialError)
        /// Join the flight, with `joined`.
        case wait
    }

    /// What to do for a waiter.
    enum JoinAction: Equatable {
        case resume(AccessToken)
        case fail(CredentialError)
        /// It waits for the flight that is under way.
        case wait
        /// It waits for a flight that is to be started now.
        case waitAndFly
    }

    /// Somebody asks for a token; `refreshing` means that the upstream has refused the present one.
    mutating func asked(refreshing: Bool, now: ContinuousClock.Instant) -> AskAction {
        guard let token, let fetchedAt, now < token.expiresAt - Self.expiryMargin,
            !refreshing || now < fetchedAt + Self.youth
        else {
            // A failure of just now would be repeated by the endpoint: spare it.
            if !self.isFlying, let failure, now < failure.at + Self.failurePause { return .fail(failure.error) }
            return .wait
        }
        let isDue = now >= token.expiresAt - Self.refreshAhead
        let isPaused = self.failure.map { now < $0.at + Self.backgroundPause } ?? false
        // A token that is short-lived by nature is not fetched for every use.
        let isYoung = now < fetchedAt + Self.youth
        guard isDue, !self.isFlying, !isPaused, !isYoung else { return .use(token) }
        self.isFlying = true
        return .useAndFly(token)
    }

    /// Somebody waits, under a number of its own.
    ///
    /// What `asked` has found may have changed meanwhile.
    mutating func joined(
        _ waiter: Waiter,
        number: Int,
        refreshing: Bool,
        now: ContinuousClock.Instant
    ) -> JoinAction {
        switch self.asked(refreshing: refreshing, now: now) {
        case .use(let token): return .resume(token)
        case .useAndFly(let token):
            // Rare: leave the early refresh to the next use.
            self.isFlying = false
            return .resume(token)
        case .fail(let error): return .fail(error)
        case .wait:
            guard self.waiters.count < Self.waitersMax else { return .fail(CredentialError(.unreachable)) }
            self.waiters[number] = waiter
            guard !self.isFlying else { return .wait }
            self.isFlying = true
            return .waitAndFly
        }
    }

    /// A waiter went away.
    ///
    /// It is given back where the flight has not ended for it yet.
    mutating func left(number: Int) -> Waiter? {
        self.waiters.removeValue(forKey: number)
    }

    /// The flight has ended, well or not: the waiters are to be told.
    mutating func landed(_ result: Result<AccessToken, CredentialError>, now: ContinuousClock.Instant) -> [Waiter] {
        self.isFlying = false
        switch result {
        case .success(let token):
            self.token = token
            self.fetchedAt = now
            self.failure = nil
        case .failure(let error):
            // The token at hand stays: it may be good until it expires.
            self.failure = (error, now)
        }
        defer { self.waiters = [:] }
        return Array(self.waiters.values)
    }
}
