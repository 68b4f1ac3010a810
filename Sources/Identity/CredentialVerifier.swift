package import CollimatorCore

/// Knows the callers of one kind of bearer credential.
package protocol CredentialVerifier: Sendable {
    /// Whether the credential has the form of this kind; cheap, and true for at most one verifier.
    func accepts(_ token: Substring) -> Bool

    /// The caller whose credential it is.
    ///
    /// - Throws: `unauthenticated` for one that is not good, `unavailable` where that cannot be found out now.
    func caller(_ token: Substring) async throws(CollimatorError) -> Caller
}
