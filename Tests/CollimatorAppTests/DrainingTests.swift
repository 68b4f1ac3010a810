import AsyncHTTPClient
import CollimatorCore
import DICOMweb
import Glibc
import HealthcareAPI
import HealthcareEmulator
import Logging
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing

@testable import CollimatorApp

/// The signals are those of this process; what would end it is only noted.
@Suite("The end after a signal", .serialized, .timeLimit(.minutes(5)))
struct DrainingTests {
    /// A service that says when it runs and ends as it is told.
    private struct Work: Service {
        let started: AsyncStream<Void>.Continuation
        let body: @Sendable () async throws -> Void

        func run() async throws {
            self.started.yield()
            try await self.body()
        }
    }

    /// Runs the work, sends the signals, and gives the statuses that the process would have ended with.
    private static func run(
        limit: Duration = .seconds(100),
        cutLimit: Duration = .seconds(100),
        signals: Int = 1,
        _ body: @escaping @Sendable (_ left: Left) async throws -> Void
    ) async throws -> [Int32] {
        let started = AsyncStream.makeStream(of: Void.self)
        let left = Left()
        var draining = Draining(limit: limit)
        draining.cutLimit = cutLimit
        draining.leave = { left.note($0) }
        let work = Work(started: started.continuation) { try await body(left) }
        async let end: Void = runUntilSignalled(work, draining: draining, logger: RunningArchive.quiet)
        for await _ in started.stream { break }
        for _ in 0..<signals {
            kill(getpid(), SIGTERM)
            // Signals of one number that come together are one.
            try await Task.sleep(for: .milliseconds(100))
        }
        try await end
        return left.statuses
    }

    private final class Left: Sendable {
        private let noted = Mutex<[Int32]>([])
        private let stream = AsyncStream.makeStream(of: Void.self)

        var statuses: [Int32] { self.noted.withLock { $0 } }

        func note(_ status: Int32) {
            self.noted.withLock { $0.append(status) }
            self.stream.continuation.finish()
        }

        /// Waits until the process would have ended, whether the task is cancelled or not.
        func wait() async {
            await Task { [stream = self.stream.stream] in for await _ in stream {} }.value
        }
    }

    @Test("work that ends in time ends the run")
    func inTime() async throws {
        let statuses = try await Self.run { _ in try await gracefulShutdown() }
        #expect(statuses == [])
    }

    @Test("work that does not is cut, and what it throws then is no failure")
    func cut() async throws {
        struct Broken: Error {}
        let statuses = try await Self.run(limit: .milliseconds(10)) { _ in
            do { try await Task.sleep(for: .seconds(100)) } catch { throw Broken() }
        }
        #expect(statuses == [])
    }

    @Test("work that does not let go when it is cut does not keep the process: status 0")
    func abandoned() async throws {
        let statuses = try await Self.run(limit: .milliseconds(10), cutLimit: .milliseconds(10)) { left in
            await left.wait()
        }
        #expect(statuses == [0])
    }

    @Test("a second signal ends the process at once")
    func twice() async throws {
        let statuses = try await Self.run(signals: 2) { left in await left.wait() }
        #expect(statuses == [128 + SIGTERM])
    }

    @Test("work that fails by itself is a failure, signal or not")
    func failure() async throws {
        struct Broken: Error {}
        await #expect(throws: Broken.self) {
            try await runUntilSignalled(
                Work(started: AsyncStream.makeStream(of: Void.self).continuation) { throw Broken() },
                logger: RunningArchive.quiet
            )
        }
    }
}

@Suite("An emulator on another address than the usual one", .timeLimit(.minutes(5)))
struct EmulatorAddressTests {
    @Test("is reached there by what fills it")
    func address() async throws {
        let folder = try TemporaryDirectory()
        let connections = UpstreamConnections()
        let service = EmulatorService(
            EmulatorService.Options(
                host: "127.0.0.2",
                port: 0,
                directory: folder.path + "/emulator",
                portOption: "--port"
            ),
            store: try EmulatorService.localStore(),
            connections: connections,
            logger: RunningArchive.quiet
        )
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(services: [.init(service: service)], logger: RunningArchive.quiet)
        )
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let result: Result<[DataSet], any Error>
            do {
                result = .success(try await service.listening.value.client.searchStudies(SearchQuery()))
            } catch {
                result = .failure(error)
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            #expect(try result.get().isEmpty)
        }
        try await connections.shutdown()
        withExtendedLifetime(folder) {}
    }
}
