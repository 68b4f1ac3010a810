import ArgumentParser
import FoundationEssentials
import NIOCore
import NIOHTTP1

/// `collimator policy`: all access rules as one file.
struct PolicyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "Read and replace the access rules as a whole.",
        discussion: """
              collimator policy get > policy.json
              collimator policy put policy.json --dry-run
              collimator policy put policy.json --version 7
              collimator policy test cases.yaml
            """,
        subcommands: [PolicyGetCommand.self, PolicyPutCommand.self, PolicyTestCommand.self],
        defaultSubcommand: PolicyGetCommand.self
    )
}

/// `collimator policy get`: prints the policy.
struct PolicyGetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Print the policy as JSON.",
        discussion: """
              collimator policy get > policy.json
            """
    )

    @OptionGroup(title: "Gateway") var gateway: GatewayConnectionOptions

    func run() async throws {
        try await GatewayClient.with(try self.gateway.access()) { client in
            let body = try await client.get("\(client.access.root)/access/policy")
            Console.standardOutput.line(String(buffer: body))
        }
    }
}

/// `collimator policy put`: replaces the policy.
struct PolicyPutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "put",
        abstract: "Replace the policy, or say what that would change.",
        discussion: """
              collimator policy put policy.json --dry-run
              collimator policy put policy.json --version 7
            """
    )

    @Argument(help: "A file with the policy.")
    var file: String

    @Option(help: "The number of the version that it replaces; refused where another is in force (default: any).")
    var version: UInt32?

    @Flag(help: "Only say what would change.")
    var dryRun = false

    @OptionGroup(title: "Gateway") var gateway: GatewayConnectionOptions

    func run() async throws {
        let body = try PolicyInput.read(self.file)
        let match = self.version.map { "\"\($0)\"" } ?? "*"
        let query = self.dryRun ? "?dryRun=true" : ""
        try await GatewayClient.with(try self.gateway.access()) { client in
            let url = "\(client.access.root)/access/policy\(query)"
            let answer = try await client.call(.PUT, url, json: body, ifMatch: match)
            try GatewayClient.decode(PolicyChange.self, answer).show()
        }
    }
}

/// What a policy changes, as the gateway says it.
private struct PolicyChange: Decodable {
    let version: Int
    let applied: Bool
    let added: [String]
    let removed: [String]
    let changed: [String]
    let mayGain: [String]
    let mayLose: [String]

    func show() {
        for (title, names) in [
            ("added", self.added), ("removed", self.removed), ("changed", self.changed), ("may gain", self.mayGain),
            ("may lose", self.mayLose),
        ] where !names.isEmpty {
            Console.standardOutput.line("\(title): \(names.joined(separator: ", "))")
        }
        let end = self.applied ? "Version \(self.version) is in force." : "Nothing was changed."
        Console.standardOutput.line(end)
    }
}
