import Cryptography
import Testing

@Suite("RS256 tokens")
struct JWSTests {
    private static let claims = Array(#"{"aud":"x","exp":1767225600,"iss":"a@b","n":1.5,"s":"é\u0000"}"#.utf8)

    /// Made once: a new key for each test costs a tenth of a second.
    private static let sharedKey = Result { try RSAPrivateKey.generate() }

    private let key: RSAPrivateKey
    private let publicKey: RSAPublicKey

    init() throws {
        self.key = try Self.sharedKey.get()
        self.publicKey = try self.key.publicKey()
    }

    /// A token with this header text and a signature that is right for it.
    private func token(header: String, claims: [UInt8] = Self.claims) throws -> String {
        let text = Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(claims)
        return try text + "." + Base64URL.encode(self.key.rs256Signature(of: Array(text.utf8)))
    }

    private func code(_ token: String, typeIsRequired: Bool = true) -> CryptographyError.Code? {
        do {
            _ = try JWS.verifyRS256(token, key: self.publicKey, typeIsRequired: typeIsRequired)
            return nil
        } catch {
            return error.code
        }
    }

    @Test("what is signed is verified, with key name, type and claims")
    func roundTrip() throws {
        let claims = Array(#"{"iss":"a@b","exp":1767225600,"ok":true}"#.utf8)
        let token = try JWS.signRS256(claims: claims, keyID: "key-1", key: self.key)
        let verified = try JWS.verifyRS256(token, key: self.publicKey)

        #expect(verified.header.keyID == "key-1")
        #expect(verified.header.type == "JWT")
        #expect(StrictJSON(parsing: verified.claims) == StrictJSON(parsing: claims))
    }

    @Test("libjwt and libcrypto sign alike")
    func differential() throws {
        let token = try JWS.signRS256(claims: Array(#"{"iss":"a@b"}"#.utf8), keyID: nil, key: self.key)
        let segments = token.split(separator: ".")
        let signature = try self.key.rs256Signature(of: Array("\(segments[0]).\(segments[1])".utf8))

        // RSASSA-PKCS1-v1_5 has one signature for a message.
        #expect(segments.count == 3)
        #expect(String(segments[2]) == Base64URL.encode(signature))
    }

    @Test("the claims are the bytes that were signed")
    func claimBytes() throws {
        let verified = try JWS.verifyRS256(
            self.token(header: #"{"alg":"RS256","typ":"JWT"}"#),
            key: self.publicKey
        )

        #expect(verified.claims == Self.claims)
    }

    @Test(
        "headers that are accepted",
        arguments: [
            #"{"alg":"RS256","typ":"JWT"}"#, #"{"typ":"at+jwt","alg":"RS256","kid":"k"}"#,
            #"{"alg":"RS256","typ":"jwt","extra":[1,{"a":null}]}"#,
        ]
    )
    func accepted(header: String) throws {
        #expect(self.code(try self.token(header: header)) == nil)
    }

    @Test("a token without a type passes only where none is asked for")
    func withoutType() throws {
        let token = try self.token(header: #"{"alg":"RS256"}"#)

        #expect(self.code(token) == .headerRefused)
        #expect(self.code(token, typeIsRequired: false) == nil)
    }

    @Test(
        "headers that are refused although the signature is right",
        arguments: [
            (#"{"alg":"none","typ":"JWT"}"#, .algorithmRefused), (#"{"alg":"None","typ":"JWT"}"#, .algorithmRefused),
            (#"{"alg":"nOnE","typ":"JWT"}"#, .algorithmRefused), (#"{"alg":"","typ":"JWT"}"#, .algorithmRefused),
            (#"{"typ":"JWT"}"#, .algorithmRefused), (#"{"alg":"rs256","typ":"JWT"}"#, .algorithmRefused),
            (#"{"alg":["RS256"],"typ":"JWT"}"#, .algorithmRefused),
            (#"{"alg":"RS512","typ":"JWT"}"#, .algorithmRefused),
            (#"{"alg":"PS256","typ":"JWT"}"#, .algorithmRefused), (#"{"alg":"ES256","typ":"JWT"}"#, .algorithmRefused),
            (#"{"alg":"HS256","typ":"JWT"}"#, .algorithmRefused),
            (#"{"alg":"RS256","typ":"JWT","crit":["x"]}"#, .headerRefused),
            (#"{"alg":"RS256","typ":"JWT","crit":[]}"#, .headerRefused),
            (#"{"alg":"RS256","typ":"JWT","b64":false}"#, .headerRefused),
            (#"{"alg":"RS256","typ":"JWT","jku":"https://evil.example"}"#, .headerRefused),
            (#"{"alg":"RS256","typ":"JWT","x5u":"https://evil.example"}"#, .headerRefused),
            (#"{"alg":"RS256","typ":"JWT","jwk":{"kty":"RSA"}}"#, .headerRefused),
            (#"{"alg":"RS256","typ":"JWT","x5c":[]}"#, .headerRefused),
            (#"{"alg":"RS256","typ":"JWT","zip":"DEF"}"#, .headerRefused),
            (#"{"alg":"RS256","typ":"dpop+jwt"}"#, .headerRefused), (#"{"alg":"RS256","typ":1}"#, .headerRefused),
            (#"{"alg":"RS256","typ":"JWT","kid":1}"#, .headerRefused),
            (#"{"alg":"RS256","typ":"JWT","kid":""}"#, .headerRefused),
            (#"{"alg":"RS256","typ":"JWT","kid":"a\u0000b"}"#, .headerRefused),
            (#"{"alg":"RS256","typ":"JWT","kid":"' OR 1=1 --"}"#, .headerRefused),
            (#"{"alg":"RS256","typ":"JWT","kid":"ключ"}"#, .headerRefused),
            (#"{"alg":"RS256","alg":"none","typ":"JWT"}"#, .malformedToken),
            (#"{"alg":"RS256","a\u006cg":"RS256","typ":"JWT"}"#, .malformedToken),
            (#"["RS256"]"#, .malformedToken), ("", .malformedToken), ("{}x", .malformedToken),
        ] as [(String, CryptographyError.Code)]
    )
    func refusedHeader(header: String, expected: CryptographyError.Code) throws {
        #expect(self.code(try self.token(header: header)) == expected)
    }

    @Test("a long name of a key is refused, one with a path in it is only a name")
    func keyNames() throws {
        let long = String(repeating: "k", count: JWSHeader.keyIDBytesMax + 1)
        let path = try JWS.verifyRS256(
            self.token(header: #"{"alg":"RS256","typ":"JWT","kid":"../../etc/passwd"}"#),
            key: self.publicKey
        )

        #expect(self.code(try self.token(header: #"{"alg":"RS256","typ":"JWT","kid":"\#(long)"}"#)) == .headerRefused)
        #expect(path.header.keyID == "../../etc/passwd")
    }

    @Test("a code made with the public key as shared secret is refused")
    func algorithmConfusion() throws {
        let pem = try self.publicKey.pem()
        let variants = [pem, String(pem.dropLast()), pem + "\n", pem.replacing("\n", with: "\r\n")]
        for alg in ["HS256", "RS256"] {
            let text =
                Base64URL.encode(Array(#"{"alg":"\#(alg)","typ":"JWT"}"#.utf8)) + "." + Base64URL.encode(Self.claims)
            for secret in variants {
                let code = try HMACSHA256(key: Array(secret.utf8)).code(for: Array(text.utf8))
                let found = self.code(text + "." + Base64URL.encode(code))
                #expect(found == (alg == "HS256" ? .algorithmRefused : .invalidSignature))
            }
        }
    }

    @Test("a token that was changed, cut or put together is refused")
    func tampered() throws {
        let token = try self.token(header: #"{"alg":"RS256","typ":"JWT"}"#)
        let segments = token.split(separator: ".").map(String.init)
        let other = Base64URL.encode(Array(#"{"iss":"evil"}"#.utf8))
        let strange = try RSAPrivateKey.generate().rs256Signature(of: Array("\(segments[0]).\(segments[1])".utf8))

        #expect(self.code(token) == nil)
        #expect(self.code("\(segments[0]).\(other).\(segments[2])") == .invalidSignature)
        #expect(self.code("\(segments[0]).\(segments[1]).\(Base64URL.encode(strange))") == .invalidSignature)
        #expect(self.code("\(segments[0]).\(segments[1]).") == .malformedToken)
        #expect(self.code("\(segments[0]).\(segments[1])") == .malformedToken)
        #expect(self.code("\(segments[0])..\(segments[2])") == .malformedToken)
    }

    @Test("a token that is no token is refused before any C code sees it")
    func malformed() throws {
        let token = try self.token(header: #"{"alg":"RS256","typ":"JWT"}"#)
        let long = String(repeating: "A", count: 500_000)
        let deep = Base64URL.encode(Array((#"{"alg":"RS256","a":"# + String(repeating: "[", count: 3_000)).utf8))
        let hostile = [
            "", ".", "..", "...", "a.b.c", token + "!!!", token + ".extra", token + "=", token + " ", " " + token,
            token + "\u{0}", token + "\n", "é" + token, "Bearer " + token, token.replacing(".", with: ". "),
            "\(long).\(long).\(long)", long, "\(deep).e30.AAAA",
            token.replacing("_", with: "/").replacing("-", with: "+") + "+",
        ]
        for text in hostile {
            #expect(self.code(text) == .malformedToken)
        }
    }

    @Test("claims that are no JSON object, or too long, are not signed")
    func refusedClaims() {
        let long = Array("{\"a\":\"\(String(repeating: "x", count: JWS.claimsBytesMax))\"}".utf8)
        for claims in [[], Array("[]".utf8), Array("{".utf8), Array(#"{"a":1,"a":2}"#.utf8), [0x7B, 0x7D, 0x00], long] {
            #expect(throws: CryptographyError(.invalidClaims)) {
                try JWS.signRS256(claims: claims, keyID: nil, key: self.key)
            }
        }
        #expect(throws: CryptographyError(.headerRefused)) {
            try JWS.signRS256(claims: Array("{}".utf8), keyID: "a\u{0}b", key: self.key)
        }
    }

    @Test("many threads sign and verify at once")
    func concurrent() async throws {
        let key = self.key
        let publicKey = self.publicKey
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for index in 0..<64 {
                group.addTask {
                    let token = try JWS.signRS256(claims: Array("{\"n\":\(index)}".utf8), keyID: "k", key: key)
                    return try JWS.verifyRS256(token, key: publicKey).claims == Array("{\"n\":\(index)}".utf8)
                }
            }
            for try await isRight in group {
                #expect(isRight)
            }
        }
    }
}
