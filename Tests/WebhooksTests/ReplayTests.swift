import Catalog
import CollimatorCore
import Testing

@testable import Webhooks

@Suite("Replays")
struct ReplayTests {
    /// Milliseconds since 1970 of the rig's clock.
    private static func now(_ rig: Rig) -> Int64 { rig.engine.milliseconds }

    private static func runOut(_ rig: Rig) async throws {
        while try await rig.engine.replay() { try await rig.settle() }
        try await rig.settle()
    }

    @Test("what came while an endpoint was off is delivered, and what it has is not delivered again")
    func missed() async throws {
        try await Rig.run { rig in
            let endpoint = try await rig.endpoint("https://a.example/").endpoint
            let since = Self.now(rig)
            try await rig.store("1.2.1", modality: nil)
            try await rig.settle()
            _ = try await rig.engine.switchOff(endpoint.id)
            rig.clock.pass(60)
            try await rig.store("1.2.2", modality: nil)
            try await rig.settle()
            #expect(rig.receiver.calls.count == 1)
            try await rig.prove(endpoint)
            let replay = try await rig.engine.replay(WebhookReplay.Wish(since: since), to: endpoint.id)
            #expect(replay.state == .running && replay.events == 2 && replay.eventsDone == 0 && replay.isComplete)
            try await Self.runOut(rig)
            let ended = try await rig.webhooks.replay(replay.id, of: endpoint.id)
            #expect(ended.state == .finished && ended.deliveries == 1 && ended.eventsDone == 2)
            #expect(Set(rig.receiver.messages.compactMap { $0.headers["webhook-id"] }).count == 2)
            #expect(rig.receiver.calls.count == 2)
        }
    }

    @Test("everything of a time is delivered again with the same ids where that is asked for, and nothing else")
    func everything() async throws {
        try await Rig.run { rig in
            let endpoint = try await rig.endpoint("https://a.example/").endpoint
            try await rig.store("1.2.1", modality: nil)
            rig.clock.pass(60)
            let since = Self.now(rig)
            try await rig.store("1.2.2", modality: nil)
            rig.clock.pass(60)
            try await rig.store("1.2.3", modality: nil)
            try await rig.settle()
            let wish = WebhookReplay.Wish(since: since, until: since + 1_000, includesDelivered: true)
            let replay = try await rig.engine.replay(wish, to: endpoint.id)
            try await Self.runOut(rig)
            #expect(try await rig.webhooks.replay(replay.id, of: endpoint.id).deliveries == 1)
            let ids = rig.receiver.messages.compactMap { $0.headers["webhook-id"] }
            #expect(ids.count == 4 && ids.prefix(3).contains(ids[3]))
            let last = try #require(rig.receiver.messages.last)
            let first = rig.receiver.messages.first { $0.headers["webhook-id"] == ids[3] }
            #expect(String(decoding: last.body, as: UTF8.self).contains("1.2.2"))
            #expect(first?.body == last.body)
        }
    }

    @Test("case 68: a replay that is asked for fifty times runs once, and what it asks for is bounded")
    func repeated() async throws {
        try await Rig.run { rig in
            let endpoint = try await rig.endpoint("https://a.example/").endpoint
            let since = Self.now(rig)
            for index in 1...5 { try await rig.store("1.2.\(index)", modality: nil) }
            try await rig.settle()
            let wish = WebhookReplay.Wish(since: since, includesDelivered: true)
            let first = try await rig.engine.replay(wish, to: endpoint.id)
            for _ in 0..<49 {
                let error = await #expect(throws: CollimatorError.self) {
                    _ = try await rig.engine.replay(wish, to: endpoint.id)
                }
                #expect(error?.code == .conflict)
            }
            try await Self.runOut(rig)
            #expect(rig.receiver.calls.count == 10)
            #expect(try await rig.webhooks.replays(of: endpoint.id).map(\.id) == [first.id])
        }
    }

    @Test("a replay rests while much waits, and one that was cancelled does not go on")
    func bounded() async throws {
        try await Rig.run { rig in
            let endpoint = try await rig.endpoint("https://a.example/").endpoint
            let since = Self.now(rig)
            for index in 1...3 { try await rig.store("1.2.\(index)", modality: nil) }
            while try await rig.engine.fanOut() > 0 {}
            var limits = WebhookLimits()
            limits.replayWaitingMax = 3
            let engine = rig.engine(limits) { _ in .answered(status: 200) }
            let replay = try await engine.replay(WebhookReplay.Wish(since: since), to: endpoint.id)
            #expect(try await engine.replay() == false)
            let cancelled = try await engine.cancelReplay(replay.id, of: endpoint.id)
            #expect(cancelled.state == .cancelled && cancelled.endedAt != nil)
            _ = try await engine.work()
            #expect(try await engine.replay() == false)
            #expect(try await engine.cancelReplay(replay.id, of: endpoint.id) == cancelled)
        }
    }

    @Test("an endpoint that may no longer have an event does not get it by a replay")
    func forbidden() async throws {
        try await Rig.run { rig in
            let endpoint = try await rig.endpoint("https://a.example/").endpoint
            let since = Self.now(rig)
            try await rig.store("1.2.1", modality: nil)
            try await rig.settle()
            rig.forbid("1.2.1")
            let wish = WebhookReplay.Wish(since: since, includesDelivered: true)
            _ = try await rig.engine.replay(wish, to: endpoint.id)
            try await Self.runOut(rig)
            #expect(rig.receiver.calls.count == 1)
        }
    }
}
