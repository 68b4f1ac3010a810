import ArgumentParser
import FoundationEssentials
import NIOCore
import NIOHTTP1

/// `collimator webhooks`: who is called when something changes.
struct WebhooksCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhooks",
        abstract: "Have receivers called when studies change, and look at what was delivered.",
        discussion: """
            An endpoint is the client of its id, who gets what rules allow it and nothing else. It gets nothing before \
            it has answered a challenge. Receiving and verifying: docs/webhooks.md.

              collimator webhooks create --name "The worklist" https://worklist.example.org/hook
              collimator webhooks verify ep_1A2b…
              collimator webhooks deliveries ep_1A2b…
            """,
        subcommands: [
            WebhooksListCommand.self, WebhooksCreateCommand.self, WebhooksVerifyCommand.self,
            WebhooksSuspendCommand.self, WebhooksRotateCommand.self, WebhooksCredentialsCommand.self,
            WebhooksConditionCommand.self, WebhooksTestCommand.self,
            WebhooksDeliveriesCommand.self, WebhooksAttemptsCommand.self, WebhooksRedeliverCommand.self,
            WebhooksReplayCommand.self, WebhooksRemoveCommand.self,
        ],
        defaultSubcommand: WebhooksListCommand.self
    )
}

/// `collimator webhooks list`: a line for each endpoint.
struct WebhooksListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Show the endpoints.",
        discussion: """
              collimator webhooks list
              collimator webhooks list --json
            """
    )

    @Flag(help: "Show JSON, one endpoint on each line.")
    var json = false

    @OptionGroup(title: "Gateway") var gateway: GatewayConnectionOptions

    func run() async throws {
        let json = self.json
        try await GatewayClient.with(try self.gateway.access()) { client in
            let url = "\(client.access.root)/webhooks"
            if json {
                for endpoint in try await client.allItems(JSONTree.self, at: url) {
                    Console.standardOutput.line(try endpoint.line)
                }
                return
            }
            var table = TextTable(header: ListedWebhook.header)
            table.rows = try await client.allItems(ListedWebhook.self, at: url).map(\.cells)
            for line in table.lines(cellMax: 64) { Console.standardOutput.line(line) }
        }
    }
}

/// `collimator webhooks create`: a new endpoint, whose secret is printed once.
struct WebhooksCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make an endpoint and print its secret, which is not shown again.",
        discussion: """
            The id and what to do next stand on the standard error, the secret alone on the standard output.

              collimator webhooks create --name "The worklist" --type study.stable https://worklist.example.org/hook
            """
    )

    @Argument(help: "Where it is called: an address with https.")
    var url: String

    @Option(help: "What people call it.")
    var name: String

    @Option(help: "A type of event that it asks for, such as study.stable; once for each (default: all).")
    var type: [String] = []

    @Option(help: "A store that it asks for; once for each (default: all).")
    var store: [String] = []

    @Option(help: "A modality that it asks for; once for each (default: all).")
    var modality: [String] = []

    @Option(help: "A file with the condition on studies that it asks for, in JSON as in a rule (default: none).")
    var condition: String?

    @Option(help: "How much of a study it asks for: uids, orders or demographics.")
    var data = "uids"

    @Option(help: "The most calls in a minute (default: as many as it answers).")
    var callsPerMinute: Int?

    @Flag(help: "Call for events of one study one after the other.")
    var ordered = false

    @OptionGroup var files: WebhookCredentialFiles

    @OptionGroup(title: "Gateway") var gateway: GatewayConnectionOptions

    private struct Wish: Encodable {
        let url: String
        let name: String
        let types: [String]
        let stores: [String]
        let modalities: [String]
        let condition: JSONTree?
        let dataPolicy: String
        let callsPerMinute: Int?
        let ordered: Bool
        let headers: [String: String]?
        let clientCertificate: WebhookCredentialFiles.Wish.Certificate?
    }

    func validate() throws { try self.files.check() }

    func run() async throws {
        let credentials = try self.files.wish()
        let wish = Wish(
            url: self.url,
            name: self.name,
            types: self.type,
            stores: self.store,
            modalities: self.modality,
            condition: try self.condition.map { try WebhooksConditionCommand.condition(in: $0) },
            dataPolicy: self.data,
            callsPerMinute: self.callsPerMinute,
            ordered: self.ordered,
            headers: credentials.headers,
            clientCertificate: credentials.clientCertificate
        )
        let body = try JSONEncoder().encode(wish)
        try await GatewayClient.with(try self.gateway.access()) { client in
            let answer = try await client.call(.POST, "\(client.access.root)/webhooks", json: body)
            let made = try GatewayClient.decode(IssuedWebhook.self, answer)
            Console.standardError.line("The endpoint \(made.id), to which rules give rights as \(made.principal).")
            Console.standardError.line("When its receiver knows the secret: collimator webhooks verify \(made.id)")
            made.show()
        }
    }
}

/// `collimator webhooks verify`: the challenge.
struct WebhooksVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Challenge an endpoint; it is called once it has answered, and again after a suspension.",
        discussion: """
              collimator webhooks verify ep_1A2b…
            """
    )

    @Argument(help: "The id of the endpoint.")
    var id: String

    @OptionGroup(title: "Gateway") var gateway: GatewayConnectionOptions

    func run() async throws {
        let (path, id) = (try WebhookAddress.path(self.id), self.id)
        try await GatewayClient.with(try self.gateway.access()) { client in
            _ = try await client.call(.POST, "\(client.access.root)\(path)/challenges")
            Console.standardOutput.line("The endpoint \(id) is active.")
        }
    }
}

/// `collimator webhooks suspend`: no calls for now.
struct WebhooksSuspendCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "suspend",
        abstract: "Call an endpoint no more until it is verified again.",
        discussion: """
              collimator webhooks suspend ep_1A2b…
            """
    )

    @Argument(help: "The id of the endpoint.")
    var id: String

    @OptionGroup(title: "Gateway") var gateway: GatewayConnectionOptions

    func run() async throws {
        let (path, id) = (try WebhookAddress.path(self.id), self.id)
        try await GatewayClient.with(try self.gateway.access()) { client in
            _ = try await client.call(.PUT, "\(client.access.root)\(path)/suspension")
            Console.standardOutput.line("The endpoint \(id) is suspended.")
        }
    }
}

/// `collimator webhooks rotate`: another secret.
struct WebhooksRotateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Give an endpoint another secret and print it; the one before signs beside it for a while.",
        discussion: """
              collimator webhooks rotate ep_1A2b…
              collimator webhooks rotate ep_1A2b… --overlap 0
            """
    )

    @Argument(help: "The id of the endpoint.")
    var id: String

    @Option(help: "How many seconds the secret before signs beside the new one.")
    var overlap = 86_400

    @OptionGroup(title: "Gateway") var gateway: GatewayConnectionOptions

    func run() async throws {
        let path = try WebhookAddress.path(self.id)
        let body = try JSONEncoder().encode(["overlapSeconds": self.overlap])
        try await GatewayClient.with(try self.gateway.access()) { client in
            let answer = try await client.call(.POST, "\(client.access.root)\(path)/secret-rotations", json: body)
            try GatewayClient.decode(IssuedWebhook.self, answer).show()
        }
    }
}

/// `collimator webhooks remove`: the end of an endpoint.
struct WebhooksRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Remove an endpoint, with all that was to be delivered to it.",
        discussion: """
              collimator webhooks remove ep_1A2b…
            """
    )

    @Argument(help: "The id of the endpoint.")
    var id: String

    @OptionGroup(title: "Gateway") var gateway: GatewayConnectionOptions

    func run() async throws {
        let (path, id) = (try WebhookAddress.path(self.id), self.id)
        try await GatewayClient.with(try self.gateway.access()) { client in
            _ = try await client.call(.DELETE, "\(client.access.root)\(path)")
            Console.standardOutput.line("The endpoint \(id) is removed.")
        }
    }
}

/// Where an endpoint and its deliveries are.
enum WebhookAddress {
    /// Throws ``CommandFailure`` for what is no id and could lead elsewhere.
    static func path(_ id: String) throws -> String {
        guard id.hasPrefix("ep_"), Self.isPlain(id) else {
            throw CommandFailure.notDone(
                "That is no id of an endpoint.",
                remedy: "`collimator webhooks list` shows the ids."
            )
        }
        return "/webhooks/\(id)"
    }

    /// The same for a delivery.
    static func path(_ id: String, event: String) throws -> String {
        guard event.hasPrefix("evt_"), Self.isPlain(event) else {
            throw CommandFailure.notDone(
                "That is no id of an event.",
                remedy: "`collimator webhooks deliveries` shows the ids."
            )
        }
        return "\(try Self.path(id))/deliveries/\(event)"
    }

    private static func isPlain(_ text: String) -> Bool {
        text.utf8.count <= 64
            && text.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || byte == 0x2D || byte == 0x5F
            }
    }
}

/// An endpoint with its secret.
private struct IssuedWebhook: Decodable {
    let id: String
    let principal: String
    let secret: String

    /// The text goes where a script can take it; what people want to know, beside it.
    func show() {
        Console.standardError.line("The secret of \(self.id), shown this once:")
        Console.standardOutput.line(self.secret)
    }
}

/// An endpoint as the gateway lists it; only what the table shows.
private struct ListedWebhook: Decodable, Sendable {
    let id: String
    let name: String
    let url: String
    let state: String
    let types: [String]

    /// The columns of the table.
    static let header = ["ID", "STATE", "NAME", "TYPES", "URL"]

    var cells: [String] {
        let types = self.types.isEmpty ? "all" : self.types.joined(separator: " ")
        return [self.id, self.state, self.name, types, self.url]
    }
}
