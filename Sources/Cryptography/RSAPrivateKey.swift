internal import COpenSSL

/// An RSA key that signs: at least 2048 bits, made here or read from PEM.
///
/// It has no textual form of its own; only `pem()` shows what is secret.
package final class RSAPrivateKey: Sendable {
    private let key: PrivateOrPublicKey

    /// Reads PEM: PKCS #8 or the older PKCS #1, not encrypted.
    ///
    /// - Throws: `invalidKey` where the text is no private RSA key, `unsuitableKey` where the key is too weak.
    package init(pem: String) throws(CryptographyError) {
        self.key = unsafe try keyFromPEM(pem) { bio in
            unsafe PEM_read_bio_PrivateKey(bio, nil, refusePassword, nil)
        }
    }

    private init(_ key: consuming PrivateOrPublicKey) {
        self.key = key
    }

    /// Makes a new key of 2048 to 8192 bits.
    package static func generate(bits: Int = 2048) throws(CryptographyError) -> RSAPrivateKey {
        guard (PrivateOrPublicKey.bitsMin...PrivateOrPublicKey.bitsMax).contains(bits) else {
            throw CryptographyError(.unsuitableKey)
        }
        LibraryErrors.clear()
        guard let pointer = unsafe collimator_rsa_generate(UInt32(bits)) else {
            throw CryptographyError(.libraryFailure, libraryCodes: LibraryErrors.drain())
        }
        return RSAPrivateKey(try unsafe PrivateOrPublicKey(takingOwnershipOf: pointer))
    }

    /// The secret itself, as unencrypted PKCS #8 PEM: for the file that keeps it and for the signer.
    package func pem() throws(CryptographyError) -> String {
        try self.key.privatePEM()
    }

    /// This key's RSASSA-PKCS1-v1_5 signature with SHA-256 over the message (RFC 8017 §8.2).
    package func rs256Signature(of message: [UInt8]) throws(CryptographyError) -> [UInt8] {
        LibraryErrors.clear()
        guard let context = unsafe EVP_MD_CTX_new() else { throw CryptographyError(.libraryFailure) }
        defer { unsafe EVP_MD_CTX_free(context) }

        let signature = unsafe self.key.withUnsafePointer { key -> [UInt8]? in
            guard unsafe EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key) == 1 else { return nil }
            var signature = [UInt8](repeating: 0, count: PrivateOrPublicKey.bitsMax / 8)
            var count = signature.count
            guard unsafe EVP_DigestSign(context, &signature, &count, message, message.count) == 1 else { return nil }
            return Array(signature.prefix(count))
        }
        guard let signature else { throw CryptographyError(.libraryFailure, libraryCodes: LibraryErrors.drain()) }
        return signature
    }

    /// The public half.
    package func publicKey() throws(CryptographyError) -> RSAPublicKey {
        try RSAPublicKey(pem: self.key.publicPEM())
    }
}
