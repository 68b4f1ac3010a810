import ArgumentParser
import FoundationEssentials
import NIOCore
import NIOHTTP1

/// `collimator groups`: the groups that are kept in the policy.
struct GroupsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "groups",
        abstract: "Keep local groups of users and apps.",
        discussion: """
            Rules name a group as group:local/{name}.

              collimator groups list
              collimator groups add readers user:hospital/ann client:portal
              collimator groups drop readers client:portal
              collimator groups remove readers
            """,
        subcommands: [
            GroupsListCommand.self, GroupsShowCommand.self, GroupsAddCommand.self, GroupsDropCommand.self,
            GroupsRemoveCommand.self,
        ],
        defaultSubcommand: GroupsListCommand.self
    )
}

/// `collimator groups list`: a line for each group.
struct GroupsListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Show the local groups.",
        discussion: """
              collimator groups list
              collimator groups list --json
            """
    )

    @Flag(help: "Show JSON, one group on each line.")
    var json = false

    @OptionGroup(title: "Gateway") var gateway: GatewayConnectionOptions

    func run() async throws {
        let json = self.json
        try await GatewayClient.with(try self.gateway.access()) { client in
            try await client.show(ListedGroup.self, at: "/access/groups", asJSON: json)
        }
    }
}

/// `collimator groups show`: the members of a group.
struct GroupsShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show the members of a group, one on each line.",
        discussion: """
              collimator groups show readers
            """
    )

    @Argument(help: "The name of the group.")
    var name: String

    @OptionGroup(title: "Gateway") var gateway: GatewayConnectionOptions

    func run() async throws {
        let path = try PolicyPartPath.group(self.name)
        try await GatewayClient.with(try self.gateway.access()) { client in
            let group = try GatewayClient.decode(ListedGroup.self, try await client.get(client.access.root + path))
            for member in group.members.sorted() { Console.standardOutput.line(member) }
        }
    }
}

/// `collimator groups add`: members for a group.
struct GroupsAddCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Add members to a group; it is made where there is none.",
        discussion: """
              collimator groups add readers user:hospital/ann client:portal
            """
    )

    @OptionGroup var change: GroupChange

    func run() async throws {
        let members = self.change.members
        try await self.change.run { $0.union(members) }
    }
}

/// `collimator groups drop`: members out of a group.
struct GroupsDropCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drop",
        abstract: "Take members out of a group; the last one goes with the group.",
        discussion: """
              collimator groups drop readers client:portal
            """
    )

    @OptionGroup var change: GroupChange

    func run() async throws {
        let members = self.change.members
        try await self.change.run { $0.subtracting(members) }
    }
}

/// `collimator groups remove`: takes a group away.
struct GroupsRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Remove a group that no rule names.",
        discussion: """
              collimator groups remove readers
            """
    )

    @Argument(help: "The name of the group.")
    var name: String

    @OptionGroup(title: "Gateway") var gateway: GatewayConnectionOptions

    func run() async throws {
        let path = try PolicyPartPath.group(self.name)
        try await GatewayClient.with(try self.gateway.access()) { client in
            _ = try await client.call(.DELETE, client.access.root + path, ifMatch: "*")
            Console.standardOutput.line("The group is removed.")
        }
    }
}

/// Who comes into a group or leaves it.
struct GroupChange: ParsableArguments {
    @Argument(help: "The name of the group.")
    var name: String

    @Argument(help: "Users and apps, as rules name them: user:{issuer}/{subject} or client:{id}.")
    var members: [String]

    @OptionGroup(title: "Gateway") var gateway: GatewayConnectionOptions

    /// How often it is tried anew because somebody else changed the group meanwhile.
    private static let triesMax = 5

    /// Reads the group, has the change worked out, and writes it if it is still the one that was read.
    func run(_ change: (Set<String>) -> Set<String>) async throws {
        let path = try PolicyPartPath.group(self.name)
        try await GatewayClient.with(try self.gateway.access()) { client in
            let url = client.access.root + path
            for _ in 0..<Self.triesMax {
                let found = try await client.answer(.GET, url)
                guard [200, 404].contains(found.status) else {
                    throw client.failure(status: found.status, body: found.body)
                }
                let isThere = found.status == 200
                let before = isThere ? Set(try GatewayClient.decode(ListedGroup.self, found.body).members) : []
                let after = change(before)
                guard after != before else {
                    Console.standardOutput.line("The group is so already.")
                    return
                }
                let condition =
                    isThere
                    ? (name: "If-Match", value: found.entityTag ?? "") : (name: "If-None-Match", value: "*")
                let members = try JSONEncoder().encode(["members": after.sorted()])
                let answer = try await client.answer(
                    after.isEmpty ? .DELETE : .PUT,
                    url,
                    json: after.isEmpty ? nil : members,
                    condition: condition
                )
                switch answer.status {
                case 200: Console.standardOutput.line("The group has \(after.count) members.")
                case 204: Console.standardOutput.line("The group is removed.")
                case 412: continue
                default: throw client.failure(status: answer.status, body: answer.body)
                }
                return
            }
            throw CommandFailure.notDone("The group was changed by others each time.", remedy: "Try again.")
        }
    }
}

/// A group as the gateway describes it.
private struct ListedGroup: ListedRow {
    let name: String
    let members: [String]

    /// The columns of the table.
    static let header = ["NAME", "MEMBERS"]

    var cells: [String] { [self.name, self.members.joined(separator: ", ")] }
}
