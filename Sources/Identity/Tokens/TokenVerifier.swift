package import CollimatorCore
internal import Cryptography
internal import FoundationEssentials
package import Logging

/// Verifies signed tokens of the configured issuers.
///
/// The order is that of cost: shape, algorithm, issuer, key, signature, claims.
package final class TokenVerifier: CredentialVerifier {
    /// What a policy says of groups, and time, as values that tests replace.
    package struct Surroundings: Sendable {
        package var clock: WallClock
        package var now: @Sendable () -> ContinuousClock.Instant
        /// Whether the access policy names groups of the issuer with that alias.
        ///
        /// A token that hides its groups is then refused: a deny for one of them could not be seen.
        package var namesGroups: @Sendable (_ alias: String) -> Bool
        package var logger: Logger
        package var limits = IssuerKeyLimits()

        package init(
            clock: WallClock = .live,
            now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now },
            namesGroups: @escaping @Sendable (_ alias: String) -> Bool = { _ in true },
            logger: Logger
        ) {
            self.clock = clock
            self.now = now
            self.namesGroups = namesGroups
            self.logger = logger
        }
    }

    private struct Source: Sendable {
        let issuer: TokenIssuer
        let keys: IssuerKeys
    }

    private let sources: [Source]
    private let surroundings: Surroundings
    private let verified = VerifiedTokens()

    package init(issuers: [TokenIssuer], client: JWKSClient, surroundings: Surroundings) {
        self.surroundings = surroundings
        self.sources = issuers.map { issuer in
            Source(
                issuer: issuer,
                keys: IssuerKeys(
                    issuer: issuer,
                    client: client,
                    limits: surroundings.limits,
                    now: surroundings.now,
                    logger: surroundings.logger
                )
            )
        }
    }

    /// The issuers, in the order of the configuration.
    package var issuers: [TokenIssuer] { self.sources.map(\.issuer) }

    /// Whether the header of Google's proxy counts.
    package var readsProxyAssertions: Bool { self.sources.contains { $0.issuer.form == .proxyAssertion } }

    /// A signed token begins with the first characters of a JSON object.
    package func accepts(_ token: Substring) -> Bool { token.hasPrefix("eyJ") }

    /// The caller of a token from `Authorization`.
    package func caller(_ token: Substring) async throws(CollimatorError) -> Caller {
        self.caller(of: try await self.token(String(token), form: .bearer))
    }

    /// The caller of a token that was verified a moment ago, by a key that is the issuer's still; nil for any other.
    func callerAtHand(_ token: Substring) throws(CollimatorError) -> Caller? {
        guard token.utf8.count <= JWS.tokenBytesMax,
            let entry = self.verified.entry(SHA256.hash(token.utf8), at: self.seconds),
            let source = self.source(of: entry.issuer, form: .bearer),
            let key = source.keys.keyAtHand(named: entry.keyID), key.isSame(as: entry.key)
        else { return nil }
        try self.checkGroups(entry.token)
        return self.caller(of: entry.token)
    }

    /// The caller of an assertion of Google's Identity-Aware Proxy.
    package func caller(proxyAssertion token: String) async throws(CollimatorError) -> Caller {
        self.caller(of: try await self.token(token, form: .proxyAssertion))
    }

    /// Verifies the identity token of a login: for the app that began it, and for that login.
    ///
    /// - Parameters:
    ///   - text: what the issuer's token endpoint gave.
    ///   - alias: the issuer.
    ///   - clientID: the app, which is the audience.
    ///   - nonce: what the login was begun with.
    ///   - nonceIsRequired: whether the token has to name it; one that renews a login need not, and names no other.
    /// - Returns: what the token says.
    /// - Throws: `unauthenticated`, or `unavailable` where the issuer's keys cannot be had.
    func token(
        identityToken text: String,
        of alias: String,
        clientID: String,
        nonce: String,
        nonceIsRequired: Bool = true
    ) async throws(CollimatorError) -> VerifiedToken {
        guard let source = self.sources.first(where: { $0.issuer.alias == alias && $0.issuer.form == .bearer }) else {
            throw TokenRefusal.error("no such issuer")
        }
        let token = try await self.verify(text, source, audiences: [clientID], kinds: [.identity]).token
        let isOfLogin = token.nonce.map { constantTimeEquals(Array($0.utf8), Array(nonce.utf8)) }
        guard isOfLogin ?? !nonceIsRequired else { throw TokenRefusal.error("the token is of another login") }
        try self.checkGroups(token)
        return token
    }

    /// The caller whose session a login begins.
    func sessionCaller(of token: VerifiedToken) -> Caller {
        Caller(
            verified: .user(issuer: token.alias, subject: token.subject),
            memberships: Self.memberships(of: token),
            method: .session,
            purposeOfUse: token.purposeOfUse
        )
    }

    /// Exactly how the issuer with that alias names itself.
    func name(of alias: String) -> String {
        self.sources.first { $0.issuer.alias == alias }?.issuer.issuer ?? ""
    }

    /// Whether the issuer with that alias is Google.
    func isGoogle(_ alias: String) -> Bool {
        self.sources.first { $0.issuer.alias == alias }?.issuer.isGoogle ?? false
    }

    /// What the issuer says of itself: where a browser logs in, and where a code is exchanged.
    ///
    /// - Throws: `unavailable`.
    package func metadata(of alias: String) async throws(CollimatorError) -> IssuerMetadata {
        guard let source = self.sources.first(where: { $0.issuer.alias == alias }) else {
            throw CollimatorError(.notFound, "no such issuer")
        }
        do {
            return try await source.keys.metadata()
        } catch {
            throw CollimatorError(
                .unavailable,
                "the issuer does not say what it is",
                cause: error,
                retryAfterSeconds: 30
            )
        }
    }

    private func token(_ text: String, form: TokenIssuer.Form) async throws(CollimatorError) -> VerifiedToken {
        guard text.utf8.count <= JWS.tokenBytesMax else { throw TokenRefusal.error("the token is too long") }
        let digest = SHA256.hash(text.utf8)
        if let entry = self.verified.entry(digest, at: self.seconds),
            let source = self.source(of: entry.issuer, form: form),
            let key = try await source.keys.key(named: entry.keyID), key.isSame(as: entry.key)
        {
            try self.checkGroups(entry.token)
            return entry.token
        }
        guard let claimed = try Self.shape(text, form: form).claimedIssuer(),
            let source = self.source(of: claimed, form: form)
        else { throw TokenRefusal.error("the token is of no issuer that is known") }
        let entry = try await self.verify(
            text,
            source,
            audiences: source.issuer.audiences,
            kinds: source.issuer.kinds
        )
        try self.checkGroups(entry.token)
        self.verified.remember(digest, entry)
        return entry.token
    }

    private func verify(
        _ text: String,
        _ source: Source,
        audiences: [String],
        kinds: Set<TokenKind>
    ) async throws(CollimatorError) -> VerifiedTokens.Entry {
        let shape = try Self.shape(text, form: source.issuer.form)
        guard let key = try await source.keys.key(named: shape.header.keyID) else {
            throw TokenRefusal.error("the token is signed with a key that is not the issuer's")
        }
        var confirming = key
        var found = Self.content(of: shape, confirmedBy: key)
        // Who names no key may have got another one.
        if found == nil, shape.header.keyID == nil,
            let other = try await source.keys.key(named: nil, otherThan: key)
        {
            confirming = other
            found = Self.content(of: shape, confirmedBy: other)
        }
        guard let content = found else { throw TokenRefusal.error("the signature is not that of the issuer") }
        let checks = TokenChecks(issuer: source.issuer, audiences: audiences, kinds: kinds, now: self.seconds)
        return VerifiedTokens.Entry(
            token: try checks.token(content),
            keyID: shape.header.keyID,
            key: confirming,
            issuer: source.issuer.issuer
        )
    }

    /// What the key confirms; nil where it confirms nothing.
    private static func content(of shape: UnverifiedJWS, confirmedBy key: JSONWebKey) -> VerifiedJWS? {
        do {
            return try shape.verified(with: key.key)
        } catch {
            return nil
        }
    }

    private static func shape(_ text: String, form: TokenIssuer.Form) throws(CollimatorError) -> UnverifiedJWS {
        do {
            return try UnverifiedJWS(
                text,
                algorithms: form == .bearer ? [.rs256, .es256] : [.es256],
                typeIsRequired: false
            )
        } catch {
            throw TokenRefusal.error("the token does not have the accepted shape")
        }
    }

    private func source(of issuer: String, form: TokenIssuer.Form) -> Source? {
        self.sources.first { $0.issuer.form == form && $0.issuer.isNamed(issuer) }
    }

    /// Refuses a token that hides its groups while rules name some of its issuer.
    func checkGroups(_ token: VerifiedToken) throws(CollimatorError) {
        guard token.hidesGroups, self.surroundings.namesGroups(token.alias) else { return }
        throw TokenRefusal.error("the token hides the groups of its user, and rules name groups")
    }

    private func caller(of token: VerifiedToken) -> Caller {
        Caller(
            verified: .user(issuer: token.alias, subject: token.subject),
            memberships: Self.memberships(of: token),
            method: .oidcToken,
            purposeOfUse: token.purposeOfUse,
            expiresAt: Date(timeIntervalSince1970: Double(token.expires))
        )
    }

    private static func memberships(of token: VerifiedToken) -> [Principal] {
        token.groups.map { .group(issuer: token.alias, name: $0) } + [.authenticated(issuer: token.alias)]
    }

    private var seconds: Int64 { Int64(self.surroundings.clock.now().timeIntervalSince1970.rounded(.down)) }
}
