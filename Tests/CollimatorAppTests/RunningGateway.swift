import AccessControl
import AsyncHTTPClient
import CollimatorCore
import DICOMweb
import Gateway
import Identity
import Logging
import ServiceLifecycle
import TestSupport
import Testing

@testable import CollimatorApp

/// A gateway on a port of its own in front of a DICOMweb server at the address given, impatient with it.
struct RunningGateway: Sendable {
    static let key = "clm_admin_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

    let port: Int

    /// Runs the body with the gateway; its one store is `pacs`, which may be silent for the time given.
    static func run<Result: Sendable>(
        before baseURL: String,
        silence: Duration = .milliseconds(500),
        _ body: @escaping @Sendable (RunningGateway) async throws -> Result
    ) async throws -> Result {
        var transport = DICOMwebClient.transportConfiguration(idleTimeout: silence)
        transport.httpVersion = .http1Only
        let httpClient = HTTPClient(eventLoopGroupProvider: .singleton, configuration: transport)
        let client = try DICOMwebClient(
            baseURL: baseURL,
            httpClient: httpClient,
            configuration: DICOMwebConfiguration(timeout: .seconds(2), retry: .never)
        )
        let outcome: Swift.Result<Result, any Error>
        do {
            outcome = .success(try await Self.serve(client, body))
        } catch {
            outcome = .failure(error)
        }
        try await httpClient.shutdown()
        return try outcome.get()
    }

    private static func serve<Result: Sendable>(
        _ client: DICOMwebClient,
        _ body: @escaping @Sendable (RunningGateway) async throws -> Result
    ) async throws -> Result {
        let name = try #require(StoreName("pacs"))
        let upstream = StoreUpstream.client(isHealthcareAPI: false) { client }
        let folder = try TemporaryDirectory()
        defer { withExtendedLifetime(folder) {} }
        let store = GatewayStore(name: name, resource: nil, upstream: upstream)
        let catalog = try await CatalogService.make(
            in: folder.path,
            sweeping: .seconds(3600),
            logger: RunningArchive.quiet
        )
        try await catalog.begin([store])
        let boundPort = Announced<Int>()
        let service = GatewayService(
            parts: GatewayParts(
                stores: StoreDirectory([store]),
                catalog: catalog.catalog,
                authenticator: Authenticator(administratorKey: try #require(AdministratorKey(Self.key))),
                authorizer: Authorizer()
            ),
            host: "127.0.0.1",
            port: 0,
            logger: RunningArchive.quiet,
            boundPort: boundPort
        )
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [.init(service: service)],
                logger: RunningArchive.quiet
            )
        )
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let result: Swift.Result<Result, any Error>
            do {
                result = .success(try await body(RunningGateway(port: try await boundPort.value)))
            } catch {
                result = .failure(error)
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            return try result.get()
        }
    }

    /// The head of a request with the key, which asks the server to close afterwards.
    static func head(_ path: String) -> String {
        "GET \(path) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(Self.key)\r\nConnection: close\r\n\r\n"
    }
}
