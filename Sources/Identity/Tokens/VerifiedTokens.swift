internal import CollimatorCore
internal import Cryptography
internal import Synchronization

/// Tokens that were verified a moment ago, known by their SHA-256: the same one need not be verified again.
///
/// An entry is used only as long as the key that confirmed it is the issuer's, and never beyond the end of the token.
final class VerifiedTokens: Sendable {
    /// The most tokens that are kept; the oldest goes.
    static let countMax = 10_000

    struct Entry: Sendable {
        let token: VerifiedToken
        let keyID: String?
        let key: JSONWebKey
        let issuer: String
    }

    private struct State {
        var entries: [[UInt8]: Entry] = [:]
        /// The digests in the order in which they came; those before `first` are gone.
        var order: [[UInt8]] = []
        var first = 0
    }

    private let state = Mutex(State())
    private let countMax: Int

    init(countMax: Int = VerifiedTokens.countMax) {
        self.countMax = countMax
    }

    var count: Int { self.state.withLock { $0.entries.count } }

    /// The entry, where it is there and has not ended.
    func entry(_ digest: [UInt8], at now: Int64) -> Entry? {
        self.state.withLock { state in
            guard let entry = state.entries[digest] else { return nil }
            return entry.token.expires > now ? entry : nil
        }
    }

    func remember(_ digest: [UInt8], _ entry: Entry) {
        self.state.withLock { state in
            if state.entries.updateValue(entry, forKey: digest) == nil { state.order.append(digest) }
            while state.entries.count > self.countMax, state.first < state.order.count {
                state.entries[state.order[state.first]] = nil
                state.first += 1
            }
            if state.first > self.countMax {
                state.order.removeFirst(state.first)
                state.first = 0
            }
        }
    }
}

extension JSONWebKey {
    /// Whether both are the one value that was parsed once.
    func isSame(as other: JSONWebKey) -> Bool {
        switch (self.key, other.key) {
        case (.rsa(let one), .rsa(let two)): one === two
        case (.p256(let one), .p256(let two)): one === two
        default: false
        }
    }
}
