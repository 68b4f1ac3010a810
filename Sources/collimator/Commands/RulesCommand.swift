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
            try await client.show(ListedRule.self, at: "/access/rules", asJSON: json)
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
        let path = try PolicyPartPath.rule(id)
        try await GatewayClient.with(try self.gateway.access()) { client in
            _ = try await client.call(.DELETE, client.access.root + path, ifMatch: "*")
            Console.standardOutput.line("The rule \(id) is removed.")
        }
    }
}

/// A rule as the gateway lists it; only what the table shows.
private struct ListedRule: ListedRow {
    let id: String
    let effect: String
    let principal: String
    let role: String
    let resource: String

    /// The columns of the table.
    static let header = ["ID", "EFFECT", "PRINCIPAL", "ROLE", "RESOURCE"]

    var cells: [String] { [self.id, self.effect, self.principal, self.role, self.resource] }
}

/// Where a part of the policy is, by its name.
enum PolicyPartPath {
    /// Throws ``CommandFailure`` for what is no id of a rule.
    static func rule(_ id: String) throws -> String { try self.path("rules", id, "id of a rule") }

    /// Throws ``CommandFailure`` for what is no name of a role.
    static func role(_ name: String) throws -> String { try self.path("roles", name, "name of a role") }

    /// Throws ``CommandFailure`` for what is no name of a group.
    static func group(_ name: String) throws -> String { try self.path("groups", name, "name of a group") }

    private static func path(_ kind: String, _ name: String, _ what: String) throws -> String {
        let isName =
            (1...64).contains(name.utf8.count) && name != "." && name != ".."
            && name.utf8.allSatisfy { byte in
                (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || [0x2D, 0x2E, 0x5F].contains(byte)
            }
        guard isName else {
            throw CommandFailure.notDone(
                "That is no \(what).",
                remedy: "`collimator \(kind) list` shows what there is."
            )
        }
        return "/access/\(kind)/\(name)"
    }
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
