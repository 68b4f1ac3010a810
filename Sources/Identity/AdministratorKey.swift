package import Cryptography

/// The key that lets its holder do everything, kept as its hash.
///
/// Its text is `clm_admin_` and 32 random bytes in the URL form of Base64: 53 characters. A key of so many random bits
/// needs no slow hash. A text of another form is not taken for a key: nobody can set one that can be guessed.
package struct AdministratorKey: Sendable {
    /// What the text of every key begins with, so that people and secret scanners can tell what it is.
    package static let prefix = "clm_admin_"
    /// How many random bytes a key has.
    package static let randomBytes = 32

    private let hash: [UInt8]

    /// Nil where the text does not have the form of a key.
    package init?(_ text: some StringProtocol) {
        guard text.hasPrefix(Self.prefix),
            let bytes = Base64URL.decode(text.dropFirst(Self.prefix.count)), bytes.count == Self.randomBytes
        else { return nil }
        self.hash = SHA256.hash(text.utf8)
    }

    /// The text of a new key.
    ///
    /// It is shown or written once, by whoever asked for it.
    package static func generateText() -> String {
        Self.prefix + Base64URL.encode(SecureRandom.bytes(Self.randomBytes))
    }

    /// Whether the text is this key, decided in a time that does not depend on how much of it is right.
    package func isMatched(by text: some StringProtocol) -> Bool {
        constantTimeEquals(SHA256.hash(text.utf8), self.hash)
    }

    /// A seal for one purpose that everybody who has the key can make again: after a restart, and in another process.
    package func seal(for purpose: String) -> DeterministicSeal {
        DeterministicSeal(secret: self.hash, purpose: purpose)
    }
}

extension AdministratorKey: CustomStringConvertible, CustomReflectable {
    package var description: String { "AdministratorKey(…)" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
