package import CollimatorCore
internal import Cryptography
internal import FoundationEssentials
internal import Synchronization

/// Resolves opaque access tokens of Google, which existing scripts hold, by asking Google whose they are.
///
/// An answer is remembered by the token's SHA-256 for minutes and never beyond the token's end. Only what has the form of such
/// a token is ever sent.
package final class GoogleAccessTokens: CredentialVerifier {
    /// Which tokens count.
    package struct Configuration: Sendable, Hashable {
        /// The alias of the issuer under which the people stand, the same as that of Google's signed tokens.
        package let alias: String
        /// The client IDs whose tokens count; of a service account, its number.
        package let audiences: [String]
        /// Where tokens are resolved.
        package let address: String
        /// Whose people are let in; empty where it does not matter.
        package let allowedDomains: [String]

        package static let standardAddress = "https://oauth2.googleapis.com/tokeninfo"

        package init(alias: String, audiences: [String], address: String, allowedDomains: [String]) {
            self.alias = alias
            self.audiences = audiences
            self.address = address
            self.allowedDomains = allowedDomains
        }
    }

    /// The way to Google: sends a form, gives status and body.
    package typealias Ask = @Sendable (_ form: String, _ address: String) async throws -> (status: Int, body: [UInt8])

    /// How long an answer is remembered, in seconds.
    static let rememberedSeconds: Int64 = 300
    /// How long it is remembered that a token is none.
    static let refusedSeconds: Int64 = 60
    /// The most answers that are remembered.
    static let countMax = 10_000
    /// The most questions at the same time; more callers are told to wait.
    static let questionsMax = 16
    /// What every such token begins with.
    static let prefix = "ya29."

    private struct Answer: Sendable {
        /// Nil for a token that is none.
        let caller: Caller?
        let end: Int64
    }

    private struct State {
        var answers: [[UInt8]: Answer] = [:]
        var questions = 0
    }

    private let configuration: Configuration
    private let ask: Ask
    private let clock: WallClock
    private let state = Mutex(State())

    package init(configuration: Configuration, clock: WallClock = .live, ask: @escaping Ask) {
        self.configuration = configuration
        self.clock = clock
        self.ask = ask
    }

    /// Whether it has the form of Google's access tokens.
    package func accepts(_ token: Substring) -> Bool { token.hasPrefix(Self.prefix) }

    /// Whom Google says it is of, asked once in some minutes.
    package func caller(_ token: Substring) async throws(CollimatorError) -> Caller {
        guard token.utf8.count <= 4_096 else { throw TokenRefusal.error("the access token is too long") }
        let digest = SHA256.hash(token.utf8)
        let now = self.seconds
        if let answer = self.state.withLock({ $0.answers[digest] }), answer.end > now {
            return try Self.caller(answer)
        }
        guard self.begin() else {
            throw CollimatorError(.rateLimited, "many access tokens to resolve", retryAfterSeconds: 1)
        }
        defer { self.state.withLock { $0.questions -= 1 } }

        let answer = try await self.resolve(token, now: now)
        self.remember(digest, answer, at: now)
        return try Self.caller(answer)
    }

    private static func caller(_ answer: Answer) throws(CollimatorError) -> Caller {
        guard let caller = answer.caller else { throw TokenRefusal.error("the access token is not one that counts") }
        return caller
    }

    private func begin() -> Bool {
        self.state.withLock { state in
            guard state.questions < Self.questionsMax else { return false }
            state.questions += 1
            return true
        }
    }

    private func remember(_ digest: [UInt8], _ answer: Answer, at now: Int64) {
        self.state.withLock { state in
            if state.answers.count >= Self.countMax { state.answers = state.answers.filter { $0.value.end > now } }
            // Whoever fills it with made-up tokens makes it forget, and not grow.
            if state.answers.count >= Self.countMax { state.answers.removeAll() }
            state.answers[digest] = answer
        }
    }

    private func resolve(_ token: Substring, now: Int64) async throws(CollimatorError) -> Answer {
        let reply: (status: Int, body: [UInt8])
        do {
            // The bytes of a bearer token that a form would read otherwise.
            let text = token.replacing("+", with: "%2B").replacing("/", with: "%2F").replacing("=", with: "%3D")
            reply = try await self.ask("access_token=\(text)", self.configuration.address)
        } catch {
            throw CollimatorError(.unavailable, "access tokens cannot be resolved now", retryAfterSeconds: 5)
        }
        switch reply.status {
        case 200: return self.answer(StrictJSON(parsing: reply.body), now: now)
        case 400..<500 where reply.status != 429: return Answer(caller: nil, end: now + Self.refusedSeconds)
        default: throw CollimatorError(.unavailable, "access tokens cannot be resolved now", retryAfterSeconds: 5)
        }
    }

    private func answer(_ json: StrictJSON?, now: Int64) -> Answer {
        guard let json, let audience = json["aud"]?.text, self.configuration.audiences.contains(audience),
            let subject = json["sub"]?.text, (1...Principal.nameBytesMax).contains(subject.utf8.count),
            let expires = Self.number(json["exp"]), expires > now, self.isLetIn(json)
        else { return Answer(caller: nil, end: now + Self.refusedSeconds) }
        let caller = Caller(
            verified: .user(issuer: self.configuration.alias, subject: subject),
            memberships: [.authenticated(issuer: self.configuration.alias)],
            method: .googleAccessToken,
            expiresAt: Date(timeIntervalSince1970: Double(expires))
        )
        return Answer(caller: caller, end: min(expires, now + Self.rememberedSeconds))
    }

    private func isLetIn(_ json: StrictJSON) -> Bool {
        guard !self.configuration.allowedDomains.isEmpty else { return true }
        // Google writes truth as a text here.
        guard json["email_verified"] == .string("true") || json["email_verified"] == .boolean(true),
            let domain = json["email"]?.text.flatMap(EmailDomain.domain)
        else { return false }
        return EmailDomain.isIn(self.configuration.allowedDomains, domain)
    }

    private static func number(_ value: StrictJSON?) -> Int64? { value?.number ?? value?.text.flatMap { Int64($0) } }

    private var seconds: Int64 { Int64(self.clock.now().timeIntervalSince1970.rounded(.down)) }
}
