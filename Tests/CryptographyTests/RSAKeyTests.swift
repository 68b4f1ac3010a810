import Cryptography
import Testing

@Suite("RSA keys")
struct RSAKeyTests {
    @Test("a key reads back from its PEM and signs as before")
    func roundTrip() throws {
        let key = try RSAPrivateKey.generate()
        let pem = try key.pem()
        let again = try RSAPrivateKey(pem: pem)
        let message = Array("message".utf8)
        let signature = try again.rs256Signature(of: message)

        #expect(pem.hasPrefix("-----BEGIN PRIVATE KEY-----\n"))
        #expect(try key.publicKey().pem().hasPrefix("-----BEGIN PUBLIC KEY-----\n"))
        #expect(try again.pem() == pem)
        #expect(try key.publicKey().isValidRS256Signature(signature, of: message))
    }

    @Test("a signature is valid for its own message and key only")
    func signatureNegative() throws {
        let key = try RSAPrivateKey.generate()
        let publicKey = try key.publicKey()
        let signature = try key.rs256Signature(of: [1, 2, 3])
        var damaged = signature
        damaged[10] ^= 1

        #expect(publicKey.isValidRS256Signature(signature, of: [1, 2, 3]))
        #expect(!publicKey.isValidRS256Signature(signature, of: [1, 2, 4]))
        #expect(!publicKey.isValidRS256Signature(damaged, of: [1, 2, 3]))
        #expect(!publicKey.isValidRS256Signature(Array(signature.dropLast()), of: [1, 2, 3]))
        #expect(!publicKey.isValidRS256Signature(signature + [0], of: [1, 2, 3]))
        #expect(!publicKey.isValidRS256Signature([], of: [1, 2, 3]))
        #expect(try !RSAPrivateKey.generate().publicKey().isValidRS256Signature(signature, of: [1, 2, 3]))
    }

    @Test(
        "a key that is too weak or too costly is refused",
        arguments: [UnsuitableKeys.rsa1024, UnsuitableKeys.rsaExponent3, UnsuitableKeys.rsaLongExponent]
    )
    func unsuitable(pem: String) {
        let error = #expect(throws: CryptographyError.self) { try RSAPublicKey(pem: pem) }
        #expect(error?.code == .unsuitableKey)
    }

    @Test(
        "what is no RSA key is refused",
        arguments: [
            "", "x", "-----BEGIN PUBLIC KEY-----", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
            UnsuitableKeys.rsaPSS, UnsuitableKeys.ellipticCurve, UnsuitableKeys.encrypted,
            String(repeating: "-----BEGIN PUBLIC KEY-----\n", count: 10_000),
        ]
    )
    func invalid(pem: String) {
        let publicError = #expect(throws: CryptographyError.self) { try RSAPublicKey(pem: pem) }
        // An encrypted key must not make the library ask for a password at the terminal.
        let privateError = #expect(throws: CryptographyError.self) { try RSAPrivateKey(pem: pem) }

        #expect(publicError?.code == .invalidKey)
        #expect(privateError?.code == .invalidKey)
    }

    @Test("a private key does not pass for a public one")
    func privateAsPublic() throws {
        let pem = try RSAPrivateKey.generate().pem()

        #expect(throws: CryptographyError(.invalidKey)) { try RSAPublicKey(pem: pem) }
    }

    @Test("sizes out of range are not made", arguments: [0, 512, 1024, 2047, 8193, 1 << 20])
    func sizes(bits: Int) {
        #expect(throws: CryptographyError(.unsuitableKey)) { try RSAPrivateKey.generate(bits: bits) }
    }

    @Test("printing a key shows nothing of it")
    func printing() throws {
        let key = try RSAPrivateKey.generate()
        var dumped = ""
        dump(key, to: &dumped)
        let secret = try key.pem().split(separator: "\n")[1]

        #expect(!dumped.contains(secret))
        #expect(!String(reflecting: key).contains(secret))
    }

    @Test("an error shows numbers and no text of the library")
    func errors() throws {
        let pem = "-----BEGIN PUBLIC KEY-----\nMRN-1\n-----END PUBLIC KEY-----\n"
        let error = try #require(throws: CryptographyError.self) { try RSAPublicKey(pem: pem) }

        #expect(!error.libraryCodes.isEmpty)
        #expect(error.description.wholeMatch(of: /invalid-key \([0-9a-f, ]+\)/) != nil)
    }
}
