/// A public key of an issuer (RFC 7517), with the name under which tokens speak of it.
package struct JSONWebKey: Sendable {
    /// Its name; nil where the set gives it none.
    package let keyID: String?
    package let key: SignatureKey

    /// Reads one key of a set.
    ///
    /// All that a key says of itself has to agree: kind, curve, algorithm, use and operations.
    /// - Throws: `invalidKey` where it is no key for RS256 or ES256 signatures, such as a shared secret;
    ///   `unsuitableKey` where it is too weak.
    package init(_ json: StrictJSON) throws(CryptographyError) {
        guard Self.isForSignatures(json) else { throw CryptographyError(.invalidKey) }
        switch json["kty"]?.text {
        case "RSA":
            guard let modulus = Self.bytes(json["n"]), let exponent = Self.bytes(json["e"]) else {
                throw CryptographyError(.invalidKey)
            }
            self.key = .rsa(try RSAPublicKey(modulus: modulus, exponent: exponent))
        case "EC":
            guard json["crv"]?.text == "P-256", let x = Self.bytes(json["x"]), let y = Self.bytes(json["y"]) else {
                throw CryptographyError(.invalidKey)
            }
            self.key = .p256(try P256PublicKey(x: x, y: y))
        default:
            throw CryptographyError(.invalidKey)
        }
        if let algorithm = json["alg"], algorithm.text != self.key.algorithm.rawValue {
            throw CryptographyError(.invalidKey)
        }
        if let name = json["kid"] {
            guard let text = name.text, (1...JWSHeader.keyIDBytesMax).contains(text.utf8.count) else {
                throw CryptographyError(.invalidKey)
            }
            self.keyID = text
        } else {
            self.keyID = nil
        }
    }

    private static func isForSignatures(_ json: StrictJSON) -> Bool {
        if let use = json["use"], use.text != "sig" { return false }
        guard let operations = json["key_ops"] else { return true }
        return operations.elements?.contains(.string("verify")) == true
    }

    private static func bytes(_ value: StrictJSON?) -> [UInt8]? { value?.text.flatMap { Base64URL.decode($0) } }
}
