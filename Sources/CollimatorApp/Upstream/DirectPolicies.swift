import AccessControl
package import CollimatorCore
import HealthcareAPI

/// The IAM policies of datasets and stores, as a command changes them: with a credential of whoever runs it, and never
/// with that of a server.
package struct DirectPolicies: Sendable {
    private let client: IAMPolicyClient
    private let connections: UpstreamConnections

    /// Whose right it is.
    package enum Credential: Sendable {
        /// As `gcloud auth print-access-token` prints it.
        case accessToken(String)
        /// A service-account key file.
        case keyFile(path: String)
    }

    /// How long a token that was given is taken for good; the upstream knows better.
    private static let tokenLifetime = Duration.seconds(3_600)

    /// Opens the way to the Healthcare API, or to the address of another.
    ///
    /// Throws ``StartupError`` where the address or the credential is not usable.
    package static func open(_ credential: Credential, endpoint: String? = nil) async throws -> DirectPolicies {
        guard let address = ServiceAddress(endpoint ?? ServiceAddress.healthcare.description) else {
            throw StartupError(
                "The address of the Healthcare API is not safe for credentials.",
                remedy: "Use https, or http on this machine."
            )
        }
        let connections = UpstreamConnections()
        do {
            let tokens = try Self.tokens(credential, connections)
            let client = IAMPolicyClient(endpoint: address, tokens: tokens, connections: connections)
            return DirectPolicies(client: client, connections: connections)
        } catch {
            try await connections.shutdown()
            throw error
        }
    }

    /// Adds and removes grants, as far as they are not there or gone already; all else stays.
    ///
    /// Grants of roles that nothing here maps to are refused, whoever asks for them.
    /// - Returns: how many were added and removed.
    /// - Throws: ``StartupError`` in words.
    package func change(
        _ resource: IAMResource,
        adding additions: [IAMGrant],
        removing removals: [IAMGrant]
    ) async throws -> (added: Int, removed: Int) {
        guard (additions + removals).allSatisfy(Self.isOurs) else {
            throw StartupError("The plan for \(resource) has grants that no rule can ask for: nothing was changed.")
        }
        var counts = (added: 0, removed: 0)
        do {
            _ = try await self.client.change(resource) { policy in
                let plan = IAMPlan(desired: Set(additions), applied: Set(removals), policy: policy)
                counts = (plan.additions.count, plan.removals.count)
                return plan.isEmpty ? nil : plan.applied(to: policy)
            }
        } catch let error as CollimatorError {
            throw Self.failure(error, resource)
        }
        return counts
    }

    /// Closes the connections.
    package func close() async throws {
        try await self.connections.shutdown()
    }

    private static func isOurs(_ grant: IAMGrant) -> Bool {
        IAMRoleTable.row(grant.role) != nil && IAMMember.isMember(grant.member)
    }

    private static func tokens(
        _ credential: Credential,
        _ connections: UpstreamConnections
    ) throws -> AccessTokenSource {
        switch credential {
        case .accessToken(let secret):
            guard let token = AccessToken(secret: secret, expiresAt: .now + Self.tokenLifetime) else {
                throw StartupError(
                    "The access token is none.",
                    remedy: "Take what `gcloud auth print-access-token` prints."
                )
            }
            return .fixed(token)
        case .keyFile(let path):
            do throws(CredentialError) {
                let key = try ServiceAccountKey(path: path)
                return .serviceAccount(key: key, context: CredentialContext(connections: connections))
            } catch {
                throw StartupError("The key file cannot be used: \(error).", remedy: "Check the file \(path).")
            }
        }
    }

    private static func failure(_ error: CollimatorError, _ resource: IAMResource) -> StartupError {
        switch error.code {
        case .conflict:
            StartupError("The IAM policy of \(resource) was changed by others each time.", remedy: "Try again.")
        case .notFound:
            StartupError("There is no \(resource), or the credential may not know of it.")
        case .unauthenticated, .forbidden, .upstreamInvalid:
            StartupError(
                "The change of the IAM policy of \(resource) was refused.",
                remedy: "The credential needs getIamPolicy and setIamPolicy there, and must not have expired."
            )
        default:
            StartupError("The Healthcare API cannot be reached.", remedy: "Check --endpoint, and try again.")
        }
    }
}
