internal import CollimatorCore
internal import Cryptography
internal import Synchronization

/// The API keys: made, rotated and revoked here, and known again in memory.
///
/// A change is on the disk before it is answered, and what it takes away works no longer once it is answered. The
/// digest may be a dictionary's key: what the time of a look-up tells is about a digest, and nobody can make a text
/// for a digest.
package final class APIKeys: Sendable {
    package let limits: APIKeyLimits
    private let store: IdentityStore?
    private let clock: WallClock
    let state: Mutex<State>

    struct State {
        var keys: [String: Versioned<APIKey>] = [:]
        var ids: [[UInt8]: String] = [:]
        /// Uses that are not on the disk yet.
        var uses: [String: Int64] = [:]
        var tokens: IssuedTokens
    }

    /// Without a store there are no keys, and none can be made.
    init(store: IdentityStore?, clock: WallClock, limits: APIKeyLimits) {
        self.store = store
        self.clock = clock
        self.limits = limits
        self.state = Mutex(
            State(tokens: IssuedTokens(perKeyMax: limits.tokensPerKeyMax, countMax: limits.tokensMax))
        )
    }

    /// A key and what opens it, which is shown to its owner and nowhere else.
    package struct Issued: Sendable {
        package let key: APIKey
        package let shown: Shown

        /// A text or a file, by the kind of the key.
        package enum Shown: Sendable {
            case text(String)
            case file(KeyFile)
        }
    }

    /// What a new key is to be.
    package struct Wish: Sendable {
        /// Nil for one that is made up.
        package var id: String?
        package var name: String
        package var kind: APIKey.Kind
        package var expiresAt: Int64?

        package init(id: String? = nil, name: String, kind: APIKey.Kind = .text, expiresAt: Int64? = nil) {
            self.id = id
            self.name = name
            self.kind = kind
            self.expiresAt = expiresAt
        }
    }

    /// The time by which keys begin and end.
    package var now: Int64 { self.clock.milliseconds }

    // MARK: Knowing a caller

    /// The caller whose key has this text; nil where there is no such key, or it has ended.
    func caller(for text: some StringProtocol) -> Caller? {
        guard let digest = APIKeyText.digest(text) else { return nil }
        let now = self.now
        return self.state.withLock { state in
            guard let id = state.ids[digest], let key = state.keys[id]?.value, key.state(at: now) == .active,
                let secret = key.secrets.first(where: { $0.digest == digest }), secret.works(at: now),
                secret.publicKey == nil
            else { return nil }
            state.uses[id] = now
            let end = [key.expiresAt, secret.endsAt].compactMap(\.self).min()
            return Caller(verified: key.principal, method: .apiKey, expiresAt: end.map(WallClock.date))
        }
    }

    /// Whether the key with this id opens anything now.
    func isActive(_ id: String) -> Bool {
        let now = self.now
        return self.state.withLock { $0.keys[id]?.value.state(at: now) == .active }
    }

    // MARK: Keeping them

    /// Every key, by id, with its last use.
    package var all: [APIKey] {
        self.state.withLock { state in
            state.keys.values.map { Self.withUse($0.value, in: state) }
        }.sorted { $0.id < $1.id }
    }

    /// The key with this id.
    package func find(_ id: String) -> APIKey? {
        self.state.withLock { state in state.keys[id].map { Self.withUse($0.value, in: state) } }
    }

    /// A new key.
    ///
    /// - Throws: `conflict` where the id was used before or there are too many keys; `unprocessable` for an end that has
    ///   passed.
    package func create(_ wish: Wish, by owner: Caller) async throws -> Issued {
        let now = self.now
        guard wish.expiresAt.map({ $0 > now }) ?? true else { throw Self.ended }
        let id = wish.id ?? "key-\(Hexadecimal.encode(SecureRandom.bytes(8)))"
        let (secret, shown) = try Self.secret(wish.kind, of: id, at: now)
        let key = APIKey(
            id: id,
            name: wish.name,
            kind: wish.kind,
            owner: owner.principal,
            createdAt: now,
            expiresAt: wish.expiresAt,
            lastUsedAt: nil,
            revokedAt: nil,
            secrets: [secret]
        )
        self.apply(try await self.kept().insert(key, keysMax: self.limits.keysMax))
        return Issued(key: key, shown: shown)
    }

    /// A new text or file for a key; the one before works beside it for a while, and any earlier one no longer.
    ///
    /// - Throws: `not-found`, or `conflict` where the key has ended.
    package func rotate(_ id: String, overlapSeconds: Int) async throws -> Issued {
        precondition((0...self.limits.overlapSecondsMax).contains(overlapSeconds), "the overlap is bounded")
        let now = self.now
        guard let kind = self.find(id)?.kind else { throw CollimatorError(.notFound, "there is no such key") }
        let (secret, shown) = try Self.secret(kind, of: id, at: now)
        let changed = try await self.kept().change(keyWithID: id) { key throws(CollimatorError) in
            guard key.state(at: now) == .active else { throw Self.over }
            var before = key.secrets.prefix(1)
            let end = now + Int64(overlapSeconds) * 1_000
            for index in before.indices { before[index].endsAt = end }
            key.secrets = [secret] + (overlapSeconds > 0 ? before : [])
        }
        self.apply(changed)
        return Issued(key: changed.value, shown: shown)
    }

    /// Ends a key at once and for ever; one that has ended stays so.
    ///
    /// - Throws: `not-found`.
    package func revoke(_ id: String) async throws {
        let now = self.now
        self.apply(
            try await self.kept().change(keyWithID: id) { key in
                key.revokedAt = key.revokedAt ?? now
                key.secrets = []
            }
        )
        self.state.withLock { $0.tokens.removeAll(of: id) }
    }

    // MARK: The disk

    /// Reads what is kept.
    func load() async throws {
        for key in try await self.kept().keys() { self.apply(key) }
    }

    /// Writes the last uses down.
    func flush() async throws {
        guard let store = self.store else { return }
        let uses = self.state.withLock { $0.uses }
        guard !uses.isEmpty else { return }
        try await store.write(uses: uses)
        self.state.withLock { state in
            for (id, use) in uses {
                if state.uses[id] == use { state.uses[id] = nil }
                if var key = state.keys[id] {
                    key.value.lastUsedAt = max(key.value.lastUsedAt ?? 0, use)
                    state.keys[id] = key
                }
            }
        }
    }

    private func apply(_ key: Versioned<APIKey>) {
        self.state.withLock { state in
            var key = key
            if let known = state.keys[key.value.id] {
                // Changes are written one after the other, and may be heard of in another order.
                guard known.version < key.version else { return }
                for secret in known.value.secrets { state.ids[secret.digest] = nil }
                if let use = known.value.lastUsedAt { key.value.lastUsedAt = max(key.value.lastUsedAt ?? 0, use) }
            }
            for secret in key.value.secrets { state.ids[secret.digest] = key.value.id }
            state.keys[key.value.id] = key
        }
    }

    private func kept() throws(CollimatorError) -> IdentityStore {
        guard let store = self.store else { throw IdentityStore.absent }
        return store
    }

    private static func withUse(_ key: APIKey, in state: State) -> APIKey {
        guard let use = state.uses[key.id] else { return key }
        var key = key
        key.lastUsedAt = max(key.lastUsedAt ?? 0, use)
        return key
    }

    /// A new text or file, and what is kept of it.
    private static func secret(
        _ kind: APIKey.Kind,
        of id: String,
        at now: Int64
    ) throws(CollimatorError) -> (APIKey.Secret, Issued.Shown) {
        switch kind {
        case .text:
            let text = APIKeyText.generate()
            // The text was made here and has the form.
            guard let digest = APIKeyText.digest(text) else { preconditionFailure("a new key has not the form of one") }
            let secret = APIKey.Secret(digest: digest, shown: APIKeyText.shown(text), createdAt: now, endsAt: nil)
            return (secret, .text(text))
        case .file:
            let file: KeyFile
            do {
                file = try KeyFile.generate(for: id)
            } catch {
                throw CollimatorError(.internalError, "a private key cannot be made", cause: error)
            }
            let secret = APIKey.Secret(
                digest: SHA256.hash(file.keyID.utf8),
                shown: file.keyID,
                createdAt: now,
                endsAt: nil,
                publicKey: file.publicKey
            )
            return (secret, .file(file))
        }
    }

    private static var ended: CollimatorError {
        CollimatorError(
            .unprocessable,
            "a new key would have ended already",
            publicDetail: "The end of a key must be in the future."
        )
    }

    private static var over: CollimatorError {
        CollimatorError(
            .conflict,
            "a key that has ended is rotated",
            publicDetail: "The key has expired or was revoked: make a new one."
        )
    }
}
