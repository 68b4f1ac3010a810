/// A compact JWS (RFC 7515 §7.1) whose shape was checked and whose signature was not.
///
/// It shows only what is needed to choose the key; the claims come out of `verified(with:)`. All checks of shape are
/// made here, in Swift, before a byte reaches a C library.
package struct UnverifiedJWS: Sendable {
    /// The header, as far as anything may be done with it.
    package let header: JWSHeader

    private let signedText: [UInt8]
    private let claims: [UInt8]
    private let signature: [UInt8]

    /// Checks length, alphabet, the two dots and the header.
    ///
    /// - Throws: `malformedToken` for the shape, `algorithmRefused` for any algorithm but the given ones, `headerRefused`
    ///   for a critical extension, another type, or a key that the token brings along or points to.
    package init(
        _ token: String,
        algorithms: Set<JWSAlgorithm> = [.rs256],
        typeIsRequired: Bool = true
    ) throws(CryptographyError) {
        let bytes = Array(token.utf8)
        guard bytes.count <= JWS.tokenBytesMax else { throw CryptographyError(.malformedToken) }
        let segments = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard segments.count == 3,
            let headerBytes = Base64URL.decode(utf8: segments[0]),
            let claims = Base64URL.decode(utf8: segments[1]),
            let signature = Base64URL.decode(utf8: segments[2])
        else { throw CryptographyError(.malformedToken) }
        self.header = try JWSHeader(
            parsing: headerBytes,
            algorithms: algorithms,
            typeIsRequired: typeIsRequired
        )
        guard !claims.isEmpty, !signature.isEmpty else { throw CryptographyError(.malformedToken) }
        self.signedText = Array(bytes[..<segments[1].endIndex])
        self.claims = claims
        self.signature = signature
    }

    /// The content, once the key has confirmed the signature.
    ///
    /// - Throws: `invalidSignature`.
    package func verified(with key: RSAPublicKey) throws(CryptographyError) -> VerifiedJWS {
        try self.verified(with: .rsa(key))
    }

    /// The content, once the key has confirmed the signature.
    ///
    /// - Throws: `algorithmRefused` where the key is for another algorithm than the token names, `invalidSignature`.
    package func verified(with key: SignatureKey) throws(CryptographyError) -> VerifiedJWS {
        guard self.header.algorithm == key.algorithm else { throw CryptographyError(.algorithmRefused) }
        guard key.isValid(self.signature, of: self.signedText) else { throw CryptographyError(.invalidSignature) }
        return VerifiedJWS(header: self.header, claims: self.claims)
    }

    /// Who the token says has issued it, for choosing whose keys to ask, and for nothing else; nobody has confirmed it.
    package func claimedIssuer() -> String? { StrictJSON(parsing: self.claims)?["iss"]?.text }
}

/// The content of a JWS whose signature a key has confirmed.
///
/// What it claims is still to be judged by the caller.
package struct VerifiedJWS: Sendable {
    package let header: JWSHeader
    /// The bytes of the signed segment itself: parse them once, with `StrictJSON`.
    package let claims: [UInt8]

    /// Made by `UnverifiedJWS.verified(with:)` only.
    fileprivate init(header: JWSHeader, claims: [UInt8]) {
        self.header = header
        self.claims = claims
    }
}

/// The header of a token, with nothing in it that could choose a key or an algorithm by itself.
package struct JWSHeader: Sendable, Hashable {
    /// How the token says that it is signed: one of those that were asked for.
    package let algorithm: JWSAlgorithm
    /// Which of the issuer's keys signed, where the token says so: compared with known names, never used as a path.
    package let keyID: String?
    /// `JWT` or `at+jwt`, as it was written; nil where the token has no type.
    package let type: String?

    /// The longest name of a key, in bytes.
    package static let keyIDBytesMax = 256

    /// Members that would let the token bring its own key, or change what is signed.
    private static let refusedMembers = ["crit", "jku", "jwk", "x5u", "x5c", "b64", "zip", "enc"]
    private static let acceptedTypes: Set<String> = ["jwt", "at+jwt"]

    fileprivate init(
        parsing bytes: [UInt8],
        algorithms: Set<JWSAlgorithm>,
        typeIsRequired: Bool
    ) throws(CryptographyError) {
        guard let json = StrictJSON(parsing: bytes), case .object(let members) = json else {
            throw CryptographyError(.malformedToken)
        }
        guard let algorithm = members["alg"]?.text.flatMap(JWSAlgorithm.init(rawValue:)), algorithms.contains(algorithm)
        else { throw CryptographyError(.algorithmRefused) }
        self.algorithm = algorithm
        guard !Self.refusedMembers.contains(where: { members[$0] != nil }) else {
            throw CryptographyError(.headerRefused)
        }
        self.keyID = try Self.keyID(members["kid"])
        self.type = try Self.type(members["typ"], isRequired: typeIsRequired)
    }

    private static func keyID(_ value: StrictJSON?) throws(CryptographyError) -> String? {
        guard let value else { return nil }
        guard let text = value.text, (1...Self.keyIDBytesMax).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw CryptographyError(.headerRefused) }
        return text
    }

    private static func type(_ value: StrictJSON?, isRequired: Bool) throws(CryptographyError) -> String? {
        guard let value else {
            guard !isRequired else { throw CryptographyError(.headerRefused) }
            return nil
        }
        guard let text = value.text, Self.acceptedTypes.contains(text.lowercased()) else {
            throw CryptographyError(.headerRefused)
        }
        return text
    }
}
