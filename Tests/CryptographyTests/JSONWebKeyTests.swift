import Cryptography
import Testing

@Suite("keys as JSON")
struct JSONWebKeyTests {
    // Made with another library; the private halves are thrown away.
    private static let x = "H_iGaZz7cKiVzQhFtvZffNsnqgHqI41oy_UItgUTJwI"
    private static let y = "dkTNDt1OgJVWPLwVUyCP0T7KNtY8mb5JOHJWE2jXFKs"
    private static let longX = "K4AQQlWHsjP2-jqgiGWuIjYYT0tX1mY7EQPBsvrKZx2HtJNZx3UXLSzo0SIgylLT"
    private static let longY = "h8EotjjXf2f8Z3SOBjfBT15NoguYN_lsTViaGRwcU1Oqy-VvP93ZyFRK1zrmpY13"
    private static let modulus = """
        o3e3gU4w8FN-8nsmA2un3pKNE_3J-iXyRlj1kW1NnoNa3C-d2uNqCZpUiFi2M-rEJg2no6uRk1uyGw8pcStNofZ5QxUZWRKRlf0EHB1N6eUVqtK\
        bLNzaHsglI5YjGQnG5leKuUOpa_G9RL8NqdY-MrHpoRKB6LJy9Hr1Qwbe9kjBsJ-3fGhjYHZqLXr7li2rPkc8Oq3iLRDbb8eJCyCOodiON_CA_iX\
        fbx7338XnkMUJafupiJ-Q9NKhUPM0vVzib1CFEcKm2i8xAeCLMNF12ot9axTj3qOqGIJF0jvxbnOSxmqjXoVjoP3rDKuHwBbKfyV2komm3u4CvNF\
        RKxAhyQ
        """
    private static let shortModulus = """
        uHrAO0itxP1eM0D11j1vZsgeN-tvV3sZm2MEP_cMFJBIOYXx46A5bbL6ZhcTyrDzpWutbomBqBmTCeK16AUJCzs3wwZiR5xMtHEYUTnAOZm2xQRWOJV\
        C2UM_uOSnZWQgY300RFJTzqrzE7pFIKxt-NpEmVBcRJtK-kOGVXjo02c
        """
    private static let token = """
        eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImUxIn0.eyJpc3MiOiJodHRwczovL2Nsb3VkLmdvb2dsZS5jb20vaWFwIiwiYXVkIjoi\
        L3Byb2plY3RzLzEvYXBwcy9wIiwic3ViIjoiYWNjb3VudHMuZ29vZ2xlLmNvbToxMDgxIiwiZW1haWwiOiJhbm5AaG9zcGl0YWwuZXhhbXBsZSIs\
        ImhkIjoiaG9zcGl0YWwuZXhhbXBsZSIsImlhdCI6MTc2NzIyNTYwMCwiZXhwIjoxNzY3MjI2MjAwfQ.hP7OxXg68jqulISRscsl7sXrEYQSSNXCh\
        3yJ876685_yN4QwTE4F5rqwRuDgMH5ZC0ivpJK1PFWsHCDy93RDDg
        """
    /// The header says ES256, and the signature is that of a key on P-384.
    private static let longToken = """
        eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImUxIn0.eyJpc3MiOiJhIn0.0bCzdSkNf1ZhlZ722PQR6I9IeruyZ96be2dMuHn2Cz5J\
        R70B94oHtfGN1VjNqwhtT9jflf537vUOnFW4ZFENoPpGoLZRhcdWxZvT86jzHut-s9AjGY6b4lesmhnW8OIQ
        """

    private static func key(_ text: String) throws -> JSONWebKey {
        try JSONWebKey(try #require(StrictJSON(parsing: Array(text.utf8))))
    }

    private static var p256: String { #"{"kty":"EC","crv":"P-256","kid":"e1","x":"\#(self.x)","y":"\#(self.y)"}"# }
    private static var rsa: String { #"{"kty":"RSA","n":"\#(self.modulus)","e":"AQAB"}"# }

    @Test("keys of both kinds are read, and each is for one algorithm")
    func read() throws {
        let curve = try Self.key(Self.p256)
        let rsa = try Self.key(Self.rsa)

        #expect(curve.keyID == "e1")
        #expect(curve.key.algorithm == .es256)
        #expect(rsa.keyID == nil)
        #expect(rsa.key.algorithm == .rs256)
    }

    @Test("a signature on P-256 that another library made is confirmed")
    func verified() throws {
        let key = try Self.key(Self.p256).key
        let token = try UnverifiedJWS(Self.token, algorithms: [.es256])

        #expect(token.claimedIssuer() == "https://cloud.google.com/iap")
        #expect(try token.verified(with: key).header.keyID == "e1")
    }

    @Test("a changed signature, one of another length, and one on another curve are refused")
    func refused() throws {
        let key = try Self.key(Self.p256).key
        let head = Self.token.split(separator: ".").prefix(2).joined(separator: ".")
        let zeros = Base64URL.encode([UInt8](repeating: 0, count: 64))
        let ones = Base64URL.encode([UInt8](repeating: 0xFF, count: 64))
        let texts = [
            String(Self.token.dropLast(4)) + "AAAA", "\(head).\(zeros)", "\(head).\(ones)", "\(head).AAAA",
            "\(head).\(Base64URL.encode([UInt8](repeating: 1, count: 65)))", Self.longToken,
        ]
        for text in texts {
            let token = try UnverifiedJWS(text, algorithms: [.es256])
            let error = #expect(throws: CryptographyError.self) { try token.verified(with: key) }
            #expect(error?.code == .invalidSignature)
        }
    }

    @Test("the algorithm of the token has to be that of the key")
    func confusion() throws {
        let token = try UnverifiedJWS(Self.token, algorithms: [.es256, .rs256])
        let error = #expect(throws: CryptographyError.self) { try token.verified(with: try Self.key(Self.rsa).key) }

        #expect(error?.code == .algorithmRefused)
        #expect(throws: CryptographyError.self) { try UnverifiedJWS(Self.token) }
    }

    @Test(
        "what is no key for signatures, or says two things, is refused",
        arguments: [
            #"{}"#, #"{"kty":"oct","k":"AAAA"}"#, #"{"kty":"RSA","n":"\#(Self.shortModulus)","e":"AQAB"}"#,
            #"{"kty":"RSA","n":"\#(Self.modulus)","e":"AQ"}"#, #"{"kty":"RSA","n":"\#(Self.modulus)","e":"Ag"}"#,
            #"{"kty":"RSA","n":"\#(Self.modulus)"}"#, #"{"kty":"RSA","n":"","e":"AQAB"}"#,
            #"{"kty":"RSA","alg":"RS512","n":"\#(Self.modulus)","e":"AQAB"}"#,
            #"{"kty":"RSA","alg":"ES256","n":"\#(Self.modulus)","e":"AQAB"}"#,
            #"{"kty":"RSA","use":"enc","n":"\#(Self.modulus)","e":"AQAB"}"#,
            #"{"kty":"RSA","key_ops":["sign"],"n":"\#(Self.modulus)","e":"AQAB"}"#,
            #"{"kty":"RSA","kid":"","n":"\#(Self.modulus)","e":"AQAB"}"#,
            #"{"kty":"EC","crv":"P-384","x":"\#(Self.longX)","y":"\#(Self.longY)"}"#,
            #"{"kty":"EC","crv":"P-256","x":"\#(Self.longX)","y":"\#(Self.longY)"}"#,
            #"{"kty":"EC","crv":"P-256","x":"\#(Self.x)","y":"\#(Self.x)"}"#,
            #"{"kty":"EC","crv":"P-256","x":"\#(Self.x)"}"#,
            #"{"kty":"EC","crv":"P-256","alg":"RS256","x":"\#(Self.x)","y":"\#(Self.y)"}"#,
            #"{"kty":"OKP","crv":"Ed25519","x":"\#(Self.x)"}"#,
        ]
    )
    func unusable(text: String) throws {
        #expect(throws: CryptographyError.self) { try Self.key(text) }
    }
}
