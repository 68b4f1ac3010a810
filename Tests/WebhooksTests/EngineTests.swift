import Catalog
import CollimatorCore
import Cryptography
import Foundation
import Logging
import Synchronization
import TestSupport
import Testing

@testable import Webhooks

@Suite("Deliveries")
struct EngineTests {
    @Test("each event comes once, signed, with its own id, to those who asked for it")
    func delivers() async throws {
        try await Rig.run { rig in
            let all = try await rig.endpoint("https://a.example/")
            var filter = WebhookFilter()
            filter.types = ["study.created"]
            filter.modalities = ["MR"]
            let some = try await rig.endpoint("https://b.example/", filter)
            try await rig.store("1.2.1", modality: "CT")
            try await rig.store("1.2.2", modality: "MR")
            try await rig.settle()
            let messages = rig.receiver.messages
            #expect(messages.count { $0.url == all.endpoint.url } == 4)
            #expect(messages.count { $0.url == some.endpoint.url } == 1)
            #expect(Set(messages.map { "\($0.url) \($0.headers["webhook-id"] ?? "")" }).count == 5)
            for message in messages where message.url == all.endpoint.url {
                let id = try #require(message.headers["webhook-id"])
                let seconds = try #require(message.headers["webhook-timestamp"].flatMap { Int64($0) })
                let expected = try all.secret.signature(id: id, seconds: seconds, body: message.body)
                #expect(message.headers["webhook-signature"] == expected)
            }
            #expect(try await rig.webhooks.count(.delivered) == 5)
        }
    }

    @Test("a receiver that always fails is called by the schedule, with the same id and body, and then no more")
    func schedule() async throws {
        try await Rig.run { rig in
            _ = try await rig.endpoint("https://a.example/")
            rig.receiver.answers { _ in .answered(status: 500) }
            try await rig.store("1.2.1", modality: nil)
            try await rig.settle()
            let calls = rig.receiver.calls
            let waits = zip(calls.dropFirst(), calls).map { $0.at - $1.at }
            let planned: [Double] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]
            #expect(waits.count == planned.count)
            // A wait has its jitter, and no pause of the endpoint is longer than a quarter of an hour.
            for (wait, plan) in zip(waits, planned) { #expect(wait >= plan * 0.9 && wait <= plan * 1.1 + 900) }
            #expect(Set(calls.map { $0.message.headers["webhook-id"] }).count == 1)
            #expect(Set(calls.map(\.message.body)).count == 1)
            #expect(Set(calls.map { $0.message.headers["webhook-timestamp"] }).count == calls.count)
            #expect(try await rig.webhooks.count(.dead) == 1)
        }
    }

    @Test("what is dead is delivered when it is asked for again")
    func redelivered() async throws {
        try await Rig.run { rig in
            let made = try await rig.endpoint("https://a.example/")
            rig.receiver.answers { _ in .failed(.unreachable) }
            try await rig.store("1.2.1", modality: nil)
            try await rig.settle()
            rig.receiver.answers { _ in .answered(status: 204) }
            let event = try #require(rig.receiver.messages.first?.headers["webhook-id"])
            let again = try await rig.engine.redeliver(event, to: made.endpoint.id)
            #expect(again.state == .waiting && again.attempts == 0)
            try await rig.settle()
            #expect(try await rig.webhooks.count(.delivered) == 1)
            #expect(try await rig.webhooks.count(.dead) == 0)
        }
    }

    @Test("Retry-After is obeyed, up to a day", arguments: [(120, 120.0), (10_000_000, 86_400.0)])
    func retryAfter(asked: Int, least: Double) async throws {
        try await Rig.run { rig in
            _ = try await rig.endpoint("https://a.example/")
            rig.receiver.answers { count in
                count == 1 ? .answered(status: 429, retryAfter: .seconds(asked)) : .answered(status: 200)
            }
            try await rig.store("1.2.1", modality: nil)
            try await rig.settle()
            let calls = rig.receiver.calls
            #expect(calls.count == 2)
            #expect(calls[1].at - calls[0].at >= least && calls[1].at - calls[0].at < least + 5)
        }
    }

    @Test("case 58: a redirect is a failure", arguments: [301, 302, 303, 307, 308])
    func redirect(status: Int) async throws {
        try await Rig.run { rig in
            _ = try await rig.endpoint("https://a.example/")
            rig.receiver.answers { count in .answered(status: count == 1 ? status : 200) }
            try await rig.store("1.2.1", modality: nil)
            try await rig.settle()
            #expect(rig.receiver.calls.map(\.message.url) == ["https://a.example/", "https://a.example/"])
        }
    }

    @Test("410 switches the endpoint off, and the feed tells of it")
    func gone() async throws {
        try await Rig.run { rig in
            let made = try await rig.endpoint("https://a.example/")
            rig.receiver.answers { _ in .answered(status: 410) }
            try await rig.store("1.2.1", modality: nil)
            try await rig.store("1.2.2", modality: nil)
            try await rig.settle()
            #expect(try await rig.webhooks.endpoint(made.endpoint.id).state == .gone)
            #expect(rig.receiver.calls.count <= 2)
            let last = try await rig.feed.events(after: nil, limit: 100).events.last
            #expect(last?.type == .webhookDisabled && last?.subject == made.endpoint.id)
        }
    }

    @Test("five days of nothing but failures switch the endpoint off")
    func failing() async throws {
        try await Rig.run { rig in
            let made = try await rig.endpoint("https://a.example/")
            rig.receiver.answers { _ in .failed(.timeout) }
            for index in 0..<4 {
                try await rig.store("1.2.\(index + 1)", modality: nil)
                try await rig.settle()
            }
            #expect(try await rig.webhooks.endpoint(made.endpoint.id).state == .failing)
        }
    }

    @Test("case 67: an endpoint whose owner has not answered the challenge gets the challenge and nothing else")
    func consent() async throws {
        try await Rig.run { rig in
            let made = try await rig.unproved("https://victim.example/")
            try await rig.store("1.2.1", modality: nil)
            try await rig.settle()
            #expect(rig.receiver.calls.isEmpty)
            rig.receiver.answers { _ in .answered(status: 200, body: Array("hello".utf8)) }
            await #expect(throws: CollimatorError.self) { try await rig.engine.prove(made.endpoint.id) }
            try await rig.store("1.2.2", modality: nil)
            try await rig.settle()
            #expect(rig.receiver.calls.count == 1)
            #expect(try await rig.webhooks.endpoint(made.endpoint.id).state == .unproved)
        }
    }

    @Test("while a rotation overlaps both secrets sign, and afterwards the new one alone")
    func rotation() async throws {
        try await Rig.run { rig in
            let made = try await rig.endpoint("https://a.example/")
            let id = made.endpoint.id
            let new = try await rig.webhooks.rotate(id, now: rig.engine.milliseconds, overlap: .seconds(3_600))
            try await rig.store("1.2.1", modality: nil)
            try await rig.settle()
            rig.clock.pass(3_601)
            try await rig.store("1.2.2", modality: nil)
            try await rig.settle()
            let lists = rig.receiver.messages.map { $0.headers["webhook-signature"]?.split(separator: " ").count }
            #expect(lists == [2, 1])
            let after = try await rig.webhooks.secrets(of: id, now: rig.engine.milliseconds)
            #expect(after == [new] && new != made.secret)
        }
    }

    @Test("a worker that was too slow writes nothing over what a later one did")
    func fencing() async throws {
        try await Rig.run { rig in
            _ = try await rig.endpoint("https://a.example/")
            try await rig.store("1.2.1", modality: nil)
            while try await rig.engine.fanOut() > 0 {}
            let slow = try #require(try await rig.claim().first)
            #expect(try await rig.claim().isEmpty, "what somebody holds is nobody else's")
            rig.clock.pass(31)
            let quick = try #require(try await rig.claim().first)
            #expect(quick.id == slow.id)
            try await rig.finish(quick, .answered(status: 200))
            try await rig.finish(slow, .failed(.broken))
            #expect(try await rig.webhooks.count(.delivered) == 1)
            #expect(try await rig.webhooks.endpoints().map(\.failures) == [0])
        }
    }

    @Test("a call that ends after its endpoint was removed says nothing about a delivery of another")
    func removed() async throws {
        try await Rig.run { rig in
            let first = try await rig.endpoint("https://a.example/")
            try await rig.store("1.2.1", modality: nil)
            while try await rig.engine.fanOut() > 0 {}
            let late = try #require(try await rig.claim().first)
            try await rig.webhooks.remove(first.endpoint.id)
            _ = try await rig.endpoint("https://b.example/")
            try await rig.store("1.2.2", modality: nil)
            while try await rig.engine.fanOut() > 0 {}
            let next = try #require(try await rig.claim().first)
            #expect(next.id == late.id, "the number of a delivery that is gone is given again")
            try await rig.finish(late, .answered(status: 200))
            #expect(try await rig.webhooks.count(.delivered) == 0)
            try await rig.finish(next, .answered(status: 200))
            #expect(try await rig.webhooks.count(.delivered) == 1)
        }
    }

    @Test("the engine delivers what comes while it runs, with no more calls at the same time than it may have")
    func running() async throws {
        try await Rig.run { rig in
            for name in ["a", "b", "c"] { _ = try await rig.endpoint("https://\(name).example/") }
            let (arrived, continuation) = AsyncStream<Int>.makeStream()
            let underway = Mutex(0)
            var limits = WebhookLimits()
            limits.total = 2
            let engine = rig.engine(limits) { _ in
                continuation.yield(
                    underway.withLock {
                        $0 += 1; return $0
                    }
                )
                for _ in 0..<10 { await Task.yield() }
                underway.withLock { $0 -= 1 }
                return .answered(status: 200)
            }
            let running = Task { await engine.run(logger: Logger(label: "test")) }
            for index in 0..<4 { try await rig.store("1.2.\(index + 1)", modality: nil) }
            var counts: [Int] = []
            for await count in arrived.prefix(12) { counts.append(count) }
            running.cancel()
            await running.value
            #expect(counts.count == 12 && counts.allSatisfy { (1...2).contains($0) })
            #expect(try await rig.webhooks.count(.waiting) == 0)
        }
    }

    @Test("case 63: a page of the feed that is taken twice brings each delivery once")
    func idempotent() async throws {
        try await Rig.run { rig in
            _ = try await rig.endpoint("https://a.example/")
            try await rig.store("1.2.1", modality: "CT")
            let cursor = try await rig.webhooks.cursor()
            let page = try await rig.feed.events(after: cursor, limit: 10)
            var taken = page
            let audience = EventAudience(try await rig.webhooks.endpoints())
            let deliveries = try await rig.engine.deliveries(of: &taken, to: audience, limit: .max)
            for _ in 0..<3 { _ = try await rig.webhooks.fanOut(deliveries, to: page.next, now: 1) }
            #expect(try await rig.webhooks.count(.waiting) == 2)
            #expect(try await rig.webhooks.cursor() == page.next)
        }
    }

    @Test("what an endpoint may not have is not sent, also where it was allowed when the event came")
    func withheld() async throws {
        try await Rig.run { rig in
            _ = try await rig.endpoint("https://a.example/")
            try await rig.store("1.2.1", modality: nil)
            while try await rig.engine.fanOut() > 0 {}
            rig.forbid("1.2.1")
            try await rig.settle()
            #expect(rig.receiver.calls.isEmpty)
            #expect(try await rig.webhooks.count(.withheld) == 1)
        }
    }

    @Test("case 65: an endpoint with a long queue that never answers leaves room for the others")
    func fairness() async throws {
        try await Rig.run { rig in
            let slow = try await rig.endpoint("https://slow.example/")
            for index in 0..<300 { try await rig.store("1.2.\(index + 1)", modality: nil) }
            while try await rig.engine.fanOut() > 0 {}
            let held = try await rig.claim()
            #expect(held.count == 8 && held.allSatisfy { $0.endpoint == slow.endpoint.id })
            let good = try await rig.endpoint("https://good.example/")
            try await rig.store("1.3.1", modality: nil)
            while try await rig.engine.fanOut() > 0 {}
            let next = try await rig.claim()
            #expect(next.map(\.endpoint) == [good.endpoint.id])
        }
    }

    @Test("case 65: endpoints that always have something to do take turns with one that seldom has")
    func turns() async throws {
        try await Rig.run { rig in
            let busy = [
                try await rig.endpoint("https://a.example/").endpoint.id,
                try await rig.endpoint("https://b.example/").endpoint.id,
                try await rig.endpoint("https://c.example/").endpoint.id,
            ]
            for index in 0..<10 { try await rig.store("1.2.\(index + 1)", modality: nil) }
            while try await rig.engine.fanOut() > 0 {}
            var last = ""
            var turns: [String] = []
            for _ in 0..<6 {
                let claimed = try await rig.webhooks.claim(
                    now: rig.engine.milliseconds,
                    limit: 1,
                    perEndpoint: 8,
                    lease: .seconds(30),
                    after: last
                )
                last = try #require(claimed.first).endpoint
                turns.append(last)
            }
            #expect(turns == busy.sorted() + busy.sorted())
        }
    }

    @Test("where the engine was too late for a part of the feed, what is still kept is delivered")
    func late() async throws {
        try await Rig.run { rig in
            _ = try await rig.endpoint("https://a.example/")
            while try await rig.engine.fanOut() > 0 {}
            try await rig.store("1.2.1", modality: nil)
            rig.clock.pass(8 * 24 * 60 * 60)
            try await rig.store("1.2.2", modality: nil)
            #expect(try await rig.feed.dropOld() > 0)
            try await rig.settle()
            let bodies = rig.receiver.messages.map { String(decoding: $0.body, as: UTF8.self) }
            #expect(bodies.count == 1 && bodies.allSatisfy { $0.contains("1.2.2") && !$0.contains("1.2.1\"") })
        }
    }

    @Test("an endpoint whose secret was sealed with a key that is lost sends again with a new one, rotated as usual")
    func lostKey() async throws {
        try await Rig.run { rig in
            let id = try await rig.endpoint("https://a.example/").endpoint.id
            let other = WebhookStore(
                database: rig.webhooks.database,
                seal: DeterministicSeal(secret: [UInt8](repeating: 8, count: 32), purpose: "webhooks")
            )
            let now = rig.engine.milliseconds
            await #expect { try await other.secrets(of: id, now: now) } throws: { error in
                (error as? CollimatorError)?.code == .conflict
            }
            let new = try await other.rotate(id, now: now, overlap: .seconds(3_600))
            #expect(try await other.secrets(of: id, now: now) == [new])
        }
    }

    @Test("case 57: a name that nobody knows for a while is looked up again, and its endpoint is not given up")
    func unknownName() async throws {
        try await Rig.run { rig in
            let made = try await rig.endpoint("https://a.example/")
            rig.receiver.answers { count in count < 4 ? .failed(.nameUnknown) : .answered(status: 204) }
            try await rig.store("1.2.1", modality: nil)
            try await rig.settle()
            #expect(rig.receiver.calls.count == 4)
            #expect(try await rig.webhooks.count(.delivered) == 1)
            let endpoint = try await rig.webhooks.endpoint(made.endpoint.id)
            #expect(endpoint.state == .active && endpoint.failures == 0)
        }
    }

    @Test("a clock that jumps neither stops calls nor has them made all at once", arguments: [-7_200.0, 7_200.0])
    func clockJumps(seconds: Double) async throws {
        try await Rig.run { rig in
            _ = try await rig.endpoint("https://a.example/")
            rig.receiver.answers { _ in .failed(.unreachable) }
            for index in 0..<6 { try await rig.store("1.2.\(index + 1)", modality: nil) }
            while try await rig.engine.fanOut() > 0 {}
            // So many failures in a row have it left alone for a while.
            for _ in 0..<2 { _ = try await rig.engine.work() }
            let before = rig.receiver.calls.count
            rig.clock.pass(seconds)
            rig.receiver.answers { _ in .answered(status: 200) }
            try await rig.store("1.3.1", modality: nil)
            while try await rig.engine.fanOut() > 0 {}
            while try await rig.engine.work() > 0 {}
            let after = Array(rig.receiver.messages.dropFirst(before))
            #expect(after.contains { String(decoding: $0.body, as: UTF8.self).contains("1.3.1") })
            #expect(Set(after.map { $0.headers["webhook-id"] }).count == after.count)
            try await rig.settle()
            #expect(try await rig.webhooks.count(.delivered) == 7)
        }
    }

    @Test("case 64: a secret stands nowhere in the file as it is")
    func sealed() async throws {
        try await Rig.run { rig in
            let made = try await rig.endpoint("https://a.example/")
            let bytes = try rig.fileBytes()
            #expect(bytes.range(of: Data("https://a.example/".utf8)) != nil)
            #expect(bytes.range(of: Data(made.secret.key)) == nil)
            #expect(bytes.range(of: Data(made.secret.text.utf8)) == nil)
        }
    }
}
