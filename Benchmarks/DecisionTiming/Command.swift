import AccessControl
import ArgumentParser
import CollimatorCore
import Foundation

/// Measures what access costs: single decisions, and whole requests.
@main
struct TimingCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "DecisionTiming",
        abstract: "Measure what access costs.",
        subcommands: [DecisionCommand.self, GatewaysCommand.self],
        defaultSubcommand: DecisionCommand.self
    )
}

/// Times single decisions with policies of several sizes, as JSON.
///
/// The estimate: a caller is itself and five groups; each is one lookup in a dictionary, some ten rules are looked at, and a
/// condition compares a few short texts. That is some thousand instructions, a microsecond or two, whatever the number of
/// rules of others.
struct DecisionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decisions",
        abstract: "Time decisions with policies of several sizes."
    )

    @Argument(help: "Numbers of rules.")
    var sizes: [Int] = [10, 1_000, 10_000, 100_000]

    @Option(help: "Decisions that are timed for each size.")
    var decisions = 200_000

    func validate() throws {
        guard self.sizes.allSatisfy({ (10...AccessPolicy.rulesMax).contains($0) }) else {
            throw ValidationError("Between 10 and \(AccessPolicy.rulesMax) rules.")
        }
        guard (1_000...10_000_000).contains(self.decisions) else {
            throw ValidationError("Between 1,000 and 10,000,000 decisions.")
        }
    }

    func run() throws {
        let rows = try self.sizes.map { size in try DecisionRun(rules: size, decisions: self.decisions).figures() }
        FileHandle.standardOutput.write(try JSONEncoder().encode(rows) + Data("\n".utf8))
    }
}

/// The figures of one size.
struct DecisionFigures: Encodable {
    let rules: Int
    let compileMilliseconds: Double
    /// By what is asked.
    let decisions: [String: Percentiles]

    struct Percentiles: Encodable {
        let p50Microseconds: Double
        let p99Microseconds: Double
        let allowed: Double
    }
}
