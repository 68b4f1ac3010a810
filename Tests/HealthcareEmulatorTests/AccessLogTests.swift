import Logging
import NIOHTTP1
import Synchronization
import Testing

@Suite("the access log")
struct AccessLogTests {
    /// Keeps what is logged.
    private final class Recorder: Sendable {
        let lines = Mutex<[(message: String, metadata: Logger.Metadata)]>([])
    }

    private struct RecordingHandler: LogHandler {
        let recorder: Recorder
        var logLevel = Logger.Level.trace
        var metadata: Logger.Metadata = [:]

        init(_ recorder: Recorder) { self.recorder = recorder }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { self.metadata[key] }
            set { self.metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = self.metadata.merging(event.metadata ?? [:]) { $1 }
            self.recorder.lines.withLock { $0.append((event.message.description, all)) }
        }
    }

    @Test("has a line with route, status and time for each request, and no value of it")
    func lines() async throws {
        let recorder = Recorder()
        let logger = Logger(label: "test", factory: { _ in RecordingHandler(recorder) })
        try await withEmulator(logger: logger) { server in
            try await server.store(TestObject())
            _ = try await server.get(TestServer.dicomWeb + "/studies?PatientID=SECRET")
            _ = try await server.get(TestServer.dicomWeb + "/studies/1.2.3.4.5")
            _ = try await server.get("/SECRET")
        }
        let lines = recorder.lines.withLock { $0 }
        let answered = lines.filter { $0.message == "request answered" }.map { line in
            ["http.request.method", "http.response.status_code", "http.route"]
                .map { line.metadata[$0]?.description ?? "-" }.joined(separator: " ")
        }
        let base = "/v1/projects/{project}/locations/{location}/datasets/{dataset}/dicomStores/{store}/dicomWeb"
        #expect(answered.contains("POST 200 \(base)/studies"))
        #expect(answered.contains("GET 204 \(base)/studies"))
        #expect(answered.contains("GET 404 \(base)/studies/{study}"))
        #expect(answered.contains("GET 404 NotFound"))
        let everything = lines.map { "\($0.message) \($0.metadata)" }.joined(separator: "\n")
        #expect(!everything.contains("SECRET"))
        #expect(!everything.contains("1.2.3.4.5"))
        #expect(!everything.contains("Doe"))
    }
}
