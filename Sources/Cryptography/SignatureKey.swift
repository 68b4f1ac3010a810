/// The algorithms of signatures that are accepted at all (RFC 7518 §3.1); there is none that needs no key.
package enum JWSAlgorithm: String, Sendable, Hashable, CaseIterable {
    case rs256 = "RS256"
    case es256 = "ES256"
}

/// A public key with the one algorithm that it may confirm.
package enum SignatureKey: Sendable {
    case rsa(RSAPublicKey)
    case p256(P256PublicKey)

    /// The one algorithm: the token does not choose.
    package var algorithm: JWSAlgorithm {
        switch self {
        case .rsa: .rs256
        case .p256: .es256
        }
    }

    /// Whether the bytes are this key's signature over the message.
    package func isValid(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        switch self {
        case .rsa(let key): key.isValidRS256Signature(signature, of: message)
        case .p256(let key): key.isValidES256Signature(signature, of: message)
        }
    }
}
