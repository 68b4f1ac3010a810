internal import Cryptography

/// The text of an API key: `clm_key_` and 32 random bytes in the URL form of Base64, 51 characters.
///
/// A key of so many random bits needs no slow hash: it is kept as its SHA-256 digest, and looked up by it.
package enum APIKeyText {
    /// What the text of every key begins with, so that people and secret scanners can tell what it is.
    package static let prefix = "clm_key_"
    /// How many random bytes a key has.
    package static let randomBytes = 32
    /// How many characters of the random part are kept to be shown: 36 of its 256 bits.
    static let shownCharacters = 6

    /// The text of a new key, which is shown once.
    static func generate() -> String {
        Self.prefix + Base64URL.encode(SecureRandom.bytes(Self.randomBytes))
    }

    /// The digest under which a key is kept; nil where the text does not have the form of one.
    static func digest(_ text: some StringProtocol) -> [UInt8]? {
        guard text.hasPrefix(Self.prefix),
            let bytes = Base64URL.decode(text.dropFirst(Self.prefix.count)), bytes.count == Self.randomBytes
        else { return nil }
        return SHA256.hash(text.utf8)
    }

    /// The beginning of a key, by which its owner tells it from others.
    static func shown(_ text: String) -> String {
        String(text.prefix(Self.prefix.count + Self.shownCharacters))
    }
}
