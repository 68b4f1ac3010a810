import CollimatorCore
import Cryptography
import Foundation
import Logging
import Synchronization

@testable import Identity

/// An issuer in the process of the test, at which people log in.
final class LoginSample: Sendable {
    private let key: RSAPrivateKey
    private let identityToken = Mutex("")
    /// Whether the issuer says where people log in.
    let isUp = Mutex(true)

    static let shared = Result { try RSAPrivateKey.generate() }

    init() throws { self.key = try Self.shared.get() }

    var login: BrowserLogin? {
        guard let issuer = TokenIssuer(alias: "hospital", issuer: "https://login.example", audiences: ["collimator"])
        else { return nil }
        let verifier = TokenVerifier(
            issuers: [issuer],
            client: JWKSClient { address in
                guard self.isUp.withLock({ $0 }) else { throw CollimatorError(.unavailable, "the issuer is down") }
                return Array((address.hasSuffix("keys") ? try self.keys() : Self.metadata).utf8)
            },
            surroundings: TokenVerifier.Surroundings(logger: GatewayUnderTest.quiet)
        )
        return BrowserLogin(
            issuers: [
                LoginIssuer(alias: "hospital", label: "The hospital", clientID: "viewer", clientSecret: nil, scopes: [])
            ],
            verifier: verifier,
            client: LoginClient { _, _, _ in
                let token = self.identityToken.withLock { $0 }
                return token.isEmpty ? (400, []) : (200, Array(#"{"id_token":"\#(token)"}"#.utf8))
            }
        )
    }

    private static let metadata = """
        {"issuer":"https://login.example","jwks_uri":"https://login.example/keys",
         "authorization_endpoint":"https://login.example/authorize","token_endpoint":"https://login.example/token"}
        """

    private func keys() throws -> String {
        let lines = try self.key.publicKey().pem().split(separator: "\n").dropFirst().dropLast()
        // The last five bytes are the exponent 65537, before them stands the modulus (RFC 8017 A.1.1).
        let der = Array(Data(base64Encoded: lines.joined()) ?? Data())
        let modulus = Base64URL.encode(Array(der.dropLast(5).suffix(256)))
        return #"{"keys":[{"kty":"RSA","kid":"k","n":"\#(modulus)","e":"AQAB"}]}"#
    }

    /// Has the next exchange name that person.
    func logIn(_ subject: String, nonce: String) throws {
        let now = Int64(Date().timeIntervalSince1970)
        let header = #"{"alg":"RS256","kid":"k"}"#
        let claims = """
            {"iss":"https://login.example","aud":"viewer","sub":"\(subject)","nonce":"\(nonce)","iat":\(now),"exp":\(now + 300)}
            """
        let text = Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(claims.utf8))
        let token = try text + "." + Base64URL.encode(self.key.rs256Signature(of: Array(text.utf8)))
        self.identityToken.withLock { $0 = token }
    }

    /// Has the issuer refuse the code.
    func refuse() { self.identityToken.withLock { $0 = "" } }
}
