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
            try await client.show(ListedPrincipal.self, at: "/access/principals", asJSON: json)
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

    @OptionGroup var target: SuspensionTarget

    func run() async throws {
        try await self.target.change(by: .PUT, saying: "is suspended")
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

    @OptionGroup var target: SuspensionTarget

    func run() async throws {
        try await self.target.change(by: .DELETE, saying: "is let in again")
    }
}

/// Who is kept out or let in.
struct SuspensionTarget: ParsableArguments {
    @Argument(help: "The principal, as rules name it: user:{issuer}/{subject} or client:{id}.")
    var principal: String

    @OptionGroup(title: "Gateway") var gateway: GatewayConnectionOptions

    func change(by method: HTTPMethod, saying end: String) async throws {
        let principal = self.principal
        // The id is the text in the URL form of Base64.
        let id = Data(principal.utf8).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
            .replacing("=", with: "")
        try await GatewayClient.with(try self.gateway.access()) { client in
            _ = try await client.call(method, "\(client.access.root)/access/principals/\(id)/suspension")
            Console.standardOutput.line("\(principal) \(end).")
        }
    }
}

/// A principal as the gateway lists it; only what the table shows.
private struct ListedPrincipal: ListedRow {
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
