import ArgumentParser
import CollimatorApp

/// Options for the end of a command that serves.
struct StoppingOptions: ParsableArguments {
    @Option(
        name: .customLong("drain-seconds"),
        help: "After Ctrl-C or SIGTERM, how long requests under way may take before they are cut."
    )
    var drainSeconds = Int(Draining.standardLimit.components.seconds)

    /// A day; whoever wants longer does not want it to end.
    static let drainSecondsMax = 86_400

    func validate() throws {
        guard (0...Self.drainSecondsMax).contains(self.drainSeconds) else {
            throw ValidationError("The seconds must be from 0 to \(Self.drainSecondsMax).")
        }
    }

    var draining: Draining { Draining(limit: .seconds(self.drainSeconds)) }
}
