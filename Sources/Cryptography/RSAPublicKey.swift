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

    /// The key as PEM (`SubjectPublicKeyInfo`).
    package func pem() throws(CryptographyError) -> String {
        try self.key.publicPEM()
    }

    /// Whether the bytes are this key's RSASSA-PKCS1-v1_5 signature with SHA-256 over the message (RFC 8017 §8.2).
    package func isValidRS256Signature(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        LibraryErrors.clear()
        // A refused signature leaves entries in the queue of this thread.
        defer { LibraryErrors.clear() }

        guard !signature.isEmpty, let context = unsafe EVP_MD_CTX_new() else { return false }
        defer { unsafe EVP_MD_CTX_free(context) }

        return unsafe self.key.withUnsafePointer { key in
            // PKCS #1 v1.5 is the default padding of an RSA key; 1 is the only answer that means valid.
            guard unsafe EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, key) == 1 else { return false }
            return unsafe EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
        }
    }
}
