public import AsyncHTTPClient
import NIOCore

/// A client of DICOMweb servers (PS3.18): search, retrieve, store and delete.
///
/// It speaks the standard and the Healthcare API's additions, and needs no setting to tell servers apart. Values are
/// shared freely; calls run side by side.
///
/// ```swift
/// let client = try DICOMwebClient(
///     baseURL: "https://pacs.example/dicom-web",
///     httpClient: HTTPClient(configuration: DICOMwebClient.transportConfiguration()),
///     authorization: { refused in "Bearer \(try await token(fresh: refused))" }
/// )
/// let studies = try await client.searchStudies(.matching(.patientID, "4711"))
/// ```
public struct DICOMwebClient: Sendable {
    /// Gives the value of the `Authorization` field, nothing for none.
    ///
    /// `isRefused` says that the value given before was answered with 401: a fresh one is wanted, and asked for once.
    public typealias Authorization = @Sendable (_ isRefused: Bool) async throws -> String?

    /// Deadlines, limits and retries.
    public let configuration: DICOMwebConfiguration
    let server: ServerURL
    let httpClient: HTTPClient
    let authorization: Authorization
    let budget: RetryBudget

    /// Makes a client.
    ///
    /// - Parameters:
    ///   - baseURL: The address below which `/studies` is.
    ///   - httpClient: Made with ``transportConfiguration()`` or as strictly; its owner shuts it down.
    ///   - configuration: Deadlines, limits and retries.
    ///   - authorization: Where credentials come from; none are sent by default.
    /// - Throws: ``DICOMwebError/invalidRequest`` where the address is no `http` or `https` URL, or has user, query or
    ///   fragment.
    public init(
        baseURL: String,
        httpClient: HTTPClient,
        configuration: DICOMwebConfiguration = DICOMwebConfiguration(),
        authorization: @escaping Authorization = { _ in nil }
    ) throws(DICOMwebError) {
        guard let server = ServerURL(baseURL) else { throw .invalidRequest }
        self.server = server
        self.httpClient = httpClient
        self.configuration = configuration
        self.authorization = authorization
        self.budget = RetryBudget(configuration.retry)
    }

    /// The address of the server, without a trailing slash.
    public var baseURL: String { self.server.text }

    /// The configuration that the HTTP client should be made with.
    ///
    /// No redirects, because the credential would go along; no tracing, because span attributes would hold search
    /// values; no hidden retries of connections, because the deadline and the budget are kept here; no decompression,
    /// because a gateway passes bodies on as they are; an end to silence in the middle of a body; and, over HTTP/1.1, no
    /// part of a body left in memory where a server refuses it before its end: who sends a body with such a client and
    /// without a ``DICOMwebClient`` gets such a refusal as an ``EarlyAnswer`` that is thrown.
    ///
    /// - Parameters:
    ///   - connectionsPerHost: The number of connections to one server, for HTTP/1.1.
    ///   - idleTimeout: How long a server may send nothing while something is awaited.
    /// - Returns: The configuration.
    public static func transportConfiguration(
        connectionsPerHost: Int = 32,
        idleTimeout: Duration = .seconds(120)
    ) -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.tracing.tracer = nil
        configuration.timeout.connect = .seconds(10)
        configuration.timeout.read = TimeAmount(idleTimeout)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connectionsPerHost
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.http1_1ConnectionDebugInitializer = { channel in
            // Large pieces of a body cost one trip through the pipeline where small ones cost many.
            let pieces = AdaptiveRecvByteBufferAllocator(minimum: 2048, initial: 2048, maximum: 256 * 1024)
            return channel.setOption(.recvAllocator, value: pieces).flatMap { EarlyAnswerHandler.add(to: channel) }
        }
        return configuration
    }
}
