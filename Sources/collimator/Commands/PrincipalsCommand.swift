import ArgumentParser
import FoundationEssentials
import NIOCore
import NIOHTTP1

/// `collimator principals`: who has called, and who is kept out.
struct PrincipalsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "principals",
        abstract: "See who has called, and keep a user or an app out.",
        discussion: """
            A suspension ends sessions, keys, tokens and signed addresses at once, until it is taken back.

              collimator principals list
              collimator principals suspend user:hospital/ann
              collimator principals restore user:hospital/ann
            """,
        subcommands: [PrincipalsListCommand.self, PrincipalsSuspendCommand.self, PrincipalsRestoreCommand.self],
        defaultSubcommand: PrincipalsListCommand.self
    )
}

/// `collimator principals list`: a line for each principal.
struct PrincipalsListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Show who has called, and who is suspended.",
        discussion: """
              collimator principals list
              collimator principals list --json
            """
    )

    @Flag(help: "Show JSON, one principal on each line.")
    var json = false

    @OptionGroup(title: "Gateway") var gateway: GatewayConnectionOptions

    func run() async throws {
        let json = self.json
        try await GatewayClient.with(try self.gateway.access()) { client in
            let url = "\(client.access.root)/access/principals"
            if json {
                for principal in try await client.allItems(JSONTree.self, at: url) {
                    Console.standardOutput.line(try principal.line)
                }
                return
            }
            var table = TextTable(header: ListedPrincipal.header)
            table.rows = try await client.allItems(ListedPrincipal.self, at: url).map(\.cells)
            for line in table.lines(cellMax: 64) { Console.standardOutput.line(line) }
        }
    }
}

/// `collimator principals suspend`: keeps somebody out.
struct PrincipalsSuspendCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "suspend",
        abstract: "Keep a user or an app out, at once.",
        discussion: """
              collimator principals suspend user:hospital/ann
            """
    )

    @Argument(help: "The principal, as rules name it: user:{issuer}/{subject} or client:{id}.")
    var principal: String

    @OptionGroup(title: "Gateway") var gateway: GatewayConnectionOptions

    func run() async throws {
        let principal = self.principal
        try await GatewayClient.with(try self.gateway.access()) { client in
            _ = try await client.call(.PUT, "\(client.access.root)\(PrincipalAddress.path(principal))/suspension")
            Console.standardOutput.line("\(principal) is suspended.")
        }
    }
}

/// `collimator principals restore`: lets somebody in again.
struct PrincipalsRestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Let a suspended user or app in again.",
        discussion: """
              collimator principals restore user:hospital/ann
            """
    )

    @Argument(help: "The principal, as rules name it: user:{issuer}/{subject} or client:{id}.")
    var principal: String

    @OptionGroup(title: "Gateway") var gateway: GatewayConnectionOptions

    func run() async throws {
        let principal = self.principal
        try await GatewayClient.with(try self.gateway.access()) { client in
            _ = try await client.call(.DELETE, "\(client.access.root)\(PrincipalAddress.path(principal))/suspension")
            Console.standardOutput.line("\(principal) is let in again.")
        }
    }
}

/// Where a principal is.
private enum PrincipalAddress {
    /// The id is the text in the URL form of Base64.
    static func path(_ principal: String) -> String {
        let id = Data(principal.utf8).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
            .replacing("=", with: "")
        return "/access/principals/\(id)"
    }
}

/// A principal as the gateway lists it; only what the table shows.
private struct ListedPrincipal: Decodable, Sendable {
    let principal: String
    let lastSeenAt: String?
    let authenticationMethod: String?
    let suspended: Bool

    /// The columns of the table.
    static let header = ["PRINCIPAL", "STATE", "LAST SEEN", "BY"]

    var cells: [String] {
        [
            self.principal, self.suspended ? "suspended" : "", self.lastSeenAt ?? "never",
            self.authenticationMethod ?? "",
        ]
    }
}
