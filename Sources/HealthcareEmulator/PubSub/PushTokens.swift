internal import CollimatorCore
internal import Cryptography
internal import FoundationEssentials
internal import HTTPTypes

/// The tokens that pushes carry: OIDC tokens as Google signs them, here by the emulator's key.
struct PushTokens: Sendable {
    let key: ServiceAccountKey
    let clock: WallClock

    static let issuer = "https://accounts.google.com"
    static let lifetimeSeconds: Int64 = 3600

    /// A token for the service account; whatever account it is, because the emulator knows no others than its own.
    func token(for serviceAccount: String, audience: String) throws(CryptographyError) -> String {
        let now = Int64(self.clock.now().timeIntervalSince1970)
        let claims: JSONNode = [
            "aud": .string(audience),
            "azp": .string(ServiceAccountKey.clientID),
            "email": .string(serviceAccount),
            "email_verified": true,
            "exp": .integer(now + Self.lifetimeSeconds),
            "iat": .integer(now),
            "iss": .string(Self.issuer),
            "sub": .string(ServiceAccountKey.clientID),
        ]
        return try JWS.signRS256(claims: claims.text(), keyID: self.key.privateKeyID, key: self.key.privateKey)
    }

    /// The public key as a set (RFC 7517), for those who check the tokens.
    func keySet() throws -> JSONNode {
        let (modulus, exponent) = try RSAPublicNumbers.read(pem: self.key.publicKey.pem())
        return [
            "keys": [
                [
                    "kty": "RSA", "use": "sig", "alg": "RS256", "kid": .string(self.key.privateKeyID),
                    "n": .string(Base64URL.encode(modulus)), "e": .string(Base64URL.encode(exponent)),
                ]
            ]
        ]
    }
}

/// Where the keys of push tokens are found, as at Google: `https://www.googleapis.com/oauth2/v3/certs`.
struct PushKeyEndpoints: EndpointGroup {
    static let path = "/oauth2/v3/certs"

    let tokens: PushTokens

    var endpoints: [Endpoint] {
        [Endpoint(.get, Self.path, .everyone, handler: self.find)]
    }

    @Sendable private func find(_ call: Call) async throws -> Answer {
        try call.answer(try self.tokens.keySet())
    }
}

/// Modulus and exponent out of a public key's PEM (`SubjectPublicKeyInfo`, RFC 5280 §4.1; RFC 8017 §A.1.1).
enum RSAPublicNumbers {
    /// The numbers, big-endian and without leading zeros.
    static func read(pem: String) throws(CryptographyError) -> (modulus: [UInt8], exponent: [UInt8]) {
        let text = pem.split(separator: "\n").filter { !$0.hasPrefix("-----") }.joined()
        guard let der = Data(base64Encoded: text) else { throw CryptographyError(.invalidKey) }
        var info = DERReader(Array(der))
        var key = try info.enter(0x30)
        _ = try key.enter(0x30)
        let bits = try key.enter(0x03)
        // The first byte counts unused bits: none.
        var inner = DERReader(Array(bits.bytes.dropFirst()))
        var numbers = try inner.enter(0x30)
        let modulus = try numbers.enter(0x02).bytes.drop { $0 == 0 }
        let exponent = try numbers.enter(0x02).bytes.drop { $0 == 0 }
        return (Array(modulus), Array(exponent))
    }
}

/// Reads definite-length DER, one element after the other.
private struct DERReader {
    private(set) var bytes: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) {
        self.bytes = bytes[...]
    }

    /// The content of the next element, which must have that tag.
    mutating func enter(_ tag: UInt8) throws(CryptographyError) -> DERReader {
        guard self.bytes.popFirst() == tag, let first = self.bytes.popFirst() else {
            throw CryptographyError(.invalidKey)
        }
        var length = Int(first)
        if first & 0x80 != 0 {
            let count = Int(first & 0x7F)
            guard (1...3).contains(count), self.bytes.count >= count else { throw CryptographyError(.invalidKey) }
            length = self.bytes.prefix(count).reduce(0) { $0 << 8 | Int($1) }
            self.bytes = self.bytes.dropFirst(count)
        }
        guard self.bytes.count >= length else { throw CryptographyError(.invalidKey) }
        let content = DERReader(Array(self.bytes.prefix(length)))
        self.bytes = self.bytes.dropFirst(length)
        return content
    }
}
