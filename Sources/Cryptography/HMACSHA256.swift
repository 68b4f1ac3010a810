internal import COpenSSL

/// Message authentication with a shared key: HMAC (RFC 2104) over SHA-256.
package struct HMACSHA256: Sendable {
    /// The length of a code.
    package static let codeBytes = 32

    private let key: [UInt8]

    /// Takes a key of at least one byte.
    ///
    /// - Throws: `invalidKey` for an empty key, under which everybody can make codes.
    package init(key: [UInt8]) throws(CryptographyError) {
        guard !key.isEmpty, key.count <= Int(Int32.max) else { throw CryptographyError(.invalidKey) }
        self.key = key
    }

    /// The code of the message.
    package func code(for message: [UInt8]) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: Self.codeBytes) { buffer, initialized in
            let code = unsafe HMAC(
                EVP_sha256(),
                self.key,
                Int32(self.key.count),
                message,
                message.count,
                buffer.baseAddress,
                nil
            )
            unsafe precondition(code != nil, "HMAC failed")
            initialized = Self.codeBytes
        }
    }

    /// Whether the code is that of the message, decided in the same time whatever the code is.
    package func isValid(_ code: [UInt8], for message: [UInt8]) -> Bool {
        constantTimeEquals(code, self.code(for: message))
    }
}

/// Whether two byte strings are equal, in a time that depends on their lengths only.
package func constantTimeEquals(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    return unsafe CRYPTO_memcmp(left, right, left.count) == 0
}
