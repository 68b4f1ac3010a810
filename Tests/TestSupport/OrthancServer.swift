import Foundation
import NIOCore
import NIOPosix

/// An Orthanc with its DICOMweb plugin, on loopback, with a folder of its own, for the time of one closure.
package enum OrthancServer {
    private static let executable = "/usr/sbin/Orthanc"
    private static let plugin = "/usr/share/orthanc/plugins/libOrthancDicomWeb.so"

    /// Whether Debian's packages `orthanc` and `orthanc-dicomweb` are installed.
    package static var isInstalled: Bool {
        FileManager.default.isExecutableFile(atPath: self.executable)
            && FileManager.default.fileExists(atPath: self.plugin)
    }

    /// Starts the server, runs the work with the address of its DICOMweb root, and stops the server.
    package static func withServer<Result>(
        _ work: (_ baseURL: String) async throws -> Result
    ) async throws -> Result {
        let directory = try TemporaryDirectory()
        let port = try await Self.freePort()
        let configuration = try Self.writeConfiguration(port: port, in: directory.path)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: self.executable)
        process.arguments = [configuration]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        let (ended, continuation) = AsyncStream.makeStream(of: Never.self)
        process.terminationHandler = { _ in continuation.finish() }
        try process.run()
        let outcome: Swift.Result<Result, any Error>
        do {
            try await Self.waitUntilListening(port: port, process)
            outcome = .success(try await work("http://127.0.0.1:\(port)/dicom-web"))
        } catch {
            outcome = .failure(error)
        }
        // A child started from a worker thread has that thread's signals blocked, all that can be.
        kill(process.processIdentifier, SIGKILL)
        for await _ in ended {}
        return try outcome.get()
    }

    private static func writeConfiguration(port: Int, in directory: String) throws -> String {
        let text = """
            {
              "Name": "test", "HttpPort": \(port), "DicomServerEnabled": false, "RemoteAccessAllowed": false,
              "AuthenticationEnabled": false, "StorageDirectory": "\(directory)/storage",
              "IndexDirectory": "\(directory)/storage", "Plugins": ["\(self.plugin)"],
              "DicomWeb": { "Enable": true, "Root": "/dicom-web/", "EnableWado": false }
            }
            """
        let path = directory + "/orthanc.json"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    /// A port that was free a moment ago; the server sets it itself, so it cannot be asked to pick one.
    private static func freePort() async throws -> Int {
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = channel.localAddress?.port
        try await channel.close().get()
        guard let port else { throw OrthancFailure.noPort }
        return port
    }

    private static func waitUntilListening(port: Int, _ process: Process) async throws {
        for _ in 0..<600 {
            guard process.isRunning else { throw OrthancFailure.ended }
            do {
                let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                    .connect(host: "127.0.0.1", port: port).get()
                try await channel.close().get()
                return
            } catch {
                try await Task.sleep(for: .milliseconds(100))
            }
        }
        throw OrthancFailure.silent
    }
}

/// Why there is no Orthanc to test against.
package enum OrthancFailure: Error {
    case noPort, ended, silent
}
