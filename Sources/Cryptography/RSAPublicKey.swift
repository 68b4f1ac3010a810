internal import COpenSSL

/// An RSA key that verifies: at least 2048 bits, with an odd public exponent of at least 65537.
package final class RSAPublicKey: Sendable {
    private let key: PrivateOrPublicKey

    /// Reads PEM that begins with `-----BEGIN PUBLIC KEY-----`.
    ///
    /// - Throws: `invalidKey` where the text is no public RSA key, `unsuitableKey` where the key is too weak.
    package init(pem: String) throws(CryptographyError) {
        guard pem.hasPrefix("-----BEGIN PUBLIC KEY-----") else { throw CryptographyError(.invalidKey) }
        self.key = unsafe try keyFromPEM(pem) { bio in
            unsafe PEM_read_bio_PUBKEY(bio, nil, refusePassword, nil)
        }
    }

    /// The key with these numbers, the most significant byte first.
    ///
    /// - Throws: `invalidKey` where they are no numbers of a key, `unsuitableKey` where the key is too weak or too costly.
    package init(modulus: [UInt8], exponent: [UInt8]) throws(CryptographyError) {
        guard (1...PrivateOrPublicKey.bitsMax / 8).contains(modulus.count),
            (1...PrivateOrPublicKey.exponentBitsMax / 8).contains(exponent.count)
        else { throw CryptographyError(.unsuitableKey) }
        LibraryErrors.clear()
        guard
            let pointer = unsafe collimator_rsa_public(modulus, modulus.count, exponent, exponent.count)
        else { throw CryptographyError(.invalidKey, libraryCodes: LibraryErrors.drain()) }
        self.key = try unsafe PrivateOrPublicKey(takingOwnershipOf: pointer)
    }

    /// The key as PEM (`SubjectPublicKeyInfo`).
    package func pem() throws(CryptographyError) -> String {
        try self.key.publicPEM()
    }

    /// Whether the bytes are this key's RSASSA-PKCS1-v1_5 signature with SHA-256 over the message (RFC 8017 §8.2).
    package func isValidRS256Signature(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        self.key.isValidSHA256Signature(signature, of: message)
    }
}
