package import CollimatorCore
internal import Cryptography
internal import Synchronization

extension SignIns {
    /// The secret of a new session for somebody who has logged in at an issuer.
    package func open(_ loggedIn: LoggedIn) -> String {
        let secret = Self.random()
        let now = self.now()
        self.state.withLock { state in
            state.sessions.open(
                SHA256.hash(secret.utf8),
                for: loggedIn.caller,
                grant: loggedIn.grant,
                at: now
            )
        }
        return secret
    }

    /// The caller whose session has this secret; asking counts as a use of the session.
    ///
    /// Where what the issuer said has ended it is asked first; requests of one session wait for one answer.
    /// - Throws: `unauthenticated` where the session has ended or never was, `unavailable` where the issuer does not answer
    ///   for long.
    package func authenticate(session secret: String) async throws(CollimatorError) -> Caller {
        guard Self.hasForm(secret) else { throw Self.ended }
        let digest = SHA256.hash(secret.utf8)
        let now = self.now()
        guard let session = self.state.withLock({ $0.sessions.use(digest, at: now) }) else { throw Self.ended }
        guard let grant = session.grant, let login = self.login else { return session.caller }
        do {
            try login.admit(grant)
        } catch {
            self.end(session: secret)
            throw error
        }
        if grant.end > now { return session.caller }
        await self.renewal(of: digest, by: login)?.value
        return try self.renewed(digest)
    }

    /// What has become of a session whose issuer was asked, or is not to be asked yet.
    private func renewed(_ digest: [UInt8]) throws(CollimatorError) -> Caller {
        let now = self.now()
        guard let session = self.state.withLock({ $0.sessions.use(digest, at: now) }), let grant = session.grant else {
            throw Self.ended
        }
        guard grant.end + self.limits.renewalGrace > now else {
            throw CollimatorError(
                .unavailable,
                "a session cannot be renewed, for its issuer does not answer",
                publicDetail: "The issuer of this session cannot be reached. Try again in a moment.",
                retryAfterSeconds: Int(self.limits.renewalCooldown.components.seconds)
            )
        }
        return session.caller
    }

    /// The question to the issuer that is on its way, or a new one; nil where none is to be asked.
    private func renewal(of digest: [UInt8], by login: BrowserLogin) -> Task<Void, Never>? {
        let now = self.now()
        return self.state.withLock { state in
            if let running = state.renewals[digest] { return running }
            guard let session = state.sessions.use(digest, at: now), let grant = session.grant, grant.end <= now,
                session.askAgainAt.map({ $0 <= now }) ?? true
            else { return nil }
            let renewal = Task { await self.renew(digest, grant, by: login) }
            state.renewals[digest] = renewal
            return renewal
        }
    }

    private func renew(_ digest: [UInt8], _ grant: LoginGrant, by login: BrowserLogin) async {
        do {
            let loggedIn = try await login.renew(grant)
            self.state.withLock { state in
                state.sessions.renew(digest, loggedIn)
                state.renewals[digest] = nil
            }
        } catch {
            let askAgainAt = self.now() + self.limits.renewalCooldown
            self.state.withLock { state in
                if error.code == .unauthenticated {
                    state.sessions.close(digest)
                } else {
                    state.sessions.postpone(digest, until: askAgainAt)
                }
                state.renewals[digest] = nil
            }
        }
    }

    private static var ended: CollimatorError {
        CollimatorError(
            .unauthenticated,
            "the session has ended or never was",
            publicDetail: "The session has ended. Sign in again."
        )
    }
}
