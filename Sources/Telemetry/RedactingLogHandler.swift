internal import CollimatorCore
package import Logging

/// The log handler of every logger: it redacts everything that a line would hold, then hands it to the sink.
///
/// It owns metadata and provider. A handler that wraps another and redacts only the metadata of the event lets through
/// whatever was set on the logger or merged by `withLogger`.
package struct RedactingLogHandler: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?

    private let label: String
    private let policy: RedactionPolicy
    private let clock: WallClock
    private let sink: LogSink

    package init(
        label: String,
        configuration: LoggingConfiguration,
        metadataProvider: Logger.MetadataProvider? = nil
    ) {
        self.label = label
        self.logLevel = configuration.level
        self.policy = configuration.policy
        self.clock = configuration.clock
        self.sink = configuration.sink
        self.metadataProvider = metadataProvider
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var union = self.metadata
        if let provided = self.metadataProvider?.get() {
            union.merge(provided) { _, new in new }
        }
        if let written = event.metadata {
            union.merge(written) { _, new in new }
        }
        var fields = self.policy.fields(union)
        if let error = event.error {
            fields += self.policy.fields(error)
        }
        let record = LogRecord(
            time: self.clock.now(),
            level: event.level,
            label: self.label,
            message: self.policy.message(event.message, from: event.file),
            fields: fields,
            place: "\(event.file):\(event.line)"
        )
        self.sink.write(record)
    }
}
