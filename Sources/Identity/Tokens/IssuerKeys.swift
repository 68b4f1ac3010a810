internal import CollimatorCore
internal import Cryptography
internal import Logging
internal import Synchronization

/// The keys of one issuer, kept in memory.
///
/// A name that is not known is a reason to ask again, but not within the cooldown, which counts from the last attempt: a
/// flood of made-up names costs the issuer one request in that time, and those whose key is known do not notice. One request
/// serves all who wait. Where the issuer does not answer, or answers nonsense, the keys from before stay.
final class IssuerKeys: Sendable {
    private let issuer: TokenIssuer
    private let client: JWKSClient
    private let limits: IssuerKeyLimits
    private let now: @Sendable () -> ContinuousClock.Instant
    private let logger: Logger
    private let state = Mutex(State())

    private struct State {
        var keys: IssuerKeySet?
        var fetchedAt: ContinuousClock.Instant?
        var attemptedAt: ContinuousClock.Instant?
        var attempt: Task<Void, Never>?
    }

    private enum Step {
        case found(JSONWebKey?)
        case wait(Task<Void, Never>)
        case unavailable
    }

    init(
        issuer: TokenIssuer,
        client: JWKSClient,
        limits: IssuerKeyLimits,
        now: @escaping @Sendable () -> ContinuousClock.Instant,
        logger: Logger
    ) {
        self.issuer = issuer
        self.client = client
        self.limits = limits
        self.now = now
        self.logger = logger
    }

    /// The key of that name; nil where the issuer has none.
    ///
    /// The same value comes back until the keys are fetched again.
    /// - Parameters:
    ///   - name: the name; nil for a token that gives none.
    ///   - refused: a key that was found before and did not confirm the token: it counts as unknown.
    /// - Returns: the key.
    /// - Throws: `unavailable` where the keys cannot be had.
    func key(named name: String?, otherThan refused: JSONWebKey? = nil) async throws(CollimatorError) -> JSONWebKey? {
        var step = self.step(name, refused, mayAsk: true)
        if case .wait(let attempt) = step {
            await attempt.value
            step = self.step(name, refused, mayAsk: false)
        }
        if case .found(let key) = step { return key }
        throw CollimatorError(
            .unavailable,
            "the keys of an issuer cannot be had",
            retryAfterSeconds: Int(self.limits.cooldown.components.seconds)
        )
    }

    /// The key of that name, where the keys are those of now and nobody has to be asked.
    func keyAtHand(named name: String?) -> JSONWebKey? {
        let now = self.now()
        return self.state.withLock { state in
            guard let fetched = state.fetchedAt, now - fetched < self.limits.lifetime else { return nil }
            return state.keys?.key(named: name)
        }
    }

    private func step(_ name: String?, _ refused: JSONWebKey?, mayAsk: Bool) -> Step {
        let now = self.now()
        return self.state.withLock { state in
            let known = state.keys?.key(named: name)
            let key = known.flatMap { refused?.isSame(as: $0) == true ? nil : $0 }
            let age = state.fetchedAt.map { now - $0 }
            if let age, let key, age < self.limits.lifetime { return .found(key) }
            if mayAsk {
                if let attempt = state.attempt { return .wait(attempt) }
                if state.attemptedAt.map({ now - $0 >= self.limits.cooldown }) ?? true {
                    state.attemptedAt = now
                    let attempt = Task { await self.fetch() }
                    state.attempt = attempt
                    return .wait(attempt)
                }
            }
            guard let age, age < self.limits.staleLifetime else { return .unavailable }
            return .found(key)
        }
    }

    private func fetch() async {
        do {
            let keys = try await self.fetchedKeys()
            let now = self.now()
            self.state.withLock { state in
                state.keys = keys
                state.fetchedAt = now
                state.attempt = nil
            }
        } catch {
            self.state.withLock { $0.attempt = nil }
            let fault = (error as? IssuerMetadata.Fault)?.rawValue ?? "\(type(of: error))"
            self.logger.warning(
                "The keys of an issuer could not be fetched.",
                metadata: ["issuer": "\(self.issuer.alias)", "fault": "\(fault)"]
            )
        }
    }

    private func fetchedKeys() async throws -> IssuerKeySet {
        var address = self.issuer.keysAddress
        if address == nil { address = try await self.metadata().keysAddress }
        guard let address, IssuerMetadata.isUsable(address) else { throw IssuerMetadata.Fault.addressRefused }
        return try IssuerKeySet(parsing: try await self.document(address), keysMax: self.limits.keysMax)
    }

    /// What the issuer says of itself, asked anew.
    func metadata() async throws -> IssuerMetadata {
        let bytes = try await self.document(IssuerMetadata.address(ofIssuer: self.issuer.issuer))
        return try IssuerMetadata(parsing: bytes, issuer: self.issuer.issuer)
    }

    private func document(_ address: String) async throws -> [UInt8] {
        let bytes = try await self.client.document(address)
        guard bytes.count <= self.limits.documentBytesMax else { throw IssuerMetadata.Fault.malformed }
        return bytes
    }
}
