package import CollimatorCore
internal import Cryptography
internal import Synchronization

/// How a browser becomes a caller: a one-time token from a link, or a login at an issuer, is exchanged for the secret of a
/// session.
///
/// Token and secret are 32 random bytes in the URL form of Base64 and are kept as digests, in memory only: a restart ends
/// every session and every link. A session's ``Caller`` is the one for whom the link was made, or whom the issuer names;
/// what an issuer says is asked for again when it ends.
package final class SignIns: Sendable {
    /// How many random bytes a token and a session's secret have.
    package static let randomBytes = 32

    package let limits: SignInLimits
    /// Where people log in; nil where there is no issuer for it.
    package let login: BrowserLogin?
    let now: @Sendable () -> ContinuousClock.Instant
    let state: Mutex<State>

    struct State {
        var tokens: OneTimeTokens
        var sessions: OpenSessions
        /// Sessions whose issuer is being asked, by the digest of their secret.
        var renewals: [[UInt8]: Task<Void, Never>] = [:]
        var refusals = 0
        var windowEnd: ContinuousClock.Instant?
    }

    /// Without a login there are links alone.
    package init(
        login: BrowserLogin? = nil,
        limits: SignInLimits = SignInLimits(),
        now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
    ) {
        self.login = login
        self.limits = limits
        self.now = now
        self.state = Mutex(
            State(tokens: OneTimeTokens(max: limits.tokensMax), sessions: OpenSessions(limits: limits))
        )
    }

    /// A token that signs in the caller who asks for it, once.
    ///
    /// The session lasts no longer than the credential with which the caller asks; ``IdentityDirectory`` sees to that.
    package func token(for caller: Caller) -> String {
        // What else it is goes along: a rule may deny something to its groups.
        self.keepToken(
            for: Caller(
                verified: caller.principal,
                memberships: caller.memberships,
                method: .session,
                purposeOfUse: caller.purposeOfUse,
                expiresAt: caller.expiresAt
            )
        )
    }

    /// A token that signs in the administrator, once.
    ///
    /// Only for the start of the process on a loopback address, which shows it to the one who started it.
    package func administratorToken() -> String {
        self.keepToken(for: Caller(verified: .administrator, method: .session))
    }

    /// The secret of a new session, for a token that is good; the token is used up.
    ///
    /// - Throws: `unauthenticated` for a token that is not good; `rate-limited` where there were many such. A good
    ///   token works even then: guessing is hopeless anyway, and nobody can lock the door for others.
    package func redeem(token: String) throws(CollimatorError) -> String {
        let now = self.now()
        let secret = Self.random()
        let opened = Self.hasForm(token) ? SHA256.hash(token.utf8) : nil
        let isOpen = self.state.withLock { state in
            guard let opened, let caller = state.tokens.redeem(opened, at: now) else { return false }
            state.sessions.open(SHA256.hash(secret.utf8), for: caller, at: now)
            return true
        }
        guard isOpen else { throw self.refusal(at: now) }
        return secret
    }

    /// Ends the session that has this secret, if there is one.
    package func end(session secret: String) {
        guard Self.hasForm(secret) else { return }
        let digest = SHA256.hash(secret.utf8)
        self.state.withLock { $0.sessions.close(digest) }
    }

    /// Ends every session of somebody, and makes the links useless that wait for them.
    package func endAll(of principal: Principal) {
        self.state.withLock { state in
            state.sessions.closeAll(of: principal)
            state.tokens.removeAll(of: principal)
        }
    }

    private func keepToken(for caller: Caller) -> String {
        let text = Self.random()
        let end = self.now() + self.limits.tokenLifetime
        self.state.withLock { $0.tokens.add(SHA256.hash(text.utf8), for: caller, until: end) }
        return text
    }

    private func refusal(at now: ContinuousClock.Instant) -> CollimatorError {
        let wait: Duration? = self.state.withLock { state in
            let end = state.windowEnd.flatMap { $0 > now ? $0 : nil } ?? now + self.limits.refusalWindow
            if state.windowEnd != end { state.refusals = 0 }
            state.windowEnd = end
            state.refusals += 1
            return state.refusals > self.limits.refusalsMax ? end - now : nil
        }
        if let wait {
            return CollimatorError(
                .rateLimited,
                "many wrong sign-in tokens",
                publicDetail: "There were many sign-in links that do not work. Wait a moment.",
                retryAfterSeconds: Int(wait.components.seconds) + 1
            )
        }
        return CollimatorError(
            .unauthenticated,
            "a sign-in token that is used, too old or unknown",
            publicDetail: "The sign-in link was used before, is too old, or is from before the last start."
        )
    }

    static func random() -> String { Base64URL.encode(SecureRandom.bytes(Self.randomBytes)) }

    static func hasForm(_ text: String) -> Bool {
        text.utf8.count <= Self.randomBytes * 2 && Base64URL.decode(text)?.count == Self.randomBytes
    }
}
