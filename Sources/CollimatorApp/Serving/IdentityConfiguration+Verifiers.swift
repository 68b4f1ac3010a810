import CollimatorCore
import HealthcareAPI
import Identity
import Logging

extension IdentityConfiguration {
    /// Verifies signed tokens; nil where no issuer is configured.
    func tokenVerifier(
        connections: UpstreamConnections,
        logger: Logger,
        namesGroups: @escaping @Sendable (_ alias: String) -> Bool = { _ in true }
    ) -> TokenVerifier? {
        guard !self.issuers.isEmpty else { return nil }
        let limits = IssuerKeyLimits()
        let fetch = BoundedFetch(
            connections: connections,
            bytesMax: limits.documentBytesMax,
            deadline: limits.fetchDeadline
        )
        return TokenVerifier(
            issuers: self.issuers,
            client: JWKSClient { address in try await fetch.document(address) },
            surroundings: TokenVerifier.Surroundings(namesGroups: namesGroups, logger: logger)
        )
    }

    /// Resolves opaque access tokens of Google; empty where they do not count.
    func accessTokenVerifiers(connections: UpstreamConnections) -> [any CredentialVerifier] {
        guard let configuration = self.googleAccessTokens else { return [] }
        let fetch = BoundedFetch(connections: connections, bytesMax: 64 * 1024, deadline: .seconds(5))
        let verifier = GoogleAccessTokens(configuration: configuration) { form, address in
            let answer = try await fetch.answer(to: form, at: address)
            return (answer.status, answer.body)
        }
        return [verifier]
    }
}
