import ArgumentParser
import CollimatorApp
import Glibc

/// How the process ends after an error: with one or two lines on standard error and a status that tells.
///
/// 0 is fine (a help text too), 1 is a part refused, 2 is everything else: usage, configuration, connection.
struct Ending: Sendable, Equatable {
    let status: Int32
    let message: String
    /// Help goes to standard output, faults to standard error.
    let isFault: Bool

    init(of error: any Error) {
        switch error {
        case let error as CommandFailure:
            self.init(status: error.status, message: error.description.isEmpty ? "" : "collimator: \(error)")
        case let error as StartupError:
            self.init(status: 2, message: "collimator: \(error)")
        case let error as ConfigurationFaults:
            self.init(status: 2, message: "collimator: \(error)")
        default:
            let code = CollimatorCommand.exitCode(for: error)
            let isParsers = code == .success || code == .validationFailure || error is ExitCode
            self.init(
                status: code == .success ? 0 : 2,
                message: isParsers
                    ? CollimatorCommand.fullMessage(for: error)
                    : "collimator: Something unexpected went wrong (\(type(of: error))).",
                isFault: code != .success
            )
        }
    }

    private init(status: Int32, message: String, isFault: Bool = true) {
        self.status = status
        self.message = message
        self.isFault = isFault
    }

    /// Writes the message and ends the process.
    func leave() -> Never {
        if !self.message.isEmpty {
            (self.isFault ? Console.standardError : Console.standardOutput).line(self.message)
        }
        exit(self.status)
    }
}

/// A command that did not do what it was asked for.
struct CommandFailure: Error, Sendable, Equatable, CustomStringConvertible {
    let status: Int32
    let description: String

    /// Usage, configuration or connection: nothing was done.
    static func notDone(_ message: String, remedy: String? = nil) -> CommandFailure {
        CommandFailure(status: 2, description: [message, remedy].compactMap { $0 }.joined(separator: "\n"))
    }

    /// Done in part; the command has said already what was not.
    static let inPart = CommandFailure(status: 1, description: "")
}
