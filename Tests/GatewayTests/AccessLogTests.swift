import Catalog
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Synchronization
import Telemetry
import TestSupport
import Testing

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
        let configuration = LoggingConfiguration(level: .info, sink: LogSink { lines.add($0) })
        let logger = LoggerFactory(configuration: configuration).logger(label: "test")
        let parts = try GatewayUnderTest(upstream).parts
        try await parts.catalog.prepare()
        let application = gatewayApplication(
            parts,
            address: .hostname("127.0.0.1", port: 0),
            logger: logger
        )
        _ = try await application.test(.live) { client in try await work(client) }
        return lines.all.filter { $0.message == "request" }
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
}

extension LogRecord {
    fileprivate func value(_ key: String) -> String? { self.fields.first { $0.key == key }?.value }
}

private final class Lines: Sendable {
    private let stored = Mutex<[LogRecord]>([])

    var all: [LogRecord] { self.stored.withLock { $0 } }

    func add(_ record: LogRecord) { self.stored.withLock { $0.append(record) } }
}
