import AsyncHTTPClient
import Catalog
import DICOMweb
import FoundationEssentials
import Logging
import NIOCore
import NIOHTTP1
import ServiceLifecycle
import Synchronization
import Testing

@testable import CollimatorApp

/// What `collimator serve` runs, in this process and on ports that the system chooses.
struct RunningArchive: Sendable {
    let url: String
    let emulatorURL: String
    let key: String
    let client: HTTPClient
    let catalog: StudyCatalog
    /// The emulator itself, behind the gateway's back; nil where stores are configured.
    let direct: DICOMwebClient?
    /// The same with its service account.
    let reach: HealthcareReach?

    /// Starts an archive on the folder, runs the body, and stops it gracefully.
    static func run<Result: Sendable>(
        in folder: String,
        stores: [StoreConfiguration] = [],
        sweepSeconds: Int? = nil,
        _ body: @escaping @Sendable (RunningArchive) async throws -> Result
    ) async throws -> Result {
        var configuration = ServeConfiguration()
        configuration.port = 0
        configuration.emulatorPort = 0
        configuration.dataDirectory = folder
        configuration.stores = stores
        if let sweepSeconds { configuration.catalogSweepSeconds = sweepSeconds }
        let isLocal = configuration.isLocal
        let service = try await ArchiveService.serve(configuration, surroundings: Self.surroundings())
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [.init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)],
                logger: Self.quiet
            )
        )
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let client = HTTPClient()
            let result: Swift.Result<Result, any Error>
            do {
                let archive = RunningArchive(
                    url: "http://127.0.0.1:\(try await service.gatewayPort)",
                    emulatorURL: isLocal ? "http://127.0.0.1:\(try await service.emulatorPort)" : "",
                    key: try LocalKey.read(in: folder),
                    client: client,
                    catalog: try #require(service.catalog),
                    direct: try await service.emulator?.listening.value.client,
                    reach: try await service.emulator?.listening.value.reach
                )
                result = .success(try await body(archive))
            } catch {
                result = .failure(error)
            }
            try await client.shutdown()
            await group.triggerGracefulShutdown()
            // A graceful stop comes to a good end.
            try await tasks.waitForAll()
            return try result.get()
        }
    }

    static let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    static func surroundings(
        announce: @escaping @Sendable (String) -> Void = { _ in }
    ) -> ServeSurroundings {
        ServeSurroundings(environment: [:], logger: Self.quiet, announce: announce)
    }

    /// One request to the gateway, with the key unless another one is given.
    func request(
        _ method: HTTPMethod = .GET,
        _ path: String,
        key: String?? = .none,
        headers: HTTPHeaders = [:],
        body: [UInt8]? = nil
    ) async throws -> (status: UInt, headers: HTTPHeaders, body: [UInt8]) {
        var request = HTTPClientRequest(url: self.url + path)
        request.method = method
        request.headers = headers
        if let key = key ?? self.key { request.headers.add(name: "Authorization", value: "Bearer \(key)") }
        if let body { request.body = .bytes(body) }
        let response = try await self.client.execute(request, timeout: .seconds(60))
        let bytes = try await response.body.collect(upTo: 256 * 1024 * 1024)
        return (response.status.code, response.headers, Array(bytes.readableBytesView))
    }

    /// Uploads a DICOM file through the gateway.
    func upload(_ bytes: [UInt8]) async throws -> (status: UInt, text: String) {
        let answer = try await self.request(
            .POST,
            "/api/v1/stores/radiology/studies",
            headers: ["Content-Type": "application/dicom"],
            body: bytes
        )
        return (answer.status, String(decoding: answer.body, as: UTF8.self))
    }
}
