import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL
import ServiceLifecycle
import TestSupport
import Testing

@testable import CollimatorApp

@Suite("TLS of the gateway")
struct TLSTests {
    private let folder: String
    private let files: TLSFiles
    /// Keeps the folder while the test runs.
    private let owner: FolderOwner

    init() throws {
        self.owner = try FolderOwner()
        self.folder = self.owner.directory.path
        self.files = try Self.makeCertificate(named: "own", in: self.folder)
    }

    @Test("is spoken with the configured certificate, and nothing else is on that port")
    func served() async throws {
        var configuration = ServeConfiguration()
        configuration.port = 0
        configuration.emulatorPort = 0
        configuration.dataDirectory = "\(self.folder)/data"
        configuration.tls = self.files
        let service = try await ArchiveService.serve(configuration, surroundings: RunningArchive.surroundings())
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [.init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)],
                logger: RunningArchive.quiet
            )
        )
        var trusting = TLSConfiguration.makeClientConfiguration()
        trusting.trustRoots = .file(self.files.certificate)
        let client = HTTPClient(configuration: HTTPClient.Configuration(tlsConfiguration: trusting))
        // Who is refused is told at once; by default the client would try again for ten seconds.
        var once = HTTPClient.Configuration()
        once.connectionPool.retryConnectionEstablishment = false
        let stranger = HTTPClient(configuration: once)
        let healthCheck = HTTPClient(configuration: OwnGateway.clientConfiguration)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let port = try await service.gatewayPort
            let answer = try await client.execute(
                HTTPClientRequest(url: "https://localhost:\(port)/healthz"),
                timeout: .seconds(20)
            )
            #expect(answer.status == .ok)
            // The certificate is for `localhost` and signed by itself.
            let checked = try await healthCheck.execute(
                HTTPClientRequest(url: "https://127.0.0.1:\(port)/healthz"),
                timeout: .seconds(20)
            )
            #expect(checked.status == .ok)
            await #expect(throws: (any Error).self) {
                try await stranger.execute(
                    HTTPClientRequest(url: "https://localhost:\(port)/healthz"),
                    timeout: .seconds(20)
                )
            }
            await #expect(throws: (any Error).self) {
                try await stranger.execute(
                    HTTPClientRequest(url: "http://127.0.0.1:\(port)/healthz"),
                    timeout: .seconds(20)
                )
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
        try await client.shutdown()
        try await stranger.shutdown()
        try await healthCheck.shutdown()
    }

    @Test("stops the start where a file is absent or no PEM, or the two do not belong together")
    func unusable() throws {
        let other = try Self.makeCertificate(named: "other", in: self.folder)
        let absent = "\(self.folder)/absent.pem"
        let cases: [(TLSFiles, String)] = [
            (TLSFiles(certificate: absent, key: self.files.key), "server.tls.certificate"),
            (TLSFiles(certificate: self.files.key, key: self.files.key), "server.tls.certificate"),
            (TLSFiles(certificate: self.files.certificate, key: absent), "server.tls.key"),
            (TLSFiles(certificate: self.files.certificate, key: self.files.certificate), "server.tls.key"),
            (TLSFiles(certificate: self.files.certificate, key: other.key), "does not belong"),
        ]
        _ = try self.files.configuration()
        for (files, expected) in cases {
            let failure = #expect(throws: StartupError.self) { try files.configuration() }
            #expect(failure?.message.contains(expected) == true, "\(expected)")
        }
    }

    /// A certificate for the host that signs itself, made by the command of OpenSSL.
    static func makeCertificate(
        named name: String,
        in folder: String,
        for host: String = "localhost"
    ) throws -> TLSFiles {
        let files = TLSFiles(certificate: "\(folder)/\(name).pem", key: "\(folder)/\(name).key")
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = [
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=\(host)",
            "-addext", "subjectAltName=DNS:\(host)", "-keyout", files.key, "-out", files.certificate,
        ]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return files
    }
}

/// A temporary directory that several copies of a value can hold.
private final class FolderOwner: Sendable {
    let directory: TemporaryDirectory

    init() throws {
        self.directory = try TemporaryDirectory()
    }
}
