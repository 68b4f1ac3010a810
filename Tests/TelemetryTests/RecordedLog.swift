import CollimatorCore
import FoundationEssentials
import Logging
import Synchronization
import Telemetry

/// A sink that keeps what reaches it, for tests to look at.
final class RecordedLog: Sendable {
    private let kept = Mutex<[LogRecord]>([])

    var records: [LogRecord] { self.kept.withLock { $0 } }

    /// Everything that left the handler, as one text.
    var text: String {
        self.records.map { record in
            ([record.message] + record.fields.map { "\($0.key)=\($0.value)" }).joined(separator: " ")
        }.joined(separator: "\n")
    }

    func configuration(level: Logger.Level = .trace) -> LoggingConfiguration {
        var policy = RedactionPolicy.standard
        policy.modulesWithFixedMessages.insert("TelemetryTests")
        return LoggingConfiguration(
            level: level,
            policy: policy,
            clock: WallClock(now: { Date(timeIntervalSince1970: 1_767_225_600.25) }),
            sink: LogSink { record in self.kept.withLock { $0.append(record) } }
        )
    }

    func logger() -> Logger { LoggerFactory(configuration: self.configuration()).logger(label: "test") }
}
