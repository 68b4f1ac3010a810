import ArgumentParser
import FoundationEssentials
import NIOCore
import NIOHTTP1

/// `collimator rules`: who may see and do what, rule by rule.
struct RulesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rules",
        abstract: "List, add and remove access rules.",
        discussion: """
            A change decides once the command has ended. What rules can say: docs/access.md.

              collimator rules list
              collimator rules add rule.json
              collimator rules remove portal
            """,
        subcommands: [RulesListCommand.self, RulesAddCommand.self, RulesRemoveCommand.self],
        defaultSubcommand: RulesListCommand.self
    )
}

/// `collimator rules list`: a line for each rule.
struct RulesListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Show the rules.",
        discussion: """
              collimator rules list
              collimator rules list --json
            """
    )

    @Flag(help: "Show JSON, one rule on each line.")
    var json = false

    @OptionGroup(title: "Gateway") var gateway: GatewayConnectionOptions

    func run() async throws {
        let json = self.json
        try await GatewayClient.with(try self.gateway.access()) { client in
            let url = "\(client.access.root)/access/rules"
            if json {
                for rule in try await client.allItems(JSONTree.self, at: url) {
                    Console.standardOutput.line(try rule.line)
                }
                return
            }
            var table = TextTable(header: ListedRule.header)
            table.rows = try await client.allItems(ListedRule.self, at: url).map(\.cells)
            for line in table.lines(cellMax: 64) { Console.standardOutput.line(line) }
        }
    }
}

/// `collimator rules add`: a rule from a file.
struct RulesAddCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Add a rule from a file of JSON.",
        discussion: """
              collimator rules add rule.json
            """
    )

    @Argument(help: "A file with one rule.")
    var file: String

    @OptionGroup(title: "Gateway") var gateway: GatewayConnectionOptions

    func run() async throws {
        let body = try PolicyInput.read(self.file)
        try await GatewayClient.with(try self.gateway.access()) { client in
            _ = try await client.call(.POST, "\(client.access.root)/access/rules", json: body)
            Console.standardOutput.line("The rule is in force.")
        }
    }
}

/// `collimator rules remove`: takes a rule away.
struct RulesRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Remove a rule.",
        discussion: """
              collimator rules remove portal
            """
    )

    @Argument(help: "The id of the rule.")
    var id: String

    @OptionGroup(title: "Gateway") var gateway: GatewayConnectionOptions

    func run() async throws {
        let id = self.id
        let isID =
            (1...64).contains(id.utf8.count) && id != "." && id != ".."
            && id.utf8.allSatisfy { byte in
                (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || [0x2D, 0x2E, 0x5F].contains(byte)
            }
        guard isID else {
            throw CommandFailure.notDone("That is no id of a rule.", remedy: "`collimator rules list` shows the ids.")
        }
        try await GatewayClient.with(try self.gateway.access()) { client in
            _ = try await client.call(.DELETE, "\(client.access.root)/access/rules/\(id)")
            Console.standardOutput.line("The rule \(id) is removed.")
        }
    }
}

/// A rule as the gateway lists it; only what the table shows.
private struct ListedRule: Decodable, Sendable {
    let id: String
    let effect: String
    let principal: String
    let role: String
    let resource: String

    /// The columns of the table.
    static let header = ["ID", "EFFECT", "PRINCIPAL", "ROLE", "RESOURCE"]

    var cells: [String] { [self.id, self.effect, self.principal, self.role, self.resource] }
}

/// A file with a rule or a policy.
enum PolicyInput {
    /// Throws ``CommandFailure``.
    static func read(_ path: String) throws -> Data {
        do {
            return try Data(contentsOf: URL(filePath: path))
        } catch {
            throw CommandFailure.notDone("The file cannot be read.", remedy: "Check its name and the rights to it.")
        }
    }
}
