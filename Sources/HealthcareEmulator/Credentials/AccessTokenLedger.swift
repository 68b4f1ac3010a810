internal import CollimatorCore
internal import Cryptography
internal import FoundationEssentials
internal import Synchronization

/// The access tokens that were issued and have not expired, by their hash.
///
/// They are in memory only: after a restart every client is told 401 once and fetches a new one, as its library does
/// by itself. A token is 256 random bits, so that looking its hash up in a table tells nothing by its timing.
final class AccessTokenLedger: Sendable {
    /// How long a token is good.
    static let lifetimeSeconds = 3600

    private let clock: WallClock
    private let countMax: Int
    private let expiryByHash = Mutex<[[UInt8]: Date]>([:])

    init(clock: WallClock, countMax: Int) {
        self.clock = clock
        self.countMax = countMax
    }

    /// Makes a token and remembers it.
    func issue() -> String {
        let token = "ya29.c." + Base64URL.encode(SecureRandom.bytes(32))
        let now = self.clock.now()
        let expiry = now.addingTimeInterval(TimeInterval(Self.lifetimeSeconds))
        self.expiryByHash.withLock { tokens in
            if tokens.count >= self.countMax {
                tokens = tokens.filter { $0.value > now }
                if tokens.count >= self.countMax, let oldest = tokens.min(by: { $0.value < $1.value }) {
                    tokens[oldest.key] = nil
                }
            }
            tokens[SHA256.hash(token.utf8)] = expiry
        }
        return token
    }

    /// Whether the token was issued here and is still good.
    func isGood(_ token: String) -> Bool {
        let hash = SHA256.hash(token.utf8)
        let now = self.clock.now()
        return self.expiryByHash.withLock { tokens in
            guard let expiry = tokens[hash] else { return false }
            guard expiry > now else {
                tokens[hash] = nil
                return false
            }
            return true
        }
    }
}
