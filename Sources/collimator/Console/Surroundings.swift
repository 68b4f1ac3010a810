import CollimatorApp
import FoundationEssentials
import Logging

extension ServeSurroundings {
    /// The surroundings of this process: its environment, its standard output, and the name it was called by.
    static func process(logger: Logger) -> ServeSurroundings {
        var surroundings = ServeSurroundings(environment: ProcessInfo.processInfo.environment, logger: logger) { text in
            Console.standardOutput.line(text)
        }
        if let program = CommandLine.arguments.first { surroundings.program = program }
        return surroundings
    }
}
