/// By what a caller was known, from a closed set: part of the record of who saw what.
package enum AuthenticationMethod: String, Sendable, CaseIterable {
    case administratorKey = "administrator-key"
    /// A browser that is signed in.
    case session
    /// A signed token of a configured issuer.
    case oidcToken = "oidc-token"
    /// An opaque access token that Google knows.
    case googleAccessToken = "google-access-token"
    /// An access token that was exchanged here for the assertion of a key file.
    case serviceAccountToken = "service-account-token"
    case apiKey = "api-key"
    case signedURL = "signed-url"
    /// No credential, where the configuration lets such callers in.
    case anonymous
}
