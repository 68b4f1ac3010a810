import ArgumentParser
import FoundationEssentials
import NIOCore
import NIOHTTP1

/// `collimator iam`: direct rules beside the IAM policies of a store and its dataset.
struct IAMCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "iam",
        abstract: "Bring direct rules into the IAM policies of a store and its dataset.",
        discussion: """
            The gateway plans and never changes an IAM policy. `apply` does, with a Google credential of your own.

              collimator iam plan --store radiology
              collimator iam apply --store radiology --key-file me.json
              collimator iam drift --store radiology
            """,
        subcommands: [IAMPlanCommand.self, IAMApplyCommand.self, IAMDriftCommand.self, IAMImportCommand.self]
    )
}

/// `collimator iam plan`: what would have to be changed.
struct IAMPlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show what the rules would change in IAM; nothing is changed.",
        discussion: """
              collimator iam plan --store radiology
              collimator iam plan --store radiology --json
            """
    )

    @Flag(help: "Show JSON.")
    var json = false

    @OptionGroup(title: "Gateway") var gateway: GatewayOptions

    func run() async throws {
        try await GatewayClient.with(try self.gateway.access()) { client in
            let answer = try await client.call(.POST, "\(client.access.api)/iam/plans")
            if self.json {
                Console.standardOutput.line(String(buffer: answer))
                return
            }
            let plan = try GatewayClient.decode(IAMPlanText.self, answer)
            for line in plan.lines { Console.standardOutput.line(line) }
            Console.standardOutput.line(plan.summary)
        }
    }
}

/// `collimator iam drift`: whether IAM is as the rules ask.
struct IAMDriftCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drift",
        abstract: "Say whether IAM is as the rules ask; ends with status 1 where it is not.",
        discussion: """
              collimator iam drift --store radiology
            """
    )

    @OptionGroup(title: "Gateway") var gateway: GatewayOptions

    func run() async throws {
        try await GatewayClient.with(try self.gateway.access()) { client in
            let answer = try await client.call(.POST, "\(client.access.api)/iam/plans")
            let plan = try GatewayClient.decode(IAMPlanText.self, answer)
            for line in plan.lines { Console.standardOutput.line(line) }
            guard let hasDrifted = plan.drift else { throw plan.unreadable }
            if hasDrifted { throw CommandFailure.inPart }
            Console.standardOutput.line("IAM is as the rules ask.")
        }
    }
}

/// `collimator iam import`: the bindings of a store as rules.
struct IAMImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Read the bindings of a store as direct rules.",
        discussion: """
            IAM knows people by their addresses, and rules never do: say who is who.

              collimator iam import --store radiology --principal user:ann@example.org=user:google/1234 --dry-run
            """
    )

    @Option(help: "A member of IAM and its principal, with = between; may be given several times.")
    var principal: [String] = []

    @Flag(help: "Only say which rules would be added.")
    var dryRun = false

    @OptionGroup(title: "Gateway") var gateway: GatewayOptions

    private struct Wish: Encodable {
        let store: String
        let principals: [String: String]
    }

    private struct Imported: Decodable {
        let version: Int
        let applied: Bool
        let rules: [JSONTree]
        let skipped: [Skipped]

        struct Skipped: Decodable {
            let role: String
            let member: String
            let reason: String
        }
    }

    func run() async throws {
        let body = try JSONEncoder().encode(Wish(store: self.gateway.store, principals: try Self.pairs(self.principal)))
        let query = self.dryRun ? "?dryRun=true" : ""
        try await GatewayClient.with(try self.gateway.access()) { client in
            let url = "\(client.access.root)/access/iam-imports\(query)"
            let imported = try GatewayClient.decode(Imported.self, try await client.call(.POST, url, json: body))
            for rule in imported.rules { Console.standardOutput.line(try rule.line) }
            for skipped in imported.skipped {
                Console.standardOutput.line("left: \(skipped.role)  \(skipped.member)  (\(skipped.reason))")
            }
            let count = imported.rules.count == 1 ? "1 rule" : "\(imported.rules.count) rules"
            let end = imported.applied ? "\(count) added: version \(imported.version)." : "\(count) would be added."
            Console.standardOutput.line(end)
        }
    }

    static func pairs(_ texts: [String]) throws -> [String: String] {
        var pairs: [String: String] = [:]
        for text in texts {
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, pairs.updateValue(parts[1], forKey: parts[0]) == nil else {
                throw CommandFailure.notDone(
                    "Each --principal is a member of IAM and its principal, and no member comes twice.",
                    remedy: "Such as --principal user:ann@example.org=user:google/1234"
                )
            }
        }
        return pairs
    }
}
