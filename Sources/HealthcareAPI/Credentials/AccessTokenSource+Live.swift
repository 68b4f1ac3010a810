internal import AsyncHTTPClient
internal import CollimatorCore

/// What the sources of tokens have in common.
package struct CredentialContext: Sendable {
    package var connections: UpstreamConnections
    package var timing: CredentialTiming
    package var policy: RequestPolicy
    /// What the tokens are to allow, as scopes separated by spaces.
    package var scope: String

    package init(
        connections: UpstreamConnections,
        timing: CredentialTiming = .live,
        policy: RequestPolicy = RequestPolicy(),
        scope: String = ServiceAccountKey.healthcareScope
    ) {
        self.connections = connections
        self.timing = timing
        self.policy = policy
        self.scope = scope
    }

    var exchange: TokenExchange {
        TokenExchange(connections: self.connections, timing: self.timing, policy: self.policy)
    }
}

extension AccessTokenSource {
    /// Tokens for a service account, by an assertion that its key signs.
    package static func serviceAccount(key: ServiceAccountKey, context: CredentialContext) -> AccessTokenSource {
        .shared(timing: context.timing) { () async throws(CredentialError) in
            try await context.exchange.token { () throws(CredentialError) in
                try key.tokenRequest(scope: context.scope, clock: context.timing.clock)
            }
        }
    }

    /// Tokens of the service account that the machine runs under, from the metadata server of Google Cloud.
    ///
    /// - Parameters:
    ///   - environment: `GCE_METADATA_HOST`, or the older `GCE_METADATA_ROOT`, names another server.
    ///   - context: connections, timing, scope.
    /// - Returns: the source.
    /// - Throws: `metadataAddressUnusable`.
    package static func metadataServer(
        environment: [String: String],
        context: CredentialContext
    ) throws(CredentialError) -> AccessTokenSource {
        let server = try MetadataServer(environment: environment)
        return .shared(timing: context.timing) { () async throws(CredentialError) in
            try await context.exchange.token { () throws(CredentialError) in
                server.tokenRequest(scope: context.scope)
            }
        }
    }

    /// The credential that Google's libraries would find: the file that `GOOGLE_APPLICATION_CREDENTIALS` names, the
    /// one that gcloud has left, or the metadata server.
    ///
    /// It reads files, and blocks: for the start of the process.
    package static func applicationDefault(
        environment: [String: String],
        context: CredentialContext
    ) throws(CredentialError) -> AccessTokenSource {
        if let path = environment["GOOGLE_APPLICATION_CREDENTIALS"], !path.isEmpty {
            return .file(try CredentialsFile(parsing: CredentialsFile.read(path: path)), context: context)
        }
        if let path = Self.gcloudPath(environment), let bytes = try Self.bytesIfPresent(path) {
            return .file(try CredentialsFile(parsing: bytes), context: context)
        }
        guard environment["NO_GCE_CHECK"]?.lowercased() != "true" else { throw CredentialError(.noneFound) }
        return try .metadataServer(environment: environment, context: context)
    }

    private static func file(_ file: CredentialsFile, context: CredentialContext) -> AccessTokenSource {
        switch file {
        case .serviceAccount(let key): .serviceAccount(key: key, context: context)
        case .authorizedUser(let user): .authorizedUser(user, address: .googleToken, context: context)
        }
    }

    /// Tokens of a person who has logged in with gcloud.
    static func authorizedUser(
        _ user: AuthorizedUser,
        address: ServiceAddress,
        context: CredentialContext
    ) -> AccessTokenSource {
        .shared(timing: context.timing) { () async throws(CredentialError) in
            try await context.exchange.token { () throws(CredentialError) in
                user.tokenRequest(address: address)
            }
        }
    }

    /// Where gcloud leaves its file, on systems that are not Windows.
    private static func gcloudPath(_ environment: [String: String]) -> String? {
        let name = "application_default_credentials.json"
        if let folder = environment["CLOUDSDK_CONFIG"], !folder.isEmpty { return "\(folder)/\(name)" }
        guard let home = environment["HOME"], !home.isEmpty else { return nil }
        return "\(home)/.config/gcloud/\(name)"
    }

    /// Nil where there is no such file; one that is there and cannot be read is a fault.
    private static func bytesIfPresent(_ path: String) throws(CredentialError) -> [UInt8]? {
        guard CredentialsFile.exists(path: path) else { return nil }
        return try CredentialsFile.read(path: path)
    }
}
