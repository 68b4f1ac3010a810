/// The access tokens that were given for assertions of key files, in memory, each known by its SHA-256.
///
/// A restart ends them all; Google's client libraries get another when one is refused.
struct IssuedTokens {
    struct Token {
        /// The key.
        let id: String
        /// The digest of the name of the key pair that signed.
        let secret: [UInt8]
        /// Milliseconds since 1970.
        let end: Int64
    }

    private let perKeyMax: Int
    private let countMax: Int
    private var tokens: [[UInt8]: Token] = [:]
    /// Those of each key, the oldest first.
    private var byKey: [String: [[UInt8]]] = [:]

    init(perKeyMax: Int, countMax: Int) {
        precondition(perKeyMax > 0 && countMax > 0, "there is room for a token")
        self.perKeyMax = perKeyMax
        self.countMax = countMax
    }

    /// Keeps a token; of one key too many, the oldest works no longer.
    ///
    /// False where there are too many in all.
    mutating func add(_ digest: [UInt8], _ token: Token, at now: Int64) -> Bool {
        if self.tokens.count >= self.countMax { self.removeEnded(at: now) }
        guard self.tokens.count < self.countMax else { return false }
        var own = self.byKey[token.id] ?? []
        while own.count >= self.perKeyMax { self.tokens[own.removeFirst()] = nil }
        own.append(digest)
        self.byKey[token.id] = own
        self.tokens[digest] = token
        return true
    }

    /// The token, where it has not ended.
    func find(_ digest: [UInt8], at now: Int64) -> Token? {
        self.tokens[digest].flatMap { $0.end > now ? $0 : nil }
    }

    /// Forgets every token of a key.
    mutating func removeAll(of id: String) {
        for digest in self.byKey.removeValue(forKey: id) ?? [] { self.tokens[digest] = nil }
    }

    private mutating func removeEnded(at now: Int64) {
        self.tokens = self.tokens.filter { $0.value.end > now }
        self.byKey = Dictionary(
            uniqueKeysWithValues: self.byKey.compactMap { id, digests in
                let kept = digests.filter { self.tokens[$0] != nil }
                return kept.isEmpty ? nil : (id, kept)
            }
        )
    }
}
