import Audit
import CollimatorCore
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Persistence
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import Catalog
@testable import Gateway

@Suite("The access log", .timeLimit(.minutes(1)))
struct AccessLogTests {
    private struct Broken: Error {}

    /// Runs the work against a gateway and gives the lines of its requests.
    private func lines(
        _ upstream: ScriptedUpstream,
        _ work: @escaping @Sendable (any TestClientProtocol) async throws -> Void
    ) async throws -> [LogRecord] {
        let lines = Lines()
        let parts = try GatewayUnderTest(upstream).parts
        try await parts.catalog.prepare()
        _ = try await Self.application(parts, lines).test(.live) { client in try await work(client) }
        return lines.all.filter { $0.message == "request" }
    }

    private static func application(_ parts: GatewayParts, _ lines: Lines) -> some ApplicationProtocol {
        let configuration = LoggingConfiguration(level: .info, sink: LogSink { lines.add($0) })
        let logger = LoggerFactory(configuration: configuration).logger(label: "test")
        return gatewayApplication(parts, address: .hostname("127.0.0.1", port: 0), logger: logger)
    }

    @Test("holds the route, and neither path, query nor address of the client")
    func route() async throws {
        let all = try await self.lines(ScriptedUpstream(search: { _ in [] })) { client in
            _ = try await client.execute(
                uri: "/api/v1/stores/radiology/studies?patientName=Smith",
                method: .get,
                headers: GatewayUnderTest.bearer
            )
        }
        let line = try #require(all.first)
        #expect(line.value("http.route") == "/api/v1/stores/{store}/studies")
        #expect(line.value("http.response.status_code") == "200")
        #expect(line.value("transfer.outcome") == "complete")
        #expect(line.value("client.address") == RedactionPolicy.personalText)
        for field in line.fields { #expect(!field.value.contains("Smith") && !field.value.contains("127.0.0.1")) }
    }

    @Test("says of a streamed answer how much was sent, and that it was complete")
    func complete() async throws {
        let all = try await self.lines(ScriptedUpstream(exchange: { _ in .chunks(["[1,", "2]"]) })) { client in
            _ = try await client.execute(
                uri: "\(Sample.dicomweb)/metadata",
                method: .get,
                headers: GatewayUnderTest.bearer
            )
        }
        let line = try #require(all.first)
        #expect(line.value("http.response.body.size") == "5")
        #expect(line.value("transfer.outcome") == "complete")
    }

    @Test("says that an answer was cut, and why by type only")
    func cut() async throws {
        let upstream = ScriptedUpstream(exchange: { _ in
            let stream = AsyncThrowingStream<ByteBuffer, any Error> { continuation in
                continuation.yield(ByteBuffer(string: "half"))
                continuation.finish(throwing: Broken())
            }
            return UpstreamResponse(status: 200, headers: [.contentType: "application/dicom"], body: stream)
        })
        let all = try await self.lines(upstream) { client in
            await #expect(throws: (any Error).self) {
                _ = try await client.execute(uri: Sample.dicomweb, method: .get, headers: GatewayUnderTest.bearer)
            }
        }
        let line = try #require(all.first)
        #expect(line.level == .warning)
        #expect(line.value("transfer.outcome") == "cut")
        #expect(line.value("http.response.body.size") == "4")
        #expect(line.value("error.code") == "internal")
    }

    @Test("says that a search ended because its client had gone, which is no failure there and nothing in the audit")
    func clientGone() async throws {
        let folder = try TemporaryDirectory()
        let spoolPath = "\(folder.path)/spool"
        let database = try Database.open(DatabaseConfiguration(path: "\(folder.path)/audit.db", readerCount: 1))
        let store = AuditStore(database: database)
        try await store.prepare()
        // The clock holds the folder as long as the audit lives.
        let clock = WallClock { withExtendedLifetime(folder) { Date(timeIntervalSince1970: 1_790_000_000) } }
        let log = try AuditLog(store, spoolPath: spoolPath, clock: clock, logger: GatewayUnderTest.quiet)
        var (gateway, catalog) = try await ClientPresenceTests.gateway()
        gateway.parts.audit = log
        let lines = Lines()
        _ = try await Self.application(gateway.parts, lines).test(.live) { [catalog] client in
            let connection = try RawConnection(port: try #require(client.port))
            connection.send(ClientPresenceTests.request("/api/v1/studies?patientName=*mit*"))
            try await ClientPresenceTests.until { catalog.slots.waitingCount == 1 }
            connection.reset()
            try await ClientPresenceTests.until { lines.all.contains { $0.message == "request" } }
        }
        let line = try #require(lines.all.first { $0.message == "request" })
        #expect(line.value("transfer.outcome") == "client-gone")
        #expect(line.value("http.route") == "/api/v1/studies")
        #expect(line.value("error.code") == nil)
        #expect(lines.all.filter { $0.message.hasPrefix("request") }.allSatisfy { $0.level <= .info })
        try await log.flush()
        #expect(try await store.page(AuditQuery(limit: 10)).rows.isEmpty)
    }
}

extension LogRecord {
    fileprivate func value(_ key: String) -> String? { self.fields.first { $0.key == key }?.value }
}

private final class Lines: Sendable {
    private let stored = Mutex<[LogRecord]>([])

    var all: [LogRecord] { self.stored.withLock { $0 } }

    func add(_ record: LogRecord) { self.stored.withLock { $0.append(record) } }
}
