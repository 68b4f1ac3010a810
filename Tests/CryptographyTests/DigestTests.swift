import Cryptography
import Testing

@Suite("digests, codes and random bytes")
struct DigestTests {
    @Test(
        "SHA-256 gives the digests of FIPS 180-4",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
        ]
    )
    func sha256(message: String, expected: String) {
        #expect(Hexadecimal.encode(SHA256.hash(message.utf8)) == expected)
    }

    @Test("a digest is the same however the bytes are cut and stored")
    func pieces() {
        let message = (0..<1_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let expected = SHA256.hash(message)
        for cut in [0, 1, 63, 64, 65, 999, 1_000] {
            var digest = SHA256()
            digest.update(message[..<cut])
            // A lazy collection has no contiguous storage.
            digest.update(message[cut...].lazy.map { $0 })
            let result = digest.finalize()
            #expect(result == expected)
        }
    }

    @Test("after finalize a new digest begins")
    func reuse() {
        var digest = SHA256()
        digest.update(Array("first".utf8))
        _ = digest.finalize()
        digest.update(Array("abc".utf8))
        let result = digest.finalize()

        #expect(result == SHA256.hash("abc".utf8))
    }

    @Test("HMAC-SHA256 gives the codes of RFC 4231")
    func hmac() throws {
        let first = try HMACSHA256(key: [UInt8](repeating: 0x0B, count: 20))
        let second = try HMACSHA256(key: Array("Jefe".utf8))
        let sixth = try HMACSHA256(key: [UInt8](repeating: 0xAA, count: 131))

        #expect(
            Hexadecimal.encode(first.code(for: Array("Hi There".utf8)))
                == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        )
        #expect(
            Hexadecimal.encode(second.code(for: Array("what do ya want for nothing?".utf8)))
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        )
        #expect(
            Hexadecimal.encode(sixth.code(for: Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8)))
                == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        )
    }

    @Test("a code is valid for its own message and key only")
    func hmacNegative() throws {
        let code = try HMACSHA256(key: [1]).code(for: [2, 3])

        #expect(try HMACSHA256(key: [1]).isValid(code, for: [2, 3]))
        #expect(try !HMACSHA256(key: [1]).isValid(code, for: [2, 4]))
        #expect(try !HMACSHA256(key: [2]).isValid(code, for: [2, 3]))
        #expect(try !HMACSHA256(key: [1]).isValid(Array(code.dropLast()), for: [2, 3]))
        #expect(try !HMACSHA256(key: [1]).isValid([], for: [2, 3]))
    }

    @Test("an empty key is refused")
    func emptyKey() {
        #expect(throws: CryptographyError(.invalidKey)) { try HMACSHA256(key: []) }
    }

    @Test("equality looks at length and every byte")
    func constantTime() {
        #expect(constantTimeEquals([], []))
        #expect(constantTimeEquals([1, 2, 3], [1, 2, 3]))
        #expect(!constantTimeEquals([1, 2, 3], [1, 2, 4]))
        #expect(!constantTimeEquals([0, 2, 3], [1, 2, 3]))
        #expect(!constantTimeEquals([1, 2, 3], [1, 2]))
    }

    @Test("random bytes are as many as asked for and never the same")
    func random() {
        #expect(SecureRandom.bytes(0).isEmpty)
        #expect(SecureRandom.bytes(33).count == 33)
        #expect(SecureRandom.bytes(32) != SecureRandom.bytes(32))
    }
}
