import ArgumentParser
import FoundationEssentials
import NIOCore
import NIOHTTP1

/// `collimator roles`: the named sets of permissions that rules give.
struct RolesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "roles",
        abstract: "List the roles, and keep some of your own.",
        discussion: """
              collimator roles list
              collimator roles show viewer
              collimator roles create reader --permission healthcare.dicomStores.dicomWebRead
              collimator roles remove reader
            """,
        subcommands: [
            RolesListCommand.self, RolesShowCommand.self, RolesCreateCommand.self, RolesReplaceCommand.self,
            RolesRemoveCommand.self,
        ],
        defaultSubcommand: RolesListCommand.self
    )
}

/// `collimator roles list`: a line for each role.
struct RolesListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Show the roles, with the roles of IAM whose place they take.",
        discussion: """
              collimator roles list
              collimator roles list --json
            """
    )

    @Flag(help: "Show JSON, one role on each line.")
    var json = false

    @OptionGroup(title: "Gateway") var gateway: GatewayConnectionOptions

    func run() async throws {
        let json = self.json
        try await GatewayClient.with(try self.gateway.access()) { client in
            try await client.show(ListedRole.self, at: "/access/roles", asJSON: json)
        }
    }
}

/// `collimator roles show`: one role with its permissions.
struct RolesShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show what a role allows.",
        discussion: """
              collimator roles show viewer
            """
    )

    @Argument(help: "The name of the role.")
    var name: String

    @OptionGroup(title: "Gateway") var gateway: GatewayConnectionOptions

    func run() async throws {
        let path = try PolicyPartPath.role(self.name)
        try await GatewayClient.with(try self.gateway.access()) { client in
            let role = try GatewayClient.decode(ListedRole.self, try await client.get(client.access.root + path))
            Console.standardOutput.line("\(role.name): \(role.summary)")
            if let iamRole = role.iamRole { Console.standardOutput.line("in IAM: \(iamRole)") }
            for permission in role.permissions { Console.standardOutput.line("  \(permission)") }
        }
    }
}

/// `collimator roles create`: a role that is not there yet.
struct RolesCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a role of your own.",
        discussion: """
              collimator roles create reader --permission healthcare.dicomStores.dicomWebRead --summary "look only"
            """
    )

    @OptionGroup var role: RoleWish

    func run() async throws {
        try await self.role.put(condition: ("If-None-Match", "*"), saying: "The role is made.")
    }
}

/// `collimator roles replace`: another content for a role.
struct RolesReplaceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replace",
        abstract: "Give a role of your own other permissions, whatever it has.",
        discussion: """
              collimator roles replace reader --permission healthcare.dicomStores.get
            """
    )

    @OptionGroup var role: RoleWish

    func run() async throws {
        try await self.role.put(
            condition: ("If-Match", "*"),
            saying: "The role is replaced; rules with it decide so at once."
        )
    }
}

/// `collimator roles remove`: takes a role away.
struct RolesRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Remove a role of your own that no rule names.",
        discussion: """
              collimator roles remove reader
            """
    )

    @Argument(help: "The name of the role.")
    var name: String

    @OptionGroup(title: "Gateway") var gateway: GatewayConnectionOptions

    func run() async throws {
        let path = try PolicyPartPath.role(self.name)
        try await GatewayClient.with(try self.gateway.access()) { client in
            _ = try await client.call(.DELETE, client.access.root + path, ifMatch: "*")
            Console.standardOutput.line("The role is removed.")
        }
    }
}

/// A role that is to be.
struct RoleWish: ParsableArguments {
    @Argument(help: "The name of the role.")
    var name: String

    @Option(help: "What it allows; may be given several times.")
    var permission: [String] = []

    @Option(help: "What it is for.")
    var summary: String?

    @OptionGroup(title: "Gateway") var gateway: GatewayConnectionOptions

    private struct Body: Encodable {
        let permissions: [String]
        let summary: String?
    }

    func put(condition: (name: String, value: String), saying end: String) async throws {
        let path = try PolicyPartPath.role(self.name)
        let body = try JSONEncoder().encode(Body(permissions: self.permission, summary: self.summary))
        try await GatewayClient.with(try self.gateway.access()) { client in
            let url = client.access.root + path
            let answer = try await client.answer(.PUT, url, json: body, condition: condition)
            switch answer.status {
            case 200: Console.standardOutput.line(end)
            case 412:
                throw CommandFailure.notDone("There is a role of this name.", remedy: "`roles replace` replaces it.")
            default: throw client.failure(status: answer.status, body: answer.body)
            }
        }
    }
}

/// A role as the gateway describes it.
private struct ListedRole: ListedRow {
    let name: String
    let summary: String
    let predefined: Bool
    let iamRole: String?
    let permissions: [String]

    /// The columns of the table.
    static let header = ["NAME", "KIND", "IN IAM", "SUMMARY"]

    var cells: [String] {
        [self.name, self.predefined ? "predefined" : "own", self.iamRole ?? "none", self.summary]
    }
}
