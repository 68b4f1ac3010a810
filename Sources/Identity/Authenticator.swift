package import CollimatorCore
package import Cryptography

/// Finds out who is calling, from the values of the `Authorization` header.
///
/// Refusals are cheap: shape and length are looked at before anything is hashed.
package struct Authenticator: Sendable {
    /// The longest header value that is looked at.
    package static let headerBytesMax = 16 * 1024

    private let administratorKey: AdministratorKey
    private let keys: APIKeys?
    private let verifiers: [any CredentialVerifier]
    /// Signed tokens, and what Google's proxy adds to a request; nil where no issuer is configured.
    private let tokens: TokenVerifier?
    private let admitsAnonymous: Bool

    /// Callers are known by the administrator key, by a token of an issuer, and by what the further verifiers know.
    ///
    /// - Parameters:
    ///   - administratorKey: the key that may do everything.
    ///   - keys: the keys of apps; nil where there are none.
    ///   - tokens: verifies signed tokens; nil where no issuer is configured.
    ///   - verifiers: know further kinds of bearer credentials; the first that accepts the form decides.
    ///   - admitsAnonymous: whether a request without any credential has a caller too.
    package init(
        administratorKey: AdministratorKey,
        keys: APIKeys? = nil,
        tokens: TokenVerifier? = nil,
        verifiers: [any CredentialVerifier] = [],
        admitsAnonymous: Bool = false
    ) {
        self.administratorKey = administratorKey
        self.keys = keys
        self.tokens = tokens
        self.verifiers = (tokens.map { [$0] } ?? []) + verifiers
        self.admitsAnonymous = admitsAnonymous
    }

    /// What this service gives out and takes back sealed; it holds as long as the administrator key is the same.
    package func seal(for purpose: String) -> DeterministicSeal { self.administratorKey.seal(for: purpose) }

    /// The caller that the headers name.
    ///
    /// - Parameters:
    ///   - values: all values of `Authorization`, one for each field line.
    ///   - proxyAssertions: all values of the header that Google's Identity-Aware Proxy adds; without an issuer of that
    ///     form they are not looked at.
    /// - Returns: the caller.
    /// - Throws: `invalid-input` for several credentials, `unauthenticated` for anything else that is not one good
    ///   credential; what was wrong with it is for the operator only. `unavailable` where that cannot be found out now.
    package func authenticate(
        authorization values: [String],
        proxyAssertions: [String] = []
    ) async throws(CollimatorError) -> Caller {
        if let tokens = self.tokens, tokens.readsProxyAssertions, let assertion = proxyAssertions.first {
            // Two of them could be read differently by two readers.
            guard proxyAssertions.count == 1, values.isEmpty else { throw Self.conflict }
            return try await tokens.caller(proxyAssertion: assertion)
        }
        guard let value = values.first else {
            if self.admitsAnonymous { return Caller(verified: .anonymous, method: .anonymous) }
            throw Self.refusal("no Authorization header")
        }
        guard values.count == 1 else { throw Self.conflict }
        let token = try Self.bearerToken(value)
        if let caller = self.holder(ofKey: token) { return caller }
        guard let verifier = self.verifiers.first(where: { $0.accepts(token) }) else {
            throw Self.refusal("unknown credential")
        }
        return try await verifier.caller(token)
    }

    /// The caller that the one value of `Authorization` names, where that is known without waiting for anything: by a key,
    /// or by a token that was verified a moment ago; nil where ``authenticate(authorization:proxyAssertions:)`` has to find
    /// it out.
    package func callerAtHand(authorization value: String) -> Caller? {
        do {
            let token = try Self.bearerToken(value)
            if let caller = self.holder(ofKey: token) { return caller }
            guard let tokens = self.tokens, tokens.accepts(token) else { return nil }
            return try tokens.callerAtHand(token)
        } catch {
            return nil
        }
    }

    /// The caller whose key it is; nil where it is none that is good.
    private func holder(ofKey token: Substring) -> Caller? {
        if token.hasPrefix(APIKeyText.prefix), let caller = self.keys?.caller(for: token) { return caller }
        if token.hasPrefix(APIKeys.accessTokenPrefix), let caller = self.keys?.caller(forAccessToken: token) {
            return caller
        }
        if token.hasPrefix(AdministratorKey.prefix), self.administratorKey.isMatched(by: token) {
            return Caller(verified: .administrator, method: .administratorKey)
        }
        return nil
    }

    /// The caller of a request without `Authorization`; nil where nothing says who it is.
    package func callerIfAny(proxyAssertions: [String]) async throws(CollimatorError) -> Caller? {
        guard self.admitsAnonymous || (self.tokens?.readsProxyAssertions == true && !proxyAssertions.isEmpty) else {
            return nil
        }
        return try await self.authenticate(authorization: [], proxyAssertions: proxyAssertions)
    }

    /// What a request with more than one credential is told.
    package static let conflict = CollimatorError(
        .invalidInput,
        "several credentials",
        publicDetail: "Send one credential: one Authorization header, or a session, and not both."
    )

    /// The token of `Bearer` credentials (RFC 6750 §2.1): the scheme in any case, one or more spaces, the token.
    private static func bearerToken(_ value: String) throws(CollimatorError) -> Substring {
        let bytes = value.utf8
        guard bytes.count <= Self.headerBytesMax else {
            throw Self.refusal("the Authorization header is too long")
        }
        guard let space = bytes.firstIndex(of: UInt8(ascii: " ")) else {
            throw Self.refusal("the Authorization header is malformed")
        }
        guard value[..<space].lowercased() == "bearer" else {
            throw Self.refusal("another authentication scheme")
        }
        let token = value[space...].drop { $0 == " " }
        guard !token.isEmpty, token.utf8.allSatisfy(Self.isTokenByte) else {
            throw Self.refusal("the bearer token is malformed")
        }
        return token
    }

    /// One answer for all that is no good credential: how to show one, and nothing of what was wrong.
    private static func refusal(_ reason: StaticString) -> CollimatorError {
        CollimatorError(
            .unauthenticated,
            reason,
            publicDetail: "Send the header Authorization with the word Bearer and a key of this service."
        )
    }

    /// The bytes of `token68` (RFC 9110 §11.2).
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"), UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="):
            true
        default: false
        }
    }
}
