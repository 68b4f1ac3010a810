internal import CollimatorCore

/// Where access tokens come from: shared by everyone who calls the upstream with the same credential.
package struct AccessTokenSource: Sendable {
    /// Gives a token that is good at least for a while.
    ///
    /// `refreshing` says that the upstream has just refused the token that was given: a new one is fetched, unless it
    /// is only a moment old. What it throws is a `CollimatorError`.
    package var token: @Sendable (_ refreshing: Bool) async throws -> AccessToken

    package init(
        token: @escaping @Sendable (_ refreshing: Bool) async throws -> AccessToken
    ) {
        self.token = token
    }

    /// The value of the `Authorization` header, in the form that `DICOMwebClient` asks for.
    package var authorization: @Sendable (_ refreshing: Bool) async throws -> String? {
        { refreshing in try await self.token(refreshing).authorization }
    }

    /// One token for ever, for tests.
    package static func fixed(_ token: AccessToken) -> AccessTokenSource {
        AccessTokenSource { _ in token }
    }

    /// Shares what `fetch` gives: one flight at a time, refreshed ahead of expiry.
    package static func shared(
        timing: CredentialTiming = .live,
        fetch: @escaping @Sendable () async throws(CredentialError) -> AccessToken
    ) -> AccessTokenSource {
        let shared = SharedAccessToken(timing: timing, fetch: fetch)
        return AccessTokenSource { refreshing in
            do throws(CredentialError) {
                return try await shared.token(refreshing: refreshing)
            } catch {
                throw CollimatorError(error)
            }
        }
    }
}
