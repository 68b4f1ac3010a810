package import CollimatorCore
package import Logging

/// How the process logs.
///
/// Made once, by `main`.
package struct LoggingConfiguration: Sendable {
    /// The level below which nothing is written.
    package var level: Logger.Level
    /// What is shown of the values.
    package var policy: RedactionPolicy
    package var clock: WallClock
    package var sink: LogSink

    package init(
        level: Logger.Level = .info,
        policy: RedactionPolicy = .standard,
        clock: WallClock = .live,
        sink: LogSink
    ) {
        self.level = level
        self.policy = policy
        self.clock = clock
        self.sink = sink
    }

    /// The standard configuration on standard error, in the form that was asked for.
    package static func standardError(level: Logger.Level = .info, form: LogForm = .automatic) -> LoggingConfiguration {
        let isPlain =
            switch form {
            case .automatic: LogOutput.standardErrorIsTerminal
            case .plainText: true
            case .jsonLines: false
            }
        let sink: LogSink = isPlain ? .plainText(to: .standardError) : .jsonLines(to: .standardError)
        return LoggingConfiguration(level: level, sink: sink)
    }

    /// Makes this the configuration of the whole process, libraries included, and gives what makes loggers.
    ///
    /// Call it once, first thing in `main`: swift-log stops the process at a second call.
    package func bootstrap() -> LoggerFactory {
        LoggingSystem.bootstrap(
            { label, provider in
                RedactingLogHandler(label: label, configuration: self, metadataProvider: provider)
            },
            metadataProvider: nil
        )
        return LoggerFactory(configuration: self)
    }
}

/// The form of the log lines.
package enum LogForm: String, Sendable, CaseIterable {
    /// Plain text at a terminal, JSON lines elsewhere.
    case automatic
    case plainText = "text"
    case jsonLines = "json"
}

/// Makes the loggers of a process; `main` holds the only one.
package struct LoggerFactory: Sendable {
    private let configuration: LoggingConfiguration

    package init(configuration: LoggingConfiguration) {
        self.configuration = configuration
    }

    /// A logger under that label.
    package func logger(label: String) -> Logger {
        Logger(label: label) { label in
            RedactingLogHandler(label: label, configuration: self.configuration)
        }
    }
}
