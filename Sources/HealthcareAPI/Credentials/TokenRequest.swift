internal import Cryptography
internal import DICOMweb

/// One request to a token endpoint or a metadata server, as a value.
struct TokenRequest: Sendable {
    var address: String
    /// The fields of the form that is posted; nil for a GET.
    var form: [(name: String, value: String)]?
    /// Further header fields.
    var headers: [(name: String, value: String)] = []
    /// A field that the answer must have, which tells that the right kind of server answered.
    var answerHeader: (name: String, value: String)?

    /// The form as `application/x-www-form-urlencoded`.
    var formText: String? {
        self.form?.map { "\(PercentEncoding.encode($0.name))=\(PercentEncoding.encode($0.value))" }.joined(
            separator: "&"
        )
    }
}

/// What a token endpoint answered, judged.
enum TokenAnswer {
    /// The longest life of a token that is believed.
    static let lifetimeSecondsMax: Int64 = 43_200

    /// The token of a good answer (RFC 6749 §5.1), which was asked for at `askedAt`.
    static func token(from body: [UInt8], askedAt: ContinuousClock.Instant) throws(CredentialError) -> AccessToken {
        guard let answer = StrictJSON(parsing: body), let secret = answer["access_token"]?.text,
            answer["token_type"]?.text?.lowercased() == "bearer",
            let lifetime = answer["expires_in"]?.number, lifetime > 0,
            let token = AccessToken(
                secret: secret,
                expiresAt: askedAt + .seconds(min(lifetime, Self.lifetimeSecondsMax))
            )
        else { throw CredentialError(.invalidAnswer) }
        return token
    }

    /// What a refusal means.
    ///
    /// Of the body only the error code is looked at, and that in a closed list.
    static func error(status: Int, body: [UInt8]) -> CredentialError {
        switch status {
        case 300..<400: return CredentialError(.redirected, status: status)
        case 429: return CredentialError(.throttled, status: status)
        case 408: return CredentialError(.timedOut, status: status)
        case 500...: return CredentialError(.endpointFault, status: status)
        default: break
        }
        let code: CredentialError.Code =
            switch StrictJSON(parsing: body)?["error"]?.text {
            case "invalid_grant": .refusedGrant
            case "invalid_client", "unauthorized_client": .refusedClient
            case "invalid_scope": .refusedScope
            default: .refused
            }
        return CredentialError(code, status: status)
    }
}
