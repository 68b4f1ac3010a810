internal import HTTPTypes

/// Lets in who shows an access token that the emulator issued, or a token that its service account signed.
struct BearerAuthenticator: Sendable {
    /// Whether a token is asked for at all.
    let isRequired: Bool
    let tokens: AccessTokenLedger
    let assertions: AssertionVerifier
    /// Where this server can be found: the audience of self-signed tokens, beside the upstream's own.
    let origin: @Sendable () -> String

    /// The longest header that is looked at.
    static let headerBytesMax = 16 * 1024

    func authenticate(_ headers: HTTPFields) throws(GoogleError) {
        guard self.isRequired else { return }
        let values = headers[values: .authorization]
        guard let value = values.first else { throw .credentialsMissing }
        // Two of them could be read differently by two readers.
        guard values.count == 1, value.utf8.count <= Self.headerBytesMax else { throw .credentialsInvalid }
        let parts = value.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { throw .credentialsInvalid }
        let token = String(parts[1])
        guard self.tokens.isGood(token) || self.isSelfSigned(token) else { throw .credentialsInvalid }
    }

    private func isSelfSigned(_ token: String) -> Bool {
        guard token.utf8.count(where: { $0 == UInt8(ascii: ".") }) == 2, token.hasPrefix("ey") else { return false }
        let origin = self.origin()
        let audiences: Set<String> = [
            origin, origin + "/", "https://healthcare.googleapis.com/", "https://pubsub.googleapis.com/",
        ]
        do {
            try self.assertions.verifySelfSigned(token, audiences: audiences)
            return true
        } catch {
            return false
        }
    }
}

extension GoogleError {
    private static let realm = "Bearer realm=\"https://accounts.google.com/\""

    static let credentialsMissing = GoogleError(
        .unauthenticated,
        """
        Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other \
        valid authentication credential.
        """,
        details: [
            [
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "CREDENTIALS_MISSING",
                "domain": "googleapis.com",
                "metadata": ["service": "healthcare.googleapis.com"],
            ]
        ],
        headers: [.wwwAuthenticate: Self.realm]
    )
    static let credentialsInvalid = GoogleError(
        .unauthenticated,
        """
        Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid \
        authentication credential.
        """,
        headers: [.wwwAuthenticate: Self.realm + ", error=\"invalid_token\""]
    )
}
