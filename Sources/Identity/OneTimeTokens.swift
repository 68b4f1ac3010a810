internal import CollimatorCore
internal import Cryptography

/// The sign-in tokens that wait for their one use, kept as digests.
struct OneTimeTokens {
    private struct Token {
        let digest: [UInt8]
        let caller: Caller
        let end: ContinuousClock.Instant
    }

    private let max: Int
    /// The oldest first.
    private var tokens: [Token] = []

    init(max: Int) {
        precondition(max > 0, "there must be room for one token")
        self.max = max
    }

    /// Keeps a token; where there is no room the oldest goes.
    mutating func add(_ digest: [UInt8], for caller: Caller, until end: ContinuousClock.Instant) {
        if self.tokens.count >= self.max { self.tokens.removeFirst(self.tokens.count - self.max + 1) }
        self.tokens.append(Token(digest: digest, caller: caller, end: end))
    }

    /// Makes every token of somebody useless.
    mutating func removeAll(of principal: Principal) {
        self.tokens.removeAll { $0.caller.principal == principal }
    }

    /// Whom the token signs in; it is gone afterwards, and so are all that are too old.
    ///
    /// Every token is compared, each in constant time.
    mutating func redeem(_ digest: [UInt8], at now: ContinuousClock.Instant) -> Caller? {
        self.tokens.removeAll { $0.end <= now }
        var found: Caller?
        var rest: [Token] = []
        for token in self.tokens {
            if constantTimeEquals(token.digest, digest) { found = token.caller } else { rest.append(token) }
        }
        self.tokens = rest
        return found
    }
}
