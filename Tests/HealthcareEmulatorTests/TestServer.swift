import AsyncHTTPClient
import CollimatorCore
import DICOMweb
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import ServiceLifecycle
import TestSupport

@testable import HealthcareEmulator

/// A running emulator and a client of it.
struct TestServer: Sendable {
    let port: Int
    let directory: String
    /// Sent with every request where it is set.
    var token: String?

    static let store = "/v1/projects/local/locations/local/datasets/imaging/dicomStores/radiology"
    static let dicomWeb = store + "/dicomWeb"

    /// Typed identifiers of texts that are such.
    static func uids(_ study: String, _ series: String, _ instance: String) -> (StudyUID, SeriesUID, InstanceUID)? {
        guard let study = StudyUID(study), let series = SeriesUID(series), let instance = InstanceUID(instance) else {
            return nil
        }
        return (study, series, instance)
    }

    /// What came back.
    struct Reply: Sendable {
        let status: Int
        let headers: HTTPHeaders
        let body: [UInt8]

        var text: String { String(decoding: self.body, as: UTF8.self) }

        /// The body as JSON.
        var json: Any? { try? JSONSerialization.jsonObject(with: Data(self.body), options: [.fragmentsAllowed]) }

        var object: [String: Any] { self.json as? [String: Any] ?? [:] }

        /// The error object, alone or in an array of one.
        var error: [String: Any] {
            let object = self.json as? [String: Any] ?? (self.json as? [[String: Any]])?.first ?? [:]
            return object["error"] as? [String: Any] ?? [:]
        }

        var errorStatus: String { self.error["status"] as? String ?? "" }
        var errorMessage: String { self.error["message"] as? String ?? "" }
    }

    /// Sends a request and takes the whole answer.
    func send(
        _ method: HTTPMethod,
        _ path: String,
        headers: HTTPHeaders = [:],
        body: [UInt8]? = nil
    ) async throws -> Reply {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(self.port)\(path)")
        request.method = method
        request.headers = headers
        if let token, headers["Authorization"].isEmpty {
            request.headers.add(name: "Authorization", value: "Bearer \(token)")
        }
        if let body { request.body = .bytes(ByteBuffer(bytes: body)) }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
        let bytes = try await response.body.collect(upTo: 256 * 1024 * 1024)
        return Reply(status: Int(response.status.code), headers: response.headers, body: Array(bytes.readableBytesView))
    }

    func get(_ path: String, accept: String? = nil) async throws -> Reply {
        try await self.send(.GET, path, headers: accept.map { ["Accept": $0] } ?? [:])
    }

    /// Sends a JSON body.
    func send(_ method: HTTPMethod, _ path: String, json: String) async throws -> Reply {
        try await self.send(method, path, headers: ["Content-Type": "application/json"], body: Array(json.utf8))
    }

    /// Stores a file as a single part.
    @discardableResult
    func store(_ object: TestObject) async throws -> Reply {
        let headers: HTTPHeaders = ["Content-Type": "application/dicom", "Accept": "application/dicom+json"]
        return try await self.send(.POST, Self.dicomWeb + "/studies", headers: headers, body: try object.file())
    }

    /// The operation, once it is done.
    func awaitOperation(_ name: String) async throws -> [String: Any] {
        for _ in 0..<2000 {
            let reply = try await self.get("/v1/\(name)")
            if reply.object["done"] as? Bool == true { return reply.object }
            try await Task.sleep(for: .milliseconds(5))
        }
        return [:]
    }
}

/// Runs an emulator with the store of local mode for as long as the closure runs, then shuts it down gracefully.
func withEmulator(
    directory: String? = nil,
    requiresToken: Bool = false,
    hasKeyAlready: Bool = true,
    limits: EmulatorLimits = EmulatorLimits(),
    clock: WallClock = .live,
    logger: Logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
    _ body: @Sendable @escaping (TestServer) async throws -> Void
) async throws {
    let temporary = try TemporaryDirectory()
    let directory = directory ?? temporary.path
    if hasKeyAlready { try TestKeyFile.place(in: directory) }
    let emulator = try await Emulator.make(
        EmulatorConfiguration(
            port: 0,
            directory: directory,
            requiresToken: requiresToken,
            limits: limits,
            clock: clock
        ),
        logger: logger
    )
    if let store = DICOMStoreName(Emulator.localStore) { try await emulator.bootstrap(store: store) }
    let services = ServiceGroup(configuration: ServiceGroupConfiguration(services: [emulator], logger: logger))
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await services.run() }
        let result: Result<Void, any Error>
        do {
            try await body(TestServer(port: try await emulator.boundPort, directory: directory))
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await services.triggerGracefulShutdown()
        try await group.waitForAll()
        try result.get()
    }
    withExtendedLifetime(temporary) {}
}

/// One service-account key for all tests: making one takes longer than most of them.
enum TestKeyFile {
    private static let bytes: [UInt8]? = try? ServiceAccountKey.generate().file(port: 1)

    /// Puts the key where an emulator looks for the one of an earlier run, unless something is there.
    static func place(in directory: String) throws {
        let path = directory + "/" + ServiceAccountKey.fileName
        guard let bytes = Self.bytes, !FileManager.default.fileExists(atPath: path) else { return }
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    }
}
