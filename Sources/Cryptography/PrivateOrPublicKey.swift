internal import COpenSSL

/// Owner of one `EVP_PKEY`: the part that private and public keys share.
@safe struct PrivateOrPublicKey: ~Copyable {
    /// The smallest modulus accepted (RFC 7518 §3.3).
    static let bitsMin = 2048
    /// The largest modulus accepted: a signature check costs the square of it.
    static let bitsMax = 8192
    /// The largest public exponent accepted: a signature check costs its length.
    static let exponentBitsMax = 64
    /// The longest PEM text that is read.
    static let pemBytesMax = 32 * 1024

    /// +1; freed once, by `deinit`.
    private let pointer: OpaquePointer

    /// Takes over a reference and frees it at the end, also where the checks refuse it.
    ///
    /// - Throws: `invalidKey` where it is no RSA key, `unsuitableKey` where it is too weak or too costly.
    init(takingOwnershipOf pointer: OpaquePointer) throws(CryptographyError) {
        unsafe self.pointer = unsafe pointer
        LibraryErrors.clear()
        // RSASSA-PSS keys have another identifier: they may not sign RS256.
        guard unsafe EVP_PKEY_get_base_id(pointer) == EVP_PKEY_RSA else { throw CryptographyError(.invalidKey) }
        let bits = unsafe Int(EVP_PKEY_get_bits(pointer))
        guard (Self.bitsMin...Self.bitsMax).contains(bits) else { throw CryptographyError(.unsuitableKey) }
        guard unsafe Self.hasSuitableExponent(pointer) else {
            throw CryptographyError(.unsuitableKey, libraryCodes: LibraryErrors.drain())
        }
        guard unsafe Self.passesPublicCheck(pointer) else {
            throw CryptographyError(.unsuitableKey, libraryCodes: LibraryErrors.drain())
        }
    }

    /// Takes over a reference to a key on the curve P-256, and frees it at the end, also where the checks refuse it.
    ///
    /// - Throws: `invalidKey` where it is another key, `unsuitableKey` where its point is not on the curve.
    init(takingOwnershipOfP256 pointer: OpaquePointer) throws(CryptographyError) {
        unsafe self.pointer = unsafe pointer
        LibraryErrors.clear()
        guard unsafe EVP_PKEY_get_base_id(pointer) == EVP_PKEY_EC, unsafe EVP_PKEY_get_bits(pointer) == 256 else {
            throw CryptographyError(.invalidKey)
        }
        guard unsafe Self.passesPublicCheck(pointer) else {
            throw CryptographyError(.unsuitableKey, libraryCodes: LibraryErrors.drain())
        }
    }

    deinit {
        unsafe EVP_PKEY_free(self.pointer)
    }

    /// Lends the pointer; it must not leave the closure.
    func withUnsafePointer<Result, Failure: Error>(
        _ body: (OpaquePointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        unsafe try body(self.pointer)
    }

    /// Whether the bytes are the key's signature with SHA-256 over the message.
    ///
    /// PKCS #1 v1.5 is the default padding of an RSA key; a signature on a curve is in DER.
    func isValidSHA256Signature(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        LibraryErrors.clear()
        // A refused signature leaves entries in the queue of this thread.
        defer { LibraryErrors.clear() }

        guard !signature.isEmpty, let context = unsafe EVP_MD_CTX_new() else { return false }
        defer { unsafe EVP_MD_CTX_free(context) }

        guard unsafe EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, self.pointer) == 1 else { return false }
        // 1 is the only answer that means valid.
        return unsafe EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }

    /// The public half, as PEM (`SubjectPublicKeyInfo`).
    func publicPEM() throws(CryptographyError) -> String {
        let pointer = unsafe self.pointer
        return unsafe try memoryText { bio in unsafe PEM_write_bio_PUBKEY(bio, pointer) }
    }

    /// The whole key, as PEM (unencrypted PKCS #8).
    func privatePEM() throws(CryptographyError) -> String {
        let pointer = unsafe self.pointer
        return unsafe try memoryText { bio in
            unsafe PEM_write_bio_PKCS8PrivateKey(bio, pointer, nil, nil, 0, nil, nil)
        }
    }

    /// Whether the public exponent is odd, at least 65537 and not made to cost.
    private static func hasSuitableExponent(_ pointer: OpaquePointer) -> Bool {
        var exponent: OpaquePointer? = nil
        guard unsafe EVP_PKEY_get_bn_param(pointer, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1 else { return false }
        defer { unsafe BN_free(exponent) }

        // An odd number of at least 17 bits is at least 65537.
        let bits = unsafe Int(BN_num_bits(exponent))
        return unsafe BN_is_odd(exponent) == 1 && bits >= 17 && bits <= Self.exponentBitsMax
    }

    private static func passesPublicCheck(_ pointer: OpaquePointer) -> Bool {
        let context = unsafe EVP_PKEY_CTX_new_from_pkey(nil, pointer, nil)
        defer { unsafe EVP_PKEY_CTX_free(context) }

        return unsafe context != nil && EVP_PKEY_public_check(context) == 1
    }
}

// openssl-threads(7): a key that nobody changes may be used by many threads at once; its reference count is atomic and
// what the library caches inside it is under the library's own lock. Nothing here changes a key after `init`.
extension PrivateOrPublicKey: @unchecked Sendable {}

/// What `write` puts into a memory BIO, as text.
///
/// The library clears the memory when the BIO is freed.
private func memoryText(_ write: (OpaquePointer) -> Int32) throws(CryptographyError) -> String {
    LibraryErrors.clear()
    guard let bio = unsafe BIO_new(BIO_s_mem()) else {
        throw CryptographyError(.libraryFailure, libraryCodes: LibraryErrors.drain())
    }
    defer { unsafe BIO_free(bio) }

    guard unsafe write(bio) == 1 else {
        throw CryptographyError(.libraryFailure, libraryCodes: LibraryErrors.drain())
    }
    var bytes: UnsafeMutablePointer<CChar>? = nil
    let count = unsafe collimator_bio_memory(bio, &bytes)
    guard count > 0, let bytes = unsafe bytes else { throw CryptographyError(.libraryFailure) }
    let buffer = unsafe UnsafeRawBufferPointer(start: bytes, count: count)
    return unsafe String(decoding: buffer, as: UTF8.self)
}

/// Reads one PEM object with `read` and gives the pointer that it made, +1.
func keyFromPEM(
    _ pem: String,
    _ read: (OpaquePointer) -> OpaquePointer?
) throws(CryptographyError) -> PrivateOrPublicKey {
    var text = Array(pem.utf8)
    guard !text.isEmpty, text.count <= PrivateOrPublicKey.pemBytesMax else { throw CryptographyError(.invalidKey) }
    defer { unsafe text.withUnsafeMutableBytes { unsafe OPENSSL_cleanse($0.baseAddress, $0.count) } }

    LibraryErrors.clear()
    let pointer = unsafe text.withUnsafeBytes { bytes -> OpaquePointer? in
        guard let bio = unsafe BIO_new_mem_buf(bytes.baseAddress, Int32(bytes.count)) else { return nil }
        defer { unsafe BIO_free(bio) }

        return unsafe read(bio)
    }
    guard let pointer = unsafe pointer else {
        throw CryptographyError(.invalidKey, libraryCodes: LibraryErrors.drain())
    }
    return try unsafe PrivateOrPublicKey(takingOwnershipOf: pointer)
}

/// Answers the library's question for a password with a refusal.
///
/// Without it the library would ask at the terminal.
func refusePassword(
    _ buffer: UnsafeMutablePointer<CChar>?,
    _ size: Int32,
    _ isForWriting: Int32,
    _ context: UnsafeMutableRawPointer?
) -> Int32 {
    -1
}
