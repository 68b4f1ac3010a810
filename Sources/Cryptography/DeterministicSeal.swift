internal import COpenSSL

/// Seals short messages so that nobody without the key can read or change them: AES-256 in SIV mode (RFC 5297).
///
/// The same message in the same context always gives the same seal, so that an answer that holds one stays the same.
/// Who sees two seals learns whether their messages are equal, and nothing else.
package struct DeterministicSeal: Sendable {
    /// By how much a seal is longer than its message, in bytes.
    package static let overheadBytes = 16
    /// The longest message and context, in bytes.
    package static let messageBytesMax = 64 * 1024

    private let key: [UInt8]

    /// A seal whose key is derived from a secret of at least 32 unpredictable bytes, for one purpose.
    ///
    /// The derivation is the one-step function of NIST SP 800-56C with SHA-256: a counter, the secret, the purpose.
    package init(secret: [UInt8], purpose: String) {
        precondition(secret.count >= 32, "a secret is long enough")
        self.key = [1, 2].flatMap { (counter: UInt8) in
            SHA256.hash([0, 0, 0, counter] + secret + Array(purpose.utf8))
        }
    }

    /// Seals a message; the context is needed to open it and does not stand in it.
    ///
    /// - Throws: `libraryFailure` where libcrypto fails.
    package func seal(_ message: [UInt8], in context: [UInt8]) throws(CryptographyError) -> [UInt8] {
        precondition((1...Self.messageBytesMax).contains(message.count), "a message has a bounded length")
        let cipher = try SealCipher(key: self.key, isOpening: false)
        try cipher.bind(context)
        let sealed = try cipher.run(message)
        return try cipher.tag() + sealed
    }

    /// The message of a seal; nil for what this key did not seal in this context.
    package func open(_ sealed: [UInt8], in context: [UInt8]) -> [UInt8]? {
        guard sealed.count > Self.overheadBytes, sealed.count <= Self.overheadBytes + Self.messageBytesMax else {
            return nil
        }
        do {
            let cipher = try SealCipher(key: self.key, isOpening: true)
            try cipher.expect(Array(sealed.prefix(Self.overheadBytes)))
            try cipher.bind(context)
            return try cipher.run(Array(sealed.dropFirst(Self.overheadBytes)))
        } catch {
            return nil
        }
    }
}

/// Owns one cipher context of libcrypto for one message.
@safe private final class SealCipher {
    private let context: OpaquePointer

    init(key: [UInt8], isOpening: Bool) throws(CryptographyError) {
        LibraryErrors.clear()
        guard let cipher = unsafe EVP_CIPHER_fetch(nil, "AES-256-SIV", nil) else { throw Self.failure }
        defer { unsafe EVP_CIPHER_free(cipher) }
        guard let context = unsafe EVP_CIPHER_CTX_new() else { throw Self.failure }
        unsafe self.context = context
        guard unsafe EVP_CipherInit_ex2(context, cipher, key, nil, isOpening ? 0 : 1, nil) == 1 else {
            throw Self.failure
        }
    }

    deinit { unsafe EVP_CIPHER_CTX_free(self.context) }

    /// Authenticates bytes that are not in the message.
    func bind(_ bytes: [UInt8]) throws(CryptographyError) {
        var count: Int32 = 0
        guard unsafe EVP_CipherUpdate(self.context, nil, &count, bytes, Int32(bytes.count)) == 1 else {
            throw Self.failure
        }
    }

    /// The message, sealed or opened in one piece; fails where what was expected is not there.
    func run(_ message: [UInt8]) throws(CryptographyError) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: message.count)
        var count: Int32 = 0
        guard unsafe EVP_CipherUpdate(self.context, &output, &count, message, Int32(message.count)) == 1,
            Int(count) == message.count
        else { throw Self.failure }
        var rest: Int32 = 0
        var nothing = [UInt8](repeating: 0, count: DeterministicSeal.overheadBytes)
        guard unsafe EVP_CipherFinal_ex(self.context, &nothing, &rest) == 1 else { throw Self.failure }
        return output
    }

    /// The synthetic initialisation vector, which is the check.
    func tag() throws(CryptographyError) -> [UInt8] {
        var tag = [UInt8](repeating: 0, count: DeterministicSeal.overheadBytes)
        let count = Int32(tag.count)
        guard unsafe EVP_CIPHER_CTX_ctrl(self.context, EVP_CTRL_AEAD_GET_TAG, count, &tag) == 1 else {
            throw Self.failure
        }
        return tag
    }

    /// The check that the message must have.
    func expect(_ tag: [UInt8]) throws(CryptographyError) {
        var tag = tag
        let count = Int32(tag.count)
        guard unsafe EVP_CIPHER_CTX_ctrl(self.context, EVP_CTRL_AEAD_SET_TAG, count, &tag) == 1 else {
            throw Self.failure
        }
    }

    private static var failure: CryptographyError {
        CryptographyError(.libraryFailure, libraryCodes: LibraryErrors.drain())
    }
}
