import AccessControl
import CollimatorCore
import Foundation
import HTTPTypes
import HummingbirdTesting
import Testing

@testable import Gateway
@testable import Webhooks

@Suite("/api/v1/webhooks/{webhook}/deliveries and replays")
struct WebhookDeliveryTests {
    private struct Delivery: Decodable {
        let event: String
        let state: String
        let study: String?
        let attempts: Int
    }

    private struct Attempt: Decodable {
        let status: Int?
        let failure: String?
    }

    private struct Page<Item: Decodable>: Decodable {
        let items: [Item]
        let nextCursor: String?
    }

    private struct Replay: Decodable {
        let id: String
        let state: String
        let events: Int
        let eventsDone: Int
        let deliveries: Int
    }

    private let hooks: WebhookGateway
    private let id: String

    /// An endpoint that has heard of three studies.
    init() async throws {
        self.hooks = try await WebhookGateway()
        self.id = try await self.hooks.active()
        let store = try #require(StoreName("radiology"))
        try self.hooks.rule(
            [AccessRule(id: "a", .allow, .client(id: self.id), role: "receiver", on: .store(store))],
            version: 1
        )
        for number in 1...3 { try await self.hooks.store("1.2.\(number)") }
        try await self.hooks.deliver()
    }

    private func deliveries(_ query: String = "") async throws -> Page<Delivery> {
        let answer = try await self.hooks.send(.get, "/\(self.id)/deliveries\(query)")
        #expect(answer.status == .ok, "\(answer.text)")
        #expect(!answer.text.contains("Smith") && !answer.text.contains("MRN-1"))
        return try WebhookGateway.decode(Page<Delivery>.self, answer)
    }

    @Test("deliveries come in pages, the newest first, each once")
    func pages() async throws {
        let first = try await self.deliveries("?limit=2")
        let second = try await self.deliveries("?limit=2&cursor=\(first.nextCursor ?? "")")
        #expect((first.items + second.items).map(\.study) == ["1.2.3", "1.2.2", "1.2.1"])
        #expect(second.nextCursor == nil && first.items.allSatisfy { $0.state == "delivered" && $0.attempts == 1 })
        #expect(try await self.deliveries("?state=failed").items.isEmpty)
        for bad in [
            "?limit=0", "?limit=201", "?cursor=x", "?cursor=-1", "?state=dead", "?other=1",
            "?state=failed&state=failed",
        ] {
            #expect(try await self.hooks.send(.get, "/\(self.id)/deliveries\(bad)").status == .badRequest, "\(bad)")
        }
    }

    @Test("a delivery is made again with its id, and its calls can be looked at")
    func again() async throws {
        let event = try #require(try await self.deliveries().items.first).event
        let answer = try await self.hooks.send(.post, "/\(self.id)/deliveries/\(event)/redeliveries", "{}")
        #expect(answer.status == .accepted)
        #expect(answer.headers[.location] == "/api/v1/webhooks/\(self.id)/deliveries/\(event)")
        try await self.hooks.deliver()
        #expect(self.hooks.receiver.messages.filter { $0.headers["webhook-id"] == event }.count == 2)
        let attempts = try await self.hooks.send(.get, "/\(self.id)/deliveries/\(event)/attempts")
        #expect(try WebhookGateway.decode(Page<Attempt>.self, attempts).items.map(\.status) == [200, 200])
        for path in ["/deliveries/evt_1_999", "/deliveries/evt_1_999/attempts", "/deliveries/EVT", "/replays/rp_x"] {
            #expect(try await self.hooks.send(.get, "/\(self.id)\(path)").status == .notFound, "\(path)")
        }
        let none = try await self.hooks.send(.post, "/\(self.id)/deliveries/evt_1_999/redeliveries")
        #expect(none.status == .notFound)
    }

    @Test("a replay is a job with progress, of which one runs at a time")
    func replay() async throws {
        let body = #"{"since":"2026-09-21T00:00:00Z","includeDelivered":true}"#
        let answer = try await self.hooks.send(.post, "/\(self.id)/replays", body)
        #expect(answer.status == .accepted)
        let begun = try WebhookGateway.decode(Replay.self, answer)
        #expect(begun.state == "running" && begun.events == 3 && begun.eventsDone == 0)
        #expect(answer.headers[.location] == "/api/v1/webhooks/\(self.id)/replays/\(begun.id)")
        #expect(try await self.hooks.send(.post, "/\(self.id)/replays", body).status == .conflict)
        while try await self.hooks.engine.replay() { try await self.hooks.deliver() }
        let ended = try await self.hooks.send(.get, "/\(self.id)/replays/\(begun.id)")
        let replay = try WebhookGateway.decode(Replay.self, ended)
        #expect(replay.state == "finished" && replay.deliveries == 3 && replay.eventsDone == 3)
        #expect(self.hooks.receiver.messages.count == 6)
        let list = try await self.hooks.send(.get, "/\(self.id)/replays")
        #expect(try WebhookGateway.decode(Page<Replay>.self, list).items.map(\.id) == [begun.id])
        let cancelled = try await self.hooks.send(.post, "/\(self.id)/replays/\(begun.id)/cancellations")
        #expect(cancelled.status == .accepted && cancelled.text.contains("finished"))
    }

    @Test(
        "a replay since no time is refused",
        arguments: [
            "", "{}", #"{"since":"yesterday"}"#, #"{"since":null}"#, #"{"since":1}"#,
            #"{"since":"2026-01-02T00:00:00Z","until":"2026-01-01T00:00:00Z"}"#,
            #"{"since":"2026-01-02T00:00:00Z","includeDelivered":"yes"}"#,
            #"{"since":"2026-01-02T00:00:00Z","endpoint":"ep_x"}"#,
        ]
    )
    func badReplay(json: String) async throws {
        #expect(try await self.hooks.send(.post, "/\(self.id)/replays", json).status == .badRequest)
    }

    @Test("without webhooks every route of them says so")
    func nothingHere() async throws {
        var gateway = self.hooks.gateway
        gateway.parts.webhooks = nil
        let answer = try await gateway.request(.get, WebhookGateway.root)
        #expect(answer.status == .serviceUnavailable)
    }
}
