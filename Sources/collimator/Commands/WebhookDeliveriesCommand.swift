import ArgumentParser
import FoundationEssentials
import NIOCore
import NIOHTTP1

/// `collimator webhooks test`: a message that says nothing.
struct WebhooksTestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Send an endpoint a signed message that says nothing, and show what came of it.",
        discussion: """
              collimator webhooks test ep_1A2b…
            """
    )

    @Argument(help: "The id of the endpoint.")
    var id: String

    @OptionGroup(title: "Gateway") var gateway: GatewayConnectionOptions

    private struct Outcome: Decodable {
        let delivered: Bool
        let status: Int?
        let failure: String?
        let durationMilliseconds: Int
    }

    func run() async throws {
        let path = try WebhookAddress.path(self.id)
        try await GatewayClient.with(try self.gateway.access()) { client in
            let answer = try await client.call(.POST, "\(client.access.root)\(path)/tests")
            let outcome = try GatewayClient.decode(Outcome.self, answer)
            let what = outcome.status.map { "status \($0)" } ?? outcome.failure ?? "no answer"
            guard outcome.delivered else {
                throw CommandFailure.notDone("The endpoint did not take it: \(what).")
            }
            Console.standardOutput.line("The endpoint took it: \(what) after \(outcome.durationMilliseconds) ms.")
        }
    }
}

/// `collimator webhooks deliveries`: a line for each.
struct WebhooksDeliveriesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deliveries",
        abstract: "Show what was and is delivered to an endpoint, the newest first.",
        discussion: """
              collimator webhooks deliveries ep_1A2b…
              collimator webhooks deliveries ep_1A2b… --state failed --json
            """
    )

    @Argument(help: "The id of the endpoint.")
    var id: String

    @Option(help: "Only those that are waiting, underway, delivered, failed or withheld.")
    var state: DeliveryStateOption?

    @Option(help: "How many, at most 200.")
    var limit = 50

    @Flag(help: "Show JSON, one delivery on each line.")
    var json = false

    @OptionGroup(title: "Gateway") var gateway: GatewayConnectionOptions

    private struct Page<Item: Decodable>: Decodable {
        let items: [Item]
    }

    func run() async throws {
        let path = try WebhookAddress.path(self.id)
        let query = "?limit=\(self.limit)" + (self.state.map { "&state=\($0.rawValue)" } ?? "")
        let json = self.json
        try await GatewayClient.with(try self.gateway.access()) { client in
            let answer = try await client.get("\(client.access.root)\(path)/deliveries\(query)")
            if json {
                for delivery in try GatewayClient.decode(Page<JSONTree>.self, answer).items {
                    Console.standardOutput.line(try delivery.line)
                }
                return
            }
            var table = TextTable(header: ListedDelivery.header)
            table.rows = try GatewayClient.decode(Page<ListedDelivery>.self, answer).items.map(\.cells)
            for line in table.lines(cellMax: 64) { Console.standardOutput.line(line) }
        }
    }
}

/// `collimator webhooks attempts`: the calls of one delivery.
struct WebhooksAttemptsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attempts",
        abstract: "Show the calls that were made for an event.",
        discussion: """
              collimator webhooks attempts ep_1A2b… evt_4k_17
            """
    )

    @Argument(help: "The id of the endpoint.")
    var id: String

    @Argument(help: "The id of the event.")
    var event: String

    @OptionGroup(title: "Gateway") var gateway: GatewayConnectionOptions

    private struct Attempts: Decodable {
        let items: [ListedAttempt]
    }

    func run() async throws {
        let path = try WebhookAddress.path(self.id, event: self.event)
        try await GatewayClient.with(try self.gateway.access()) { client in
            let answer = try await client.get("\(client.access.root)\(path)/attempts")
            var table = TextTable(header: ListedAttempt.header)
            table.rows = try GatewayClient.decode(Attempts.self, answer).items.map(\.cells)
            for line in table.lines(cellMax: 64) { Console.standardOutput.line(line) }
        }
    }
}

/// `collimator webhooks redeliver`: one delivery once more.
struct WebhooksRedeliverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "redeliver",
        abstract: "Deliver an event to an endpoint once more.",
        discussion: """
              collimator webhooks redeliver ep_1A2b… evt_4k_17
            """
    )

    @Argument(help: "The id of the endpoint.")
    var id: String

    @Argument(help: "The id of the event.")
    var event: String

    @OptionGroup(title: "Gateway") var gateway: GatewayConnectionOptions

    func run() async throws {
        let (path, event) = (try WebhookAddress.path(self.id, event: self.event), self.event)
        try await GatewayClient.with(try self.gateway.access()) { client in
            _ = try await client.call(.POST, "\(client.access.root)\(path)/redeliveries")
            Console.standardOutput.line("The event \(event) is delivered once more.")
        }
    }
}

/// `collimator webhooks replay`: everything since a time once more.
struct WebhooksReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Deliver to an endpoint what it missed since a time, and show how far that is.",
        discussion: """
            It goes on when this command is interrupted. What was delivered is left out, unless --all is given.

              collimator webhooks replay ep_1A2b… --since 2026-01-05T00:00:00Z
            """
    )

    @Argument(help: "The id of the endpoint.")
    var id: String

    @Option(help: "From this time on, such as 2026-01-05T00:00:00Z.")
    var since: String

    @Option(help: "Until this time (default: now).")
    var until: String?

    @Flag(help: "Deliver again what was delivered.")
    var all = false

    @Flag(help: "Do not wait for its end.")
    var detach = false

    @OptionGroup(title: "Gateway") var gateway: GatewayConnectionOptions

    private struct Wish: Encodable {
        let since: String
        let until: String?
        let includeDelivered: Bool
    }

    private struct Replay: Decodable {
        let id: String
        let state: String
        let events: Int
        let eventsDone: Int
        let deliveries: Int
        let complete: Bool
    }

    private static let interval = Duration.seconds(1)

    func run() async throws {
        let path = try WebhookAddress.path(self.id)
        let body = try JSONEncoder().encode(Wish(since: self.since, until: self.until, includeDelivered: self.all))
        let waits = !self.detach
        try await GatewayClient.with(try self.gateway.access()) { client in
            let url = "\(client.access.root)\(path)/replays"
            var replay = try GatewayClient.decode(Replay.self, try await client.call(.POST, url, json: body))
            while waits, replay.state == "running" {
                Console.standardError.line("\(replay.eventsDone) of \(replay.events) events looked at.")
                try await Task.sleep(for: Self.interval)
                replay = try GatewayClient.decode(Replay.self, try await client.get("\(url)/\(replay.id)"))
            }
            if !replay.complete { Console.standardError.line("Not all events since then are still kept.") }
            Console.standardOutput.line("The replay \(replay.id) is \(replay.state): \(replay.deliveries) deliveries.")
        }
    }
}

/// What can have become of a delivery.
enum DeliveryStateOption: String, ExpressibleByArgument, CaseIterable {
    case waiting
    case underway
    case delivered
    case failed
    case withheld
}

/// A delivery as the gateway lists it; only what the table shows.
private struct ListedDelivery: Decodable, Sendable {
    let event: String
    let type: String
    let study: String?
    let state: String
    let attempts: Int
    let createdAt: String

    /// The columns of the table.
    static let header = ["EVENT", "STATE", "ATTEMPTS", "WRITTEN", "TYPE", "STUDY"]

    var cells: [String] {
        [self.event, self.state, String(self.attempts), self.createdAt, self.type, self.study ?? ""]
    }
}

/// A call as the gateway lists it.
private struct ListedAttempt: Decodable, Sendable {
    let number: Int
    let startedAt: String
    let durationMilliseconds: Int
    let status: Int?
    let failure: String?

    /// The columns of the table.
    static let header = ["NUMBER", "STARTED", "MILLISECONDS", "ANSWER"]

    var cells: [String] {
        let answer = self.status.map { String($0) } ?? self.failure ?? ""
        return [String(self.number), self.startedAt, String(self.durationMilliseconds), answer]
    }
}
