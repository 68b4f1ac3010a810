package import CollimatorCore
internal import Cryptography
internal import Synchronization

/// Why no access token is given for an assertion.
package enum AssertionFault: String, Error, Sendable, Hashable, CaseIterable {
    /// Its shape, its signature, or that nobody has the key.
    case signature
    case account
    case audience
    case lifetime
    case tooManyTokens
}

/// An access token, shown to whoever asked for it and nowhere else.
package struct IssuedAccessToken: Sendable {
    package let text: String
    package let expiresInSeconds: Int
}

extension APIKeys {
    /// What the text of every access token begins with, so that people and secret scanners can tell what it is.
    package static let accessTokenPrefix = "clm_token_"
    /// How many random bytes an access token has.
    static let accessTokenBytes = 32
    /// By how much the clocks of client and service may differ, in seconds.
    static let clockSkewSeconds: Int64 = 60
    /// The token endpoint of Google: the audience that some of its libraries write, whatever the key file says.
    ///
    /// An assertion with it is signed with a key of ours all the same, which Google does not know.
    static let googleAudience = "https://oauth2.googleapis.com/token"

    /// An access token for the assertion of a key file (RFC 7523 §2.1).
    ///
    /// - Parameters:
    ///   - text: the assertion, a signed token.
    ///   - audience: the address of our token endpoint.
    ///   - isSuspended: whether a principal is kept out.
    /// - Returns: the token.
    /// - Throws: why there is none.
    package func exchange(
        assertion text: String,
        audience: String,
        isSuspended: (Principal) -> Bool
    ) throws(AssertionFault) -> IssuedAccessToken {
        let (key, secret, claims) = try self.verified(text)
        let account = KeyFile.clientEmail(of: key.id)
        // Nobody speaks for somebody else: `sub` is the account itself or absent.
        guard let issuer = claims["iss"]?.text, issuer.utf8.elementsEqual(account.utf8),
            claims["sub"].map({ $0.text == account }) ?? true, !isSuspended(key.principal)
        else { throw .account }
        guard let named = claims["aud"]?.text, [audience, Self.googleAudience].contains(named) else { throw .audience }
        let now = self.now / 1_000
        guard let issued = claims["iat"]?.number, let expires = claims["exp"]?.number, issued >= 0, expires >= 0,
            issued <= now + Self.clockSkewSeconds, expires > now - Self.clockSkewSeconds, issued < expires,
            expires - issued <= Int64(KeyFile.lifetimeSeconds)
        else { throw .lifetime }
        return try self.issue(key.id, secret: secret)
    }

    /// The caller whose access token it is; nil for none of ours, one that has ended, and one whose key has ended.
    func caller(forAccessToken text: some StringProtocol) -> Caller? {
        guard text.hasPrefix(Self.accessTokenPrefix),
            let bytes = Base64URL.decode(text.dropFirst(Self.accessTokenPrefix.count)),
            bytes.count == Self.accessTokenBytes
        else { return nil }
        let digest = SHA256.hash(text.utf8)
        let now = self.now
        return self.state.withLock { state in
            guard let token = state.tokens.find(digest, at: now), let key = state.keys[token.id]?.value,
                key.state(at: now) == .active,
                let secret = key.secrets.first(where: { $0.digest == token.secret }), secret.works(at: now)
            else { return nil }
            state.uses[key.id] = now
            let end = [key.expiresAt, secret.endsAt, token.end].compactMap(\.self).min()
            return Caller(verified: key.principal, method: .serviceAccountToken, expiresAt: end.map(WallClock.date))
        }
    }

    /// Shape, key and signature, in this order; the claims are those that were signed.
    private func verified(
        _ text: String
    ) throws(AssertionFault) -> (key: APIKey, secret: [UInt8], claims: StrictJSON) {
        do {
            let assertion = try UnverifiedJWS(text, typeIsRequired: false)
            guard let keyID = assertion.header.keyID else { throw AssertionFault.signature }
            let digest = SHA256.hash(keyID.utf8)
            let now = self.now
            let found = self.state.withLock { state -> (APIKey, String)? in
                guard let key = state.ids[digest].flatMap({ state.keys[$0]?.value }), key.state(at: now) == .active,
                    let secret = key.secrets.first(where: { $0.digest == digest }), secret.works(at: now),
                    let publicKey = secret.publicKey
                else { return nil }
                return (key, publicKey)
            }
            guard let (key, publicKey) = found else { throw AssertionFault.signature }
            let content = try assertion.verified(with: RSAPublicKey(pem: publicKey))
            guard let claims = StrictJSON(parsing: content.claims) else { throw AssertionFault.signature }
            return (key, digest, claims)
        } catch {
            throw .signature
        }
    }

    private func issue(_ id: String, secret: [UInt8]) throws(AssertionFault) -> IssuedAccessToken {
        let text = Self.accessTokenPrefix + Base64URL.encode(SecureRandom.bytes(Self.accessTokenBytes))
        let now = self.now
        let end = now + Int64(KeyFile.lifetimeSeconds) * 1_000
        let isKept = self.state.withLock { state in
            state.tokens.add(SHA256.hash(text.utf8), IssuedTokens.Token(id: id, secret: secret, end: end), at: now)
        }
        guard isKept else { throw .tooManyTokens }
        return IssuedAccessToken(text: text, expiresInSeconds: KeyFile.lifetimeSeconds)
    }
}
