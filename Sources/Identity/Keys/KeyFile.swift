internal import Cryptography

/// A key of an app in the form of Google's service-account key files, as it is shown once.
///
/// Google's client libraries sign assertions with the private key and exchange them for access tokens at `token_uri`, which
/// is this service's own. Only the public half is kept.
package struct KeyFile: Sendable {
    /// How long assertions may be good, and access tokens are, in seconds.
    package static let lifetimeSeconds = 3_600
    /// How many random bytes the name of a key has.
    static let keyIDBytes = 20

    /// The name of the key, which assertions give in their header.
    package let keyID: String
    /// Whom assertions name as their issuer.
    package let clientEmail: String
    /// PKCS #8 in PEM: the secret.
    package let privateKey: String
    let publicKey: String

    static func generate(for id: String) throws(CryptographyError) -> KeyFile {
        let key = try RSAPrivateKey.generate()
        return KeyFile(
            keyID: Hexadecimal.encode(SecureRandom.bytes(Self.keyIDBytes)),
            clientEmail: Self.clientEmail(of: id),
            privateKey: try key.pem(),
            publicKey: try key.publicKey().pem()
        )
    }

    /// The account of an app, in the form of an address; nobody gets mail there.
    static func clientEmail(of id: String) -> String { "\(id)@collimator.internal" }
}

extension KeyFile: CustomStringConvertible, CustomReflectable {
    package var description: String { "KeyFile(\(self.keyID), …)" }
    package var customMirror: Mirror { Mirror(self, children: ["keyID": self.keyID]) }
}
