import ArgumentParser
import FoundationEssentials
import NIOHTTP1

/// `collimator webhooks condition`: which studies an endpoint asks for, by their attributes.
struct WebhooksConditionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "condition",
        abstract: "Show, change or take away the condition on studies that an endpoint asks for.",
        discussion: """
            A condition is a JSON object as `condition` of a rule, such as {"institution": ["North*"]}. Without a file it is \
            shown. It narrows what rules allow the endpoint, and allows nothing.

              collimator webhooks condition ep_1A2b…
              collimator webhooks condition ep_1A2b… condition.json
              collimator webhooks condition ep_1A2b… --none
            """
    )

    @Argument(help: "The id of the endpoint.")
    var id: String

    @Argument(help: "A file with the condition.")
    var file: String?

    @Flag(help: "Take the condition away.")
    var none = false

    @OptionGroup(title: "Gateway") var gateway: GatewayConnectionOptions

    private struct Change: Encodable {
        let condition: JSONTree
    }

    private struct Shown: Decodable {
        let condition: JSONTree?
    }

    func validate() throws {
        guard !self.none || self.file == nil else { throw ValidationError("Give a file or --none, and not both.") }
    }

    func run() async throws {
        let path = try WebhookAddress.path(self.id)
        var change = try self.file.map { Change(condition: try Self.condition(in: $0)) }
        if self.none { change = Change(condition: .null) }
        let body = try change.map { try JSONEncoder().encode($0) }
        try await GatewayClient.with(try self.gateway.access()) { client in
            let answer = try await client.call(body == nil ? .GET : .PATCH, "\(client.access.root)\(path)", json: body)
            let shown = try GatewayClient.decode(Shown.self, answer)
            Console.standardOutput.line(try shown.condition?.line ?? "none")
        }
    }

    /// What the file says; whether it can be a condition is for the gateway to say.
    ///
    /// Throws ``CommandFailure``.
    static func condition(in path: String) throws -> JSONTree {
        do {
            return try JSONDecoder().decode(JSONTree.self, from: try PolicyInput.read(path))
        } catch is DecodingError {
            throw CommandFailure.notDone(
                "The file with the condition is no JSON.",
                remedy: "Write an object as `condition` of a rule, such as {\"institution\": [\"North*\"]}."
            )
        }
    }
}
