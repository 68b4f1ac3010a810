internal import CollimatorCore
internal import Cryptography
internal import Synchronization

/// Where one issuer logs people in and exchanges codes, kept in memory.
///
/// Anybody may begin a login, so the issuer is not asked for each: one question serves all who wait, and after one that
/// failed there is none within the cooldown.
final class LoginPlaces: Sendable {
    struct Places: Sendable, Hashable {
        let authorization: String
        let token: String
        /// Whether the secret goes into the form; else it goes into the header.
        let takesSecretInForm: Bool
        /// Whether the way back says which issuer it comes from (RFC 9207).
        let namesItself: Bool

        /// Nil where the document does not say where.
        init?(_ document: StrictJSON) {
            guard let authorization = document["authorization_endpoint"]?.text,
                let token = document["token_endpoint"]?.text,
                IssuerMetadata.isUsable(authorization), IssuerMetadata.isUsable(token)
            else { return nil }
            self.authorization = authorization
            self.token = token
            let methods = document["token_endpoint_auth_methods_supported"]?.elements
            self.takesSecretInForm = methods?.contains(.string("client_secret_post")) ?? false
            self.namesItself = document["authorization_response_iss_parameter_supported"]?.boolean ?? false
        }
    }

    private struct State {
        var places: Places?
        var fetchedAt: ContinuousClock.Instant?
        var attemptedAt: ContinuousClock.Instant?
        var attempt: Task<Void, Never>?
        var exchanges = 0
    }

    private enum Step {
        case found(Places)
        case wait(Task<Void, Never>)
        case unavailable
    }

    private let alias: String
    private let verifier: TokenVerifier
    private let limits: LoginLimits
    private let now: @Sendable () -> ContinuousClock.Instant
    private let state = Mutex(State())

    init(
        of alias: String,
        verifier: TokenVerifier,
        limits: LoginLimits,
        now: @escaping @Sendable () -> ContinuousClock.Instant
    ) {
        self.alias = alias
        self.verifier = verifier
        self.limits = limits
        self.now = now
    }

    /// - Throws: `unavailable`.
    func find() async throws(CollimatorError) -> Places {
        var step = self.step(mayAsk: true)
        if case .wait(let attempt) = step {
            await attempt.value
            step = self.step(mayAsk: false)
        }
        if case .found(let places) = step { return places }
        throw CollimatorError(
            .unavailable,
            "an issuer does not say where people log in",
            publicDetail: "The issuer cannot be reached now. Try again in a moment.",
            retryAfterSeconds: Int(self.limits.cooldown.components.seconds)
        )
    }

    /// Exchanges a code, one of few at the same time.
    ///
    /// Anybody may come back with a made-up code for a login of their own: the issuer must not be flooded through us.
    /// - Throws: `unavailable` where there are too many.
    func exchanging<Result: Sendable>(
        _ work: () async throws(CollimatorError) -> Result
    ) async throws(CollimatorError) -> Result {
        let isAdmitted = self.state.withLock { state in
            guard state.exchanges < self.limits.exchangesMax else { return false }
            state.exchanges += 1
            return true
        }
        guard isAdmitted else {
            throw CollimatorError(
                .unavailable,
                "many logins end at the same time",
                publicDetail: "Many people log in just now. Try again in a moment.",
                retryAfterSeconds: 1
            )
        }
        defer { self.state.withLock { $0.exchanges -= 1 } }
        return try await work()
    }

    private func step(mayAsk: Bool) -> Step {
        let now = self.now()
        return self.state.withLock { state in
            let age = state.fetchedAt.map { now - $0 }
            if let age, let places = state.places, age < self.limits.placesLifetime { return .found(places) }
            if mayAsk {
                if let attempt = state.attempt { return .wait(attempt) }
                if state.attemptedAt.map({ now - $0 >= self.limits.cooldown }) ?? true {
                    state.attemptedAt = now
                    let attempt = Task { await self.fetch() }
                    state.attempt = attempt
                    return .wait(attempt)
                }
            }
            guard let age, let places = state.places, age < self.limits.placesStaleLifetime else { return .unavailable }
            return .found(places)
        }
    }

    private func fetch() async {
        let places: Places?
        do {
            places = Places(try await self.verifier.metadata(of: self.alias).document)
        } catch {
            // The verifier has told the operator; those who wait are told that there is none.
            places = nil
        }
        let now = self.now()
        self.state.withLock { state in
            state.attempt = nil
            guard let places else { return }
            state.places = places
            state.fetchedAt = now
        }
    }
}
