package import CollimatorCore
internal import Cryptography
internal import FoundationEssentials

/// Logging in at an issuer with a browser: OpenID Connect's authorization code flow with PKCE (RFC 7636).
///
/// The browser gets neither code nor token to keep: the code is exchanged here, the identity token is verified as any
/// other, and what the browser keeps is the cookie of a session.
package final class BrowserLogin: Sendable {
    /// How many random bytes the secret has that seals what a browser keeps during a login.
    static let secretBytes = 32

    /// The issuers, in the order of the configuration.
    package let issuers: [LoginIssuer]
    package let limits: LoginLimits
    private let places: [String: LoginPlaces]
    private let verifier: TokenVerifier
    private let client: LoginClient
    private let seal: DeterministicSeal
    private let clock: WallClock
    private let now: @Sendable () -> ContinuousClock.Instant

    /// A login that was begun: where the browser goes, and what it keeps meanwhile.
    package struct Begun: Sendable {
        package let location: String
        package let cookie: String
    }

    /// What the issuer sends the browser back with.
    package struct Answer: Sendable {
        package var state: String?
        package var code: String?
        /// Who sends it (RFC 9207).
        package var issuer: String?
        /// Whether the issuer says that nobody has logged in.
        package var isRefusal: Bool

        package init(state: String?, code: String?, issuer: String?, isRefusal: Bool) {
            self.state = state
            self.code = code
            self.issuer = issuer
            self.isRefusal = isRefusal
        }
    }

    /// The issuers are among those of the verifier.
    ///
    /// What is begun is forgotten with the process: the secret that seals it is made here.
    package init(
        issuers: [LoginIssuer],
        verifier: TokenVerifier,
        client: LoginClient,
        limits: LoginLimits = LoginLimits(),
        clock: WallClock = .live,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
    ) {
        self.issuers = issuers
        self.limits = limits
        self.verifier = verifier
        self.client = client
        self.seal = DeterministicSeal(
            secret: SecureRandom.bytes(Self.secretBytes),
            purpose: "collimator browser login 1"
        )
        self.clock = clock
        self.now = now
        self.places = Dictionary(
            issuers.map { issuer in
                (issuer.alias, LoginPlaces(of: issuer.alias, verifier: verifier, limits: limits, now: now))
            },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// Begins a login.
    ///
    /// - Parameters:
    ///   - alias: the issuer.
    ///   - redirectURI: where the issuer sends the browser back to; a route of this service.
    ///   - returnTo: where the browser goes afterwards; ``LoginReturn`` says what that may be.
    /// - Returns: the login, of which nothing is kept here.
    /// - Throws: `not-found` for an issuer at which nobody logs in, `unavailable` where it does not answer.
    package func begin(
        at alias: String,
        redirectURI: String,
        returnTo: String
    ) async throws(CollimatorError) -> Begun {
        precondition(LoginReturn.isPage(returnTo), "a login leads back to a page of this service")
        let (issuer, places) = try await self.issuer(alias)
        let ticket = LoginTicket.begin(
            alias: alias,
            redirectURI: redirectURI,
            returnTo: returnTo,
            end: self.seconds + self.limits.ticketLifetime.components.seconds
        )
        var fields: [(name: String, value: String)] = [
            ("response_type", "code"), ("client_id", issuer.clientID), ("redirect_uri", redirectURI),
            ("scope", issuer.scopes.joined(separator: " ")), ("state", ticket.state), ("nonce", ticket.nonce),
            ("code_challenge", ticket.challenge), ("code_challenge_method", "S256"),
        ]
        // Google knows no scope for it.
        if self.verifier.isGoogle(alias) { fields.append(("access_type", "offline")) }
        let joint = places.authorization.contains("?") ? "&" : "?"
        do {
            return Begun(
                location: places.authorization + joint + FormFields.encode(fields),
                cookie: try ticket.sealed(self.seal)
            )
        } catch {
            throw CollimatorError(.internalError, "a login cannot be sealed", cause: error)
        }
    }

    /// Ends a login: exchanges the code, and verifies who has logged in.
    ///
    /// - Parameters:
    ///   - answer: what came with the browser.
    ///   - cookie: what the browser kept.
    /// - Returns: who it is, and where the browser goes.
    /// - Throws: `invalid-input` for a login that this browser did not begin, or too long ago; `unauthenticated` where the
    ///   issuer, or what it says, lets nobody in; `unavailable` where it does not answer.
    package func complete(
        _ answer: Answer,
        cookie: String?
    ) async throws(CollimatorError) -> (loggedIn: LoggedIn, returnTo: String) {
        guard let ticket = cookie.flatMap({ LoginTicket.open($0, self.seal, now: self.seconds) }),
            let state = answer.state, constantTimeEquals(Array(state.utf8), Array(ticket.state.utf8))
        else {
            throw CollimatorError(
                .invalidInput,
                "a login that this browser did not begin, or too long ago",
                publicDetail: "This login was begun in another browser or too long ago. Begin again."
            )
        }
        let (issuer, places) = try await self.issuer(ticket.alias)
        // Another issuer's answer must not be taken for this one's (RFC 9207 §2.4).
        let named = answer.issuer.map { $0.utf8.elementsEqual(self.verifier.name(of: ticket.alias).utf8) }
        guard named ?? !places.namesItself else { throw Self.refused("the answer is of another issuer") }
        guard !answer.isRefusal, let code = answer.code, !code.isEmpty, code.utf8.count <= LoginLimits.codeBytesMax
        else { throw Self.refused("the issuer has let nobody in") }
        let fields = [
            (name: "grant_type", value: "authorization_code"), (name: "code", value: code),
            (name: "redirect_uri", value: ticket.redirectURI), (name: "code_verifier", value: ticket.verifier),
        ]
        guard let exchanges = self.places[ticket.alias] else { throw Self.refused("no such issuer") }
        let tokens = try await exchanges.exchanging { () async throws(CollimatorError) -> StrictJSON in
            try await self.tokens(fields, issuer, at: places)
        }
        guard let text = tokens["id_token"]?.text else { throw Self.refused("the issuer gave no identity token") }
        let token = try await self.verifier.token(
            identityToken: text,
            of: issuer.alias,
            clientID: issuer.clientID,
            nonce: ticket.nonce
        )
        return (self.loggedIn(token, refreshToken: tokens["refresh_token"]?.text, issuer), ticket.returnTo)
    }

    /// Asks the issuer whether somebody who has logged in is still who it was.
    ///
    /// - Throws: `unauthenticated` where it is not, `unavailable` where that cannot be found out now.
    func renew(_ grant: LoginGrant) async throws(CollimatorError) -> LoggedIn {
        guard let refreshToken = grant.refreshToken else { throw Self.refused("a login that cannot be renewed") }
        let (issuer, places) = try await self.issuer(grant.alias)
        let tokens = try await self.tokens(
            [("grant_type", "refresh_token"), ("refresh_token", refreshToken)],
            issuer,
            at: places
        )
        let next = tokens["refresh_token"]?.text ?? refreshToken
        guard let text = tokens["id_token"]?.text else {
            // It need not say again who it is (OpenID Connect Core 1.0 §12.2).
            try self.verifier.checkGroups(grant.token)
            let seconds = tokens["expires_in"]?.number ?? LoginLimits.renewedSecondsStandard
            let end = self.now() + .seconds(min(max(seconds, 1), LoginLimits.renewedSecondsMax))
            let kept = LoginGrant(alias: grant.alias, refreshToken: next, token: grant.token, end: end)
            return LoggedIn(caller: self.verifier.sessionCaller(of: grant.token), grant: kept)
        }
        let token = try await self.verifier.token(
            identityToken: text,
            of: issuer.alias,
            clientID: issuer.clientID,
            nonce: grant.token.nonce ?? "",
            nonceIsRequired: false
        )
        guard token.subject.utf8.elementsEqual(grant.token.subject.utf8) else {
            throw Self.refused("the issuer renews the login of somebody else")
        }
        return self.loggedIn(token, refreshToken: next, issuer)
    }

    /// Passes a login whose rights can still be decided.
    ///
    /// - Throws: `unauthenticated` where its token left out groups, and rules name some by now.
    func admit(_ grant: LoginGrant) throws(CollimatorError) {
        try self.verifier.checkGroups(grant.token)
    }

    private func issuer(_ alias: String) async throws(CollimatorError) -> (LoginIssuer, LoginPlaces.Places) {
        guard let issuer = self.issuers.first(where: { $0.alias == alias }), let places = self.places[alias] else {
            throw CollimatorError(.notFound, "nobody logs in at an issuer of this name")
        }
        return (issuer, try await places.find())
    }

    /// The answer of the token endpoint, where it is one.
    private func tokens(
        _ fields: [(name: String, value: String)],
        _ issuer: LoginIssuer,
        at places: LoginPlaces.Places
    ) async throws(CollimatorError) -> StrictJSON {
        var fields = fields
        var authorization: String?
        if let secret = issuer.clientSecret, !places.takesSecretInForm {
            // Encoded before they are joined (RFC 6749 §2.3.1).
            let pair = "\(FormFields.encode(issuer.clientID)):\(FormFields.encode(secret))"
            authorization = "Basic \(Self.base64(pair))"
        } else {
            fields.append(("client_id", issuer.clientID))
            if let secret = issuer.clientSecret { fields.append(("client_secret", secret)) }
        }
        let reply: (status: Int, body: [UInt8])
        do {
            reply = try await self.client.send(FormFields.encode(fields), authorization, places.token)
        } catch {
            throw Self.unreachable(error)
        }
        switch reply.status {
        case 200:
            guard let json = StrictJSON(parsing: reply.body) else {
                throw Self.refused("the issuer's answer is no JSON")
            }
            return json
        case 400, 401, 403: throw Self.refused("the issuer does not take the code or token")
        default: throw Self.unreachable(nil)
        }
    }

    private func loggedIn(_ token: VerifiedToken, refreshToken: String?, _ issuer: LoginIssuer) -> LoggedIn {
        LoggedIn(
            caller: self.verifier.sessionCaller(of: token),
            grant: LoginGrant(
                alias: issuer.alias,
                refreshToken: refreshToken,
                token: token,
                end: self.now() + .seconds(token.expires - self.seconds)
            )
        )
    }

    /// With the other alphabet and the padding, as the header wants it.
    private static func base64(_ text: String) -> String {
        let plain = Base64URL.encode(Array(text.utf8)).replacing("-", with: "+").replacing("_", with: "/")
        return plain + String(repeating: "=", count: (4 - plain.utf8.count % 4) % 4)
    }

    private static func refused(_ reason: StaticString) -> CollimatorError {
        CollimatorError(.unauthenticated, reason, publicDetail: "The issuer has not logged you in. Try again.")
    }

    private static func unreachable(_ cause: (any Error)?) -> CollimatorError {
        CollimatorError(
            .unavailable,
            "the token endpoint of an issuer does not answer as it should",
            publicDetail: "The issuer cannot be reached now. Try again in a moment.",
            cause: cause,
            retryAfterSeconds: 30
        )
    }

    private var seconds: Int64 { Int64(self.clock.now().timeIntervalSince1970.rounded(.down)) }
}
