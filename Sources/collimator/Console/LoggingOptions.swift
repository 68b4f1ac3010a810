import ArgumentParser
import Logging
import Telemetry

/// Options for what is logged to standard error.
struct LoggingOptions: ParsableArguments {
    @Option(name: .customLong("log-level"), help: "What is logged: trace, debug, info, notice, warning or error.")
    var level = Level.notice

    @Option(
        name: .customLong("log-format"),
        help: "automatic (text on a terminal, JSON lines elsewhere), text or json."
    )
    var format = Format.automatic

    /// The first logger of the process; call it once.
    func bootstrap(label: String) -> Logger {
        LoggingConfiguration.standardError(level: self.level.standard, form: self.format.form).bootstrap()
            .logger(label: label)
    }

    /// How much is logged.
    enum Level: String, ExpressibleByArgument, CaseIterable {
        case trace, debug, info, notice, warning, error

        var standard: Logger.Level {
            switch self {
            case .trace: .trace
            case .debug: .debug
            case .info: .info
            case .notice: .notice
            case .warning: .warning
            case .error: .error
            }
        }
    }

    /// In which form.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case automatic, text, json

        var form: LogForm {
            switch self {
            case .automatic: .automatic
            case .text: .plainText
            case .json: .jsonLines
            }
        }
    }
}
