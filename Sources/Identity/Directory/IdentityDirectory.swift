package import CollimatorCore
internal import Cryptography
internal import FoundationEssentials

/// Who the service knows beside the holder of the administrator key: API keys, who has called, and who is suspended.
package final class IdentityDirectory: Sendable {
    package let keys: APIKeys
    package let principals: PrincipalRegister
    package let links: SignedLinks
    private let store: IdentityStore?
    private let clock: WallClock

    /// A directory that remembers nothing and lets everybody pass: changes are `unavailable`.
    package static let forgetful = IdentityDirectory(store: nil)

    /// Without a store the directory is ``forgetful``.
    ///
    /// The secret is what addresses are signed with; without one they are good until the process ends.
    package init(
        store: IdentityStore?,
        linkSecret: [UInt8] = SecureRandom.bytes(SignedLinks.secretBytes),
        clock: WallClock = .live,
        keyLimits: APIKeyLimits = APIKeyLimits(),
        principalLimits: PrincipalLimits = PrincipalLimits()
    ) {
        self.store = store
        self.clock = clock
        self.keys = APIKeys(store: store, clock: clock, limits: keyLimits)
        self.links = SignedLinks(secret: linkSecret, clock: clock)
        self.principals = PrincipalRegister(store: store, clock: clock, limits: principalLimits)
    }

    /// Makes the database ready and reads what is in it; comes before anything else.
    package func load() async throws {
        guard let store = self.store else { return }
        try await store.prepare()
        try await self.keys.load()
        try await self.principals.load()
    }

    /// Writes down what was only noted: last uses, and who was seen.
    package func flush() async throws {
        try await self.keys.flush()
        try await self.principals.flush()
    }

    /// Ends the connections to the database.
    package func close() async throws {
        try await self.store?.close()
    }

    /// Lets a caller pass whose credential was verified, and notes that it was here.
    ///
    /// The credential behind a session that a link began is not shown again, so what became of it is looked up here.
    ///
    /// - Throws: `unauthenticated` where it is suspended, and where what began its session has ended.
    package func admit(_ caller: Caller) throws(CollimatorError) {
        guard caller.method != .session || !self.hasEnded(caller) else {
            throw CollimatorError(
                .unauthenticated,
                "the credential that began a session has ended",
                publicDetail: "The session has ended. Sign in again."
            )
        }
        guard !self.principals.isSuspended(caller.principal) else {
            throw CollimatorError(
                .unauthenticated,
                "the caller is suspended",
                publicDetail: "This caller is suspended."
            )
        }
        self.principals.note(caller)
    }

    /// The caller for whom an address was signed, and who is let pass.
    ///
    /// - Throws: `unauthenticated` for a signature that is not of this address or has ended, and where its caller is
    ///   suspended or its key has ended.
    package func admit(signature: String, path: String, query: String) throws(CollimatorError) -> Caller {
        guard let signed = self.links.signed(signature, path: path, query: query), self.isGood(signed) else {
            throw CollimatorError(
                .unauthenticated,
                "a signature is not of this address, or has ended",
                publicDetail: "The signed address has ended or was changed. Ask for a new one."
            )
        }
        try self.admit(signed.caller)
        return signed.caller
    }

    private func isGood(_ signed: SignedLinks.Signed) -> Bool {
        !self.isOfEndedKey(signed.caller, knownBy: signed.origin)
    }

    /// Whether a caller that was let in would be let in still: it is not suspended, its key is not revoked, and its
    /// credential has not ended.
    ///
    /// An answer that goes on for long asks every few seconds and ends where it would not; asking costs no more than a
    /// look-up.
    package func stillStands(_ caller: Caller) -> Bool {
        !self.principals.isSuspended(caller.principal) && !self.hasEnded(caller)
    }

    private func hasEnded(_ caller: Caller) -> Bool {
        if let end = caller.expiresAt, end <= self.clock.now() { return true }
        return self.isOfEndedKey(caller, knownBy: caller.method)
    }

    private func isOfEndedKey(_ caller: Caller, knownBy method: AuthenticationMethod) -> Bool {
        guard [.apiKey, .serviceAccountToken, .session].contains(method), case .client(let id) = caller.principal
        else { return false }
        return !self.keys.isActive(id)
    }
}
