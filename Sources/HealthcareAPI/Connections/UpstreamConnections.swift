package import AsyncHTTPClient
internal import DICOMweb

/// The HTTP connections to the upstream and its token endpoint, set up in the one safe way.
///
/// Whoever sends a credential asks for this type and not for any client: redirects are not followed, because the
/// credential would go to wherever the answer points.
package struct UpstreamConnections: Sendable {
    /// For requests to addresses from the configuration, never to one from a request.
    package let httpClient: HTTPClient

    /// Connections are made when they are needed.
    package init(connectionsPerHost: Int = 64) {
        var configuration = DICOMwebClient.transportConfiguration(connectionsPerHost: connectionsPerHost)
        // One HTTP/2 connection for each host would put all transfers behind one another.
        configuration.httpVersion = .http1Only
        // Bodies are passed on as they are, and an answer that was not asked for compressed stays as it came.
        configuration.decompression = .disabled
        self.httpClient = HTTPClient(configuration: configuration)
    }

    /// Closes the connections; a request that is under way fails.
    package func shutdown() async throws {
        try await self.httpClient.shutdown()
    }
}
