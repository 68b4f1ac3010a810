internal import CollimatorCore

/// The sessions of browsers, in memory, each known by the digest of its secret.
///
/// The digest may be a dictionary's key: what the time of a look-up tells is about a digest, and nobody can make a
/// secret for a digest.
struct OpenSessions {
    struct Session {
        var caller: Caller
        /// Nil where a link began it.
        var grant: LoginGrant?
        let opened: ContinuousClock.Instant
        var used: ContinuousClock.Instant
        /// Until when the issuer is not asked again, after it has not answered.
        var askAgainAt: ContinuousClock.Instant?
    }

    private let limits: SignInLimits
    private var sessions: [[UInt8]: Session] = [:]

    init(limits: SignInLimits) {
        precondition(limits.sessionsMax > 0, "there must be room for one session")
        self.limits = limits
    }

    /// Opens a session; where there is no room the one that was used longest ago ends.
    mutating func open(
        _ digest: [UInt8],
        for caller: Caller,
        grant: LoginGrant? = nil,
        at now: ContinuousClock.Instant
    ) {
        self.sessions = self.sessions.filter { !self.hasEnded($0.value, at: now) }
        while self.sessions.count >= self.limits.sessionsMax,
            let oldest = self.sessions.min(by: { $0.value.used < $1.value.used })
        {
            self.sessions[oldest.key] = nil
        }
        self.sessions[digest] = Session(caller: caller, grant: grant, opened: now, used: now)
    }

    /// The session, of which this is a use; nil where it has ended or never was.
    mutating func use(_ digest: [UInt8], at now: ContinuousClock.Instant) -> Session? {
        guard let session = self.sessions[digest] else { return nil }
        guard !self.hasEnded(session, at: now) else {
            self.sessions[digest] = nil
            return nil
        }
        self.sessions[digest]?.used = now
        return session
    }

    /// Takes over what an issuer says by now; a session that has ended meanwhile stays so.
    mutating func renew(_ digest: [UInt8], _ loggedIn: LoggedIn) {
        self.sessions[digest]?.caller = loggedIn.caller
        self.sessions[digest]?.grant = loggedIn.grant
        self.sessions[digest]?.askAgainAt = nil
    }

    /// Has the issuer not asked before that time.
    mutating func postpone(_ digest: [UInt8], until time: ContinuousClock.Instant) {
        self.sessions[digest]?.askAgainAt = time
    }

    /// Ends a session; one that never was is as good as ended.
    mutating func close(_ digest: [UInt8]) {
        self.sessions[digest] = nil
    }

    /// Ends every session of somebody.
    mutating func closeAll(of principal: Principal) {
        self.sessions = self.sessions.filter { $0.value.caller.principal != principal }
    }

    private func hasEnded(_ session: Session, at now: ContinuousClock.Instant) -> Bool {
        now - session.opened >= self.limits.sessionLifetime || now - session.used >= self.limits.sessionIdle
    }
}
