import ArgumentParser
import CollimatorApp
import FoundationEssentials
import Logging
import PhantomStudies
import ServiceLifecycle
import TestSupport
import Testing

@testable import collimator

@Suite("The commands against a running archive", .timeLimit(.minutes(3)))
struct JourneyTests {
    @Test("a folder is uploaded, and the second time everything is already there")
    func upload() async throws {
        let data = try TemporaryDirectory()
        let scans = try TemporaryDirectory()
        let files = Array(PhantomCollection(detail: .reduced).prefix(9))
        for file in files {
            let path = "\(scans.path)/\(file.relativePath)"
            let parent = path.split(separator: "/").dropLast().joined(separator: "/")
            try FileManager.default.createDirectory(atPath: "/\(parent)", withIntermediateDirectories: true)
            try Data(file.bytes).write(to: URL(filePath: path))
        }
        try Data("not DICOM".utf8).write(to: URL(filePath: "\(scans.path)/readme.dcm"))
        try await Self.withArchive(in: data.path) { [scans = scans.path, data = data.path] url, emulatorURL in
            let access = GatewayAccess(url: url, key: try LocalKey.read(in: data), store: "radiology")
            let first = try await Self.send(scans, to: .gateway(access, jobs: 4))
            #expect(first.stored == files.count)
            #expect(first.skipped.map(\.reason) == [.notDICOM])
            #expect(first.isComplete)
            let second = try await Self.send(scans, to: .gateway(access, jobs: 4))
            #expect(second.stored == 0)
            #expect(second.alreadyThere == files.count)
            var direct = try DirectOptions.parse(["--emulator", emulatorURL])
            let third = try await Self.send(scans, to: .store(direct, dataDirectory: data))
            #expect(third.stored == 0)
            #expect(third.alreadyThere == files.count)
            direct.credentials = "none"
            let stranger = try await UploadTarget.store(direct, dataDirectory: data)
            let refusal = await #expect(throws: CommandFailure.self) { try await stranger.destination.check() }
            #expect(refusal?.status == 2)
            try await stranger.close()
        }
    }

    @Test("a wrong key, a wrong store and a wrong address are told apart")
    func wrongTargets() async throws {
        let data = try TemporaryDirectory()
        try await Self.withArchive(in: data.path) { [data = data.path] url, _ in
            let key = try LocalKey.read(in: data)
            let targets: [(GatewayAccess, String)] = [
                (GatewayAccess(url: url, key: "wrong", store: "radiology"), "does not accept the key"),
                (GatewayAccess(url: url, key: key, store: "cardiology"), "no such store"),
                (GatewayAccess(url: "http://127.0.0.1:1", key: key, store: "radiology"), "no gateway at"),
            ]
            for (access, words) in targets {
                let target = UploadTarget.gateway(access, jobs: 1)
                let failure = await #expect(throws: CommandFailure.self) { try await target.destination.check() }
                #expect(failure?.status == 2)
                #expect(failure?.description.contains(words) == true)
                try await target.close()
            }
        }
    }

    private static func send(_ folder: String, to target: UploadTarget) async throws -> UploadSummary {
        try await target.destination.check()
        let walk = try FileWalk([folder])
        let progress = UploadProgress(total: walk.files.count + walk.leftOut.count, console: Console.nowhere)
        let run = UploadRun(
            destination: target.destination,
            known: KnownInstances(destination: target.destination),
            progress: progress,
            options: UploadRun.Options(),
            identify: { path in target.tellsDuplicates ? nil : await FileIdentification.read(path) }
        )
        let summary = try await run.run { submit in
            try await UploadFeed(walk: walk, progress: progress).run(submit)
        }
        try await target.close()
        return summary
    }

    /// Runs the body against an archive on ports that the system chooses.
    private static func withArchive(
        in folder: String,
        _ body: @escaping @Sendable (_ url: String, _ emulatorURL: String) async throws -> Void
    ) async throws {
        var configuration = ServeConfiguration()
        configuration.port = 0
        configuration.emulatorPort = 0
        configuration.dataDirectory = folder
        let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        let surroundings = ServeSurroundings(environment: [:], logger: logger) { _ in }
        let service = try await ArchiveService.serve(configuration, surroundings: surroundings)
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(services: [.init(service: service)], logger: logger)
        )
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let result: Result<Void, any Error>
            do {
                let ports = (try await service.gatewayPort, try await service.emulatorPort)
                result = .success(try await body("http://127.0.0.1:\(ports.0)", "http://127.0.0.1:\(ports.1)"))
            } catch {
                result = .failure(error)
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            try result.get()
        }
    }
}
