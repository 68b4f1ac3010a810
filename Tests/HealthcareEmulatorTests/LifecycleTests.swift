import CollimatorCore
import EmulatorStorage
import Foundation
import Logging
import TestSupport
import Testing

@testable import HealthcareEmulator

@Suite("the port of the emulator")
struct BoundPortTests {
    @Test("fails for those who wait for it where it never comes, and for those who ask later")
    func ended() async throws {
        let port = BoundPort()
        async let waiting = Result { try await port.value() }
        await Task.yield()
        port.end()
        let result = await waiting
        #expect(throws: EmulatorError.notListening) { try result.get() }
        await #expect(throws: EmulatorError.notListening) { try await port.value() }
    }

    @Test("comes to all who wait, but not to one who gave up")
    func cancelled() async throws {
        let port = BoundPort()
        let impatient = Task { try await port.value() }
        let patient = Task { try await port.value() }
        impatient.cancel()
        await #expect(throws: CancellationError.self) { try await impatient.value }
        port.bind(7)
        let value = try await patient.value
        #expect(value == 7)
        #expect(port.current == 7)
    }

    @Test("fails where the emulator was made and is not run; the folder is free again")
    func closed() async throws {
        let directory = try TemporaryDirectory()
        try TestKeyFile.place(in: directory.path)
        let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        let configuration = EmulatorConfiguration(port: 0, directory: directory.path)
        let emulator = try await Emulator.make(configuration, logger: logger)
        await #expect(throws: ArchiveError.inUse) { try await Emulator.make(configuration, logger: logger) }
        let waiting = Task { try await emulator.boundPort }
        await emulator.close()
        await #expect(throws: EmulatorError.notListening) { try await waiting.value }
        let again = try await Emulator.make(configuration, logger: logger)
        await again.close()
        withExtendedLifetime(directory) {}
    }

    @Test("an emulator that cannot be made leaves the folder free")
    func unmade() async throws {
        let directory = try TemporaryDirectory()
        try TestKeyFile.place(in: directory.path)
        let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        let configuration = EmulatorConfiguration(port: 0, directory: directory.path)
        let obstacle = directory.path + "/transcoded"
        try Data([1]).write(to: URL(fileURLWithPath: obstacle))
        await #expect(throws: EmulatorError.unusableDirectory) {
            try await Emulator.make(configuration, logger: logger)
        }
        try FileManager.default.removeItem(atPath: obstacle)
        let emulator = try await Emulator.make(configuration, logger: logger)
        await emulator.close()
        withExtendedLifetime(directory) {}
    }

    @Test(
        "the host to dial is the one that is listened on",
        arguments: [
            ("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::", "[::1]"), ("::1", "[::1]"),
            ("192.0.2.7", "192.0.2.7"), ("localhost", "localhost"),
        ]
    )
    func dialled(host: String, expected: String) throws {
        let configuration = EmulatorConfiguration(host: host, port: 1, directory: "/")
        #expect(configuration.dialledHost == expected)
        #expect(ServiceAccountKey.tokenURI(host: configuration.dialledHost, port: 1) == "http://\(expected):1/token")
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}
