package import CollimatorCore

/// Why no access token could be had: a code from a closed set, and at most a status.
///
/// It never holds text from an answer.
package struct CredentialError: Error, Sendable, Hashable {
    package let code: Code
    /// The HTTP status of the refusal, where there was one.
    package let status: Int?

    package init(_ code: Code, status: Int? = nil) {
        self.code = code
        self.status = status
    }

    /// The kinds of failure.
    ///
    /// The raw value is the sentence that the operator reads.
    package enum Code: String, Sendable, CaseIterable {
        // The key file.
        case fileUnreadable = "the credentials file cannot be read"
        case fileTooLarge = "the credentials file is larger than 64 KiB"
        case fileNotJSON = "the credentials file is not one JSON object"
        case typeMissing = "the credentials file has no member `type`: it is no Google credentials file"
        case typeUnsupported = "the `type` of the credentials file is neither `service_account` nor `authorized_user`"
        case typeMismatch = "the credentials file is not of type `service_account`"
        case emailMissing = "the key file has no usable `client_email`"
        case keyIDMissing = "the key file has no usable `private_key_id`"
        case keyMissing = "the key file has no `private_key`"
        case keyUnusable = "the `private_key` of the key file is no RSA key of at least 2048 bits in PEM"
        case tokenAddressUnusable = "the `token_uri` is neither an https address nor an http address of this machine"
        case refreshTokenMissing = "the file has no `client_id`, `client_secret` and `refresh_token`"
        case noneFound = "no application default credentials: set GOOGLE_APPLICATION_CREDENTIALS to a key file"
        case metadataAddressUnusable = "GCE_METADATA_HOST is not a host with an optional port"

        // The exchange.
        case assertionUnsigned = "the assertion could not be signed"
        case refusedGrant = "the token endpoint refused the credential (invalid_grant)"
        case refusedClient = "the token endpoint refused the client (invalid_client or unauthorized_client)"
        case refusedScope = "the token endpoint refused the scope (invalid_scope)"
        case refused = "the token endpoint refused the request"
        case throttled = "the token endpoint asks to wait"
        case endpointFault = "the token endpoint failed"
        case redirected = "the token endpoint redirects, which is not followed"
        case invalidAnswer = "the answer of the token endpoint is not usable"
        case answerTooLarge = "the answer of the token endpoint is larger than 64 KiB"
        case unreachable = "the token endpoint cannot be reached"
        case timedOut = "the token endpoint did not answer in time"
        case cancelled = "the caller went away"
    }

    /// Whether the same request may succeed a moment later.
    package var isTransient: Bool {
        switch self.code {
        case .throttled, .endpointFault, .unreachable, .timedOut: true
        default: false
        }
    }
}

extension CredentialError: CustomStringConvertible {
    /// The sentence and the status.
    package var description: String {
        guard let status else { return self.code.rawValue }
        return "\(self.code.rawValue), status \(status)"
    }
}

extension CollimatorError {
    /// What a failure to get a token means to a request that needed it.
    ///
    /// It is never `internal`: the layer that failed is the credential of the store, and the client is told so.
    package init(_ error: CredentialError) {
        switch error.code {
        case .timedOut:
            self.init(
                .upstreamTimeout,
                "no access token: the token endpoint did not answer in time",
                publicDetail: "The token endpoint of the DICOM store did not answer in time.",
                cause: error
            )
        case .throttled, .endpointFault, .unreachable:
            self.init(
                .unavailable,
                "no access token: the token endpoint is out of order",
                publicDetail: "The token endpoint of the DICOM store cannot be reached or is out of order.",
                cause: error,
                retryAfterSeconds: 5
            )
        case .cancelled:
            self.init(.unavailable, "no access token: the caller went away", cause: error, retryAfterSeconds: 1)
        case .refusedGrant, .refusedClient, .refusedScope, .refused:
            self.init(
                .upstreamInvalid,
                "no access token: the token endpoint refused the credential",
                publicDetail: "The token endpoint of the DICOM store refused this service's credential.",
                cause: error
            )
        case .invalidAnswer, .answerTooLarge, .redirected:
            self.init(
                .upstreamInvalid,
                "no access token: the token endpoint gave no usable answer",
                publicDetail: "The token endpoint of the DICOM store gave no usable answer.",
                cause: error
            )
        default:
            self.init(
                .upstreamInvalid,
                "no access token: the credential is not usable",
                publicDetail: "This service has no usable credential for the DICOM store.",
                cause: error
            )
        }
    }
}
