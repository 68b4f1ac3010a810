internal import CLibJWT
internal import COpenSSL
internal import Glibc

/// Signed tokens (RFC 7515, RFC 7519).
///
/// libjwt signs. It does not verify: its decoder lets the token choose the algorithm and takes a missing key for
/// consent. Verification is `UnverifiedJWS` and libcrypto.
package enum JWS {
    /// The longest token that is read or made.
    package static let tokenBytesMax = 8 * 1024
    /// The longest claims that are signed: libjwt puts them on the stack.
    package static let claimsBytesMax = 4 * 1024

    /// Signs the claims, a JSON object.
    ///
    /// - Throws: `invalidClaims` where they are no JSON object, `libraryFailure` where the signer fails.
    package static func signRS256(
        claims: [UInt8],
        keyID: String?,
        key: RSAPrivateKey
    ) throws(CryptographyError) -> String {
        // A NUL would end the C string early; strict JSON has none.
        guard claims.count <= Self.claimsBytesMax, case .object = StrictJSON(parsing: claims) else {
            throw CryptographyError(.invalidClaims)
        }
        let keyIDIsValid = keyID.map { id in
            (1...JWSHeader.keyIDBytesMax).contains(id.utf8.count) && id.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        }
        guard keyIDIsValid != false else { throw CryptographyError(.headerRefused) }
        var pem = Array(try key.pem().utf8)
        // No copy of the key outlives the call: libjwt clears its own.
        defer { unsafe pem.withUnsafeMutableBytes { unsafe OPENSSL_cleanse($0.baseAddress, $0.count) } }

        let token = try SigningToken()
        try token.add(claims: String(decoding: claims, as: UTF8.self))
        if let keyID { try token.add(keyID: keyID) }
        return try token.signed(withPEM: pem)
    }

    /// Checks the shape of the token, then its signature, and gives what was signed.
    ///
    /// The claims are not judged: expiry, audience and issuer are the caller's to check.
    /// - Throws: `malformedToken`, `algorithmRefused`, `headerRefused` or `invalidSignature`.
    package static func verifyRS256(
        _ token: String,
        key: RSAPublicKey,
        typeIsRequired: Bool = true
    ) throws(CryptographyError) -> VerifiedJWS {
        try UnverifiedJWS(token, typeIsRequired: typeIsRequired).verified(with: key)
    }
}

/// Owner of one `jwt_t`.
@safe private struct SigningToken: ~Copyable {
    /// +1; freed once, by `deinit`.
    private let pointer: OpaquePointer

    init() throws(CryptographyError) {
        var pointer: OpaquePointer? = nil
        try check(unsafe jwt_new(&pointer))
        guard let pointer = unsafe pointer else { throw CryptographyError(.libraryFailure) }
        unsafe self.pointer = unsafe pointer
    }

    deinit {
        unsafe jwt_free(self.pointer)
    }

    func add(claims: String) throws(CryptographyError) {
        try check(unsafe jwt_add_grants_json(self.pointer, claims))
    }

    func add(keyID: String) throws(CryptographyError) {
        try check(unsafe jwt_add_header(self.pointer, "kid", keyID))
    }

    func signed(withPEM pem: [UInt8]) throws(CryptographyError) -> String {
        // libjwt copies the key and clears its copy when the token is freed.
        try check(unsafe jwt_set_alg(self.pointer, JWT_ALG_RS256, pem, Int32(pem.count)))
        LibraryErrors.clear()
        guard let text = unsafe jwt_encode_str(self.pointer) else {
            throw CryptographyError(.libraryFailure, libraryCodes: LibraryErrors.drain() + [UInt(errno.magnitude)])
        }
        defer { unsafe free(text) }

        return unsafe String(cString: text)
    }
}

/// Turns a return value of libjwt, an `errno`, into an error.
private func check(_ result: Int32) throws(CryptographyError) {
    guard result == 0 else { throw CryptographyError(.libraryFailure, libraryCodes: [UInt(result.magnitude)]) }
}
