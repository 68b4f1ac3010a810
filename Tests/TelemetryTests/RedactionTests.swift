import CollimatorCore
import Logging
import Metrics
import MetricsTestKit
import Telemetry
import Testing

@Suite("redaction by type")
struct RedactionTests {
    private let log = RecordedLog()

    @Test("open values pass, personal and secret ones become fixed text")
    func levels() {
        self.log.logger().info(
            "step",
            metadata: ["a": "\("GET", .open)", "b": "\("Doe^Jane", .personal)", "c": "\("hunter2", .secret)"]
        )

        #expect(self.log.text == "step a=GET b=[personal] c=[secret]")
    }

    @Test("an unmarked value passes only under a listed key")
    func unmarked() {
        self.log.logger().info("step", metadata: ["hb.request.id": "42", "patient.id": "MRN-1"])

        #expect(self.log.text == "step hb.request.id=42 patient.id=[unmarked]")
    }

    @Test("a marked value is redacted under a listed key too")
    func markedUnderListedKey() {
        self.log.logger().info("step", metadata: ["hb.request.id": "\("MRN-1", .personal)"])

        #expect(self.log.text == "step hb.request.id=[personal]")
    }

    @Test("the strictest mark of a literal decides, in either order")
    func strictest() {
        self.log.logger().info(
            "step",
            metadata: [
                "a": "\("GET", .open) \("MRN-1", .personal)", "b": "\("MRN-1", .personal) \("GET", .open)",
                "c": "\("hunter2", .secret)\("MRN-1", .personal)\("GET", .open)",
            ]
        )

        #expect(self.log.text == "step a=[personal] b=[personal] c=[secret]")
    }

    @Test("metadata set on the logger is redacted")
    func setOnLogger() {
        var logger = self.log.logger()
        logger[metadataKey: "patient.id"] = "MRN-1"
        logger[metadataKey: "token"] = "\("hunter2", .secret)"
        logger.info("step")

        #expect(self.log.text == "step patient.id=[unmarked] token=[secret]")
    }

    @Test("metadata merged by withLogger is redacted")
    func mergedByWithLogger() {
        withLogger(self.log.logger()) { _ in
            withLogger(mergingMetadata: ["patient.id": "MRN-1", "route": "\("/studies", .open)"]) { logger in
                logger.info("outer")
                Logger.current.info("inner", metadata: ["more": "MRN-2"])
            }
        }

        #expect(!self.log.text.contains("MRN"))
        #expect(self.log.records.map(\.message) == ["outer", "inner"])
        #expect(self.log.text.contains("route=/studies"))
    }

    @Test("metadata of a provider is redacted, and the event's own value wins")
    func provider() {
        let configuration = self.log.configuration()
        let logger = Logger(label: "test") { label in
            RedactingLogHandler(
                label: label,
                configuration: configuration,
                metadataProvider: Logger.MetadataProvider { ["patient.id": "MRN-1", "route": "\("/a", .open)"] }
            )
        }
        logger.info("step", metadata: ["route": "\("/b", .open)"])

        #expect(self.log.text == "step patient.id=[unmarked] route=/b")
    }

    @Test("nested values are redacted leaf by leaf, and names inside a value are data")
    func nested() {
        self.log.logger().info(
            "step",
            metadata: [
                "list": ["\("GET", .open)", "MRN-1", ["\("hunter2", .secret)"]],
                "map": ["MRN-2": "\("GET", .open)"],
                "hb.request.id": ["inner": "7"],
            ]
        )

        #expect(
            self.log.text == "step hb.request.id={inner: 7} list=[GET, [unmarked], [[secret]]] map=[unmarked]"
        )
    }

    @Test("an error shows its type and nothing of its content")
    func foreignError() {
        struct LeakyError: Error, CustomStringConvertible {
            let description: String
        }
        self.log.logger().error("step failed", error: LeakyError(description: "patient MRN-1"))

        #expect(!self.log.text.contains("MRN-1"))
        #expect(self.log.text.contains("LeakyError"))
    }

    @Test("an error of ours shows code, reason and place, and of its cause the type")
    func ownError() {
        struct LeakyError: Error { let name = "MRN-1" }
        let error = CollimatorError(.unavailable, "index is closed", cause: LeakyError())
        self.log.logger().error("step failed", error: error)

        #expect(
            self.log.text.contains("error.code=unavailable error.reason=index is closed error.place=TelemetryTests/")
        )
        #expect(self.log.text.contains("error.cause.type="))
        #expect(!self.log.text.contains("MRN-1"))
    }

    @Test("the message of a library is withheld")
    func foreignMessage() {
        let leak: Logger.Message = "unexpected error: patient MRN-1"
        self.log.logger().info(leak, file: "Hummingbird/Application.swift")
        self.log.logger().info("started", file: "ServiceLifecycle/ServiceGroup.swift")

        #expect(self.log.records.map(\.message) == [RedactionPolicy.withheldMessage, "started"])
    }

    @Test("values and their number are limited")
    func limits() {
        let long = String(repeating: "x", count: 5_000)
        let many = Dictionary(uniqueKeysWithValues: (0..<200).map { ("key\($0)", Logger.MetadataValue.string("v")) })
        self.log.logger().info("step", metadata: ["long": "\(long, .open)"])
        self.log.logger().info("step", metadata: many)

        #expect(self.log.records[0].fields[0].value.count == RedactionPolicy.valueLengthMax)
        #expect(self.log.records[1].fields.count == RedactionPolicy.valuesMax)
    }

    @Test("level and metadata are values of each logger")
    func valueSemantics() {
        var first = self.log.logger()
        first.logLevel = .debug
        first[metadataKey: "only"] = "first"
        var second = first
        second.logLevel = .error
        second[metadataKey: "only"] = "second"

        #expect(first.logLevel == .debug)
        #expect(second.logLevel == .error)
        #expect(first[metadataKey: "only"] == "first")
        #expect(second[metadataKey: "only"] == "second")
    }

    @Test("a failure that is allowed is told as a warning with the place that allows it")
    func allowedFailure() async throws {
        struct LeakyError: Error { let name = "MRN-1" }
        let logger = self.log.logger()
        let metrics = TestMetrics()
        let none: Int? = withMetricsFactory(metrics) {
            allowFailure("the cache is only a cache", logger: logger) { throw LeakyError() }
        }
        let some = await allowFailure("not reached", logger: logger) {
            await Task.yield()
            return 7
        }

        #expect(none == nil)
        #expect(some == 7)
        #expect(self.log.records.map(\.message) == ["the cache is only a cache"])
        #expect(self.log.records[0].level == .warning)
        #expect(self.log.records[0].place.hasPrefix("TelemetryTests/RedactionTests.swift:"))
        #expect(!self.log.text.contains("MRN-1"))
        let place = self.log.records[0].place
        let counter = try metrics.expectCounter("collimator.swallowed.errors", [("site", place)])
        #expect(counter.values == [1])
    }
}
