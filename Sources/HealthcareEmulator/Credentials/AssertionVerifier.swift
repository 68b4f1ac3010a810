internal import CollimatorCore
internal import Cryptography
internal import FoundationEssentials

/// Judges what the service-account key signed: assertions for the token endpoint, and tokens used as they are.
struct AssertionVerifier: Sendable {
    let key: ServiceAccountKey
    let clock: WallClock

    /// How far the clocks of client and server may be apart.
    static let skewSeconds: Int64 = 300
    /// How long an assertion may be good.
    static let lifetimeSecondsMax: Int64 = 3600

    /// Why an assertion is refused; the texts are those of Google's token endpoint.
    enum Refusal: Error, Sendable, Hashable {
        case signature
        case issuer
        case audience
        case lifetime
    }

    /// The token endpoint of Google: the audience that some libraries write, whatever the key file says.
    static let upstreamTokenURI = "https://oauth2.googleapis.com/token"

    /// An assertion of the JWT bearer grant (RFC 7523), meant for the token endpoint.
    func verifyGrant(_ assertion: String, audience: String) throws(Refusal) {
        let claims = try self.claims(assertion)
        guard let text = claims["aud"]?.text, [audience, Self.upstreamTokenURI].contains(text) else {
            throw .audience
        }
    }

    /// A token that the service account signed for itself and uses as a bearer token (AIP-4111): issuer and subject
    /// are one, and it names a scope or this service as its audience.
    func verifySelfSigned(_ token: String, audiences: Set<String>) throws(Refusal) {
        let claims = try self.claims(token)
        guard claims["sub"]?.text == ServiceAccountKey.clientEmail else { throw .issuer }
        if let audience = claims["aud"]?.text {
            guard audiences.contains(audience) else { throw .audience }
        } else {
            guard claims["scope"]?.text?.isEmpty == false else { throw .audience }
        }
    }

    /// Signature first, then issuer and lifetime.
    private func claims(_ token: String) throws(Refusal) -> StrictJSON {
        let verified: VerifiedJWS
        do {
            verified = try JWS.verifyRS256(token, key: self.key.publicKey, typeIsRequired: false)
        } catch {
            throw .signature
        }
        guard verified.header.keyID == nil || verified.header.keyID == self.key.privateKeyID,
            let claims = StrictJSON(parsing: verified.claims)
        else { throw .signature }
        guard claims["iss"]?.text == ServiceAccountKey.clientEmail else { throw .issuer }
        guard let issued = claims["iat"]?.number, let expires = claims["exp"]?.number else { throw .lifetime }
        // Both are the signer's own numbers: what is negative is no time, and its difference would not fit.
        guard issued >= 0, expires >= 0 else { throw .lifetime }
        let now = Int64(self.clock.now().timeIntervalSince1970)
        guard issued <= now + Self.skewSeconds, expires > now - Self.skewSeconds, issued < expires,
            expires - issued <= Self.lifetimeSecondsMax
        else { throw .lifetime }
        return claims
    }
}
