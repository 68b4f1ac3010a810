import Logging
import Synchronization
import TestSupport
import Testing

@testable import HealthcareEmulator

@Suite("a client that stops reading")
struct SlowReaderTests {
    @Test("is cut at the limit, and the next one is served")
    func cut() async throws {
        let cuts = Mutex(0)
        let logger = Logger(label: "test") { _ in
            CountingHandler { message in
                if message == "answer cut short" { cuts.withLock { $0 += 1 } }
            }
        }
        var limits = EmulatorLimits()
        limits.stalledWriteSeconds = 1
        try await withEmulator(limits: limits, logger: logger) { server in
            // More than the buffers of both sockets hold.
            var big = TestObject()
            (big.columns, big.rows, big.frames) = (2048, 2048, 4)
            try await server.store(big)
            let accept = "application/dicom; transfer-syntax=*"
            let request =
                "GET \(TestServer.dicomWeb)\(big.path) HTTP/1.1\r\nHost: a\r\nAccept: \(accept)\r\n\r\n"
            let reader = try await blocking {
                let reader = try RawConnection(port: server.port)
                reader.send(request)
                return reader
            }
            for _ in 0..<4000 where cuts.withLock({ $0 }) == 0 { try await Task.sleep(for: .milliseconds(5)) }
            #expect(cuts.withLock { $0 } == 1)
            let rest = try await blocking { try Self.drain(reader) }
            #expect(rest < big.pixels.count)
            let whole = try await server.get(TestServer.dicomWeb + big.path, accept: accept)
            #expect(whole.body.count == (try big.file()).count)
        }
    }

    /// Reads to the end, and gives the number of bytes.
    private static func drain(_ connection: RawConnection) throws -> Int {
        var total = 0
        while true {
            let count = try connection.receive().count
            guard count > 0 else { return total }
            total += count
        }
    }

    /// Tells the messages of what is logged.
    private struct CountingHandler: LogHandler {
        let tell: @Sendable (String) -> Void
        var logLevel = Logger.Level.trace
        var metadata: Logger.Metadata = [:]

        init(_ tell: @escaping @Sendable (String) -> Void) { self.tell = tell }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { self.metadata[key] }
            set { self.metadata[key] = newValue }
        }

        func log(event: LogEvent) { self.tell(event.message.description) }
    }
}
