import Catalog
import CollimatorCore
import DICOMweb
import Foundation
import Persistence
import Testing

@testable import Webhooks

@Suite("Claims and outcomes of many deliveries")
struct ClaimTests {
    /// Keeps how the database means to run each statement that reads.
    private final class Explaining: SQLConnection {
        private let base: any SQLConnection
        private(set) var plans: [String: [String]] = [:]

        init(_ base: any SQLConnection) { self.base = base }

        func execute(_ sql: String, _ arguments: [SQLValue]) throws -> Int { try self.base.execute(sql, arguments) }

        func forEach(_ sql: String, _ arguments: [SQLValue], _ body: (SQLRow) throws -> Void) throws {
            if self.plans[sql] == nil {
                self.plans[sql] = try self.base.query("EXPLAIN QUERY PLAN " + sql, arguments).map { try $0.text(3) }
            }
            try self.base.forEach(sql, arguments, body)
        }
    }

    @Test("a claim sorts nothing and reads no queue from end to end", arguments: [false, true])
    func plans(isOrdered: Bool) async throws {
        try await Rig.run { rig in
            _ = try await rig.endpoint("https://a.example/") { $0.isOrdered = isOrdered }
            for index in 0..<5 { try await rig.store("1.2.\(index + 1)", modality: "CT") }
            while try await rig.engine.fanOut() > 0 {}
            let now = rig.engine.milliseconds
            let plans = try await rig.webhooks.database.write { connection in
                let explaining = Explaining(connection)
                let claimed = try WebhookStore.claim(
                    ClaimWish(now: now, limit: 256, perEndpoint: 8, lease: .seconds(30)),
                    on: explaining
                )
                #expect(claimed.count == (isOrdered ? 5 : 8))
                return explaining.plans
            }
            #expect(plans.count >= 2)
            let steps = plans.values.flatMap { $0 }
            #expect(steps.contains { $0.contains("INDEX deliveryOpen (endpoint>?)") }, "\(steps)")
            if isOrdered { #expect(steps.contains { $0.contains("INDEX deliveryInOrder (endpoint=?)") }, "\(steps)") }
            for step in steps {
                #expect(!step.contains("TEMP B-TREE"), "\(step)")
                #expect(!["SCAN delivery", "SCAN d", "SCAN u", "SCAN e"].contains { step.hasPrefix($0) }, "\(step)")
            }
        }
    }

    @Test("a claim looks behind those that have as many calls as they may, however many these are")
    func behindBusy() async throws {
        try await Rig.run { rig in
            var ids: [String] = []
            for index in 0..<6 { ids.append(try await rig.endpoint("https://\(index).example/").endpoint.id) }
            ids.sort()
            for index in 0..<3 { try await rig.store("1.2.\(index + 1)", modality: nil) }
            while try await rig.engine.fanOut() > 0 {}
            // All but the last one's calls are taken; one endpoint may have more, so that the database lets all of them through.
            var ahead: [String: Int] = [:]
            for id in ids.dropLast() { ahead[id] = 1 }
            let now = rig.engine.milliseconds
            let first = try await rig.webhooks.claim(now: now, limit: 5, perEndpoint: 1, lease: .seconds(30))
            #expect(Set(first.map(\.endpoint)) == Set(ids.dropLast()))
            let next = try await rig.webhooks.claim(
                now: now,
                limit: 1,
                perEndpoint: 1,
                lease: .seconds(30),
                ahead: ["another": 8]
            )
            #expect(next.map(\.endpoint) == ids.suffix(1))
        }
    }

    @Test("what is forgotten of what endpoints were told is found along an index, and nothing is sorted")
    func forgotten() async throws {
        try await Rig.run { rig in
            let plans = try await rig.webhooks.database.read { connection in
                try [WebhookStore.dropReviewed, WebhookStore.dropAny].flatMap { sql in
                    try connection.query("EXPLAIN QUERY PLAN " + sql, [.integer(10)]).map { try $0.text(3) }
                }
            }
            #expect(plans.contains { $0.contains("INDEX toldByReview") }, "\(plans)")
            for step in plans { #expect(!step.contains("TEMP B-TREE"), "\(step)") }
        }
    }

    @Test("a claim goes from where the last one ended all the way round, also where many may not be called")
    func round() async throws {
        try await Rig.run { rig in
            var ids: [String] = []
            for index in 0..<6 { ids.append(try await rig.endpoint("https://\(index).example/").endpoint.id) }
            ids.sort()
            try await rig.store("1.2.1", modality: nil)
            while try await rig.engine.fanOut() > 0 {}
            let paused = [ids[0], ids[3], ids[5]]
            let now = rig.engine.milliseconds
            try await rig.webhooks.database.write { connection in
                for id in paused {
                    _ = try connection.execute(
                        "UPDATE endpoint SET pausedUntil = ?2 WHERE id = ?1",
                        [.text(id), .integer(now + 60_000)]
                    )
                }
            }
            let claimed = try await rig.webhooks.claim(
                now: now,
                limit: 256,
                perEndpoint: 8,
                lease: .seconds(30),
                after: ids[2]
            )
            #expect(claimed.map(\.endpoint) == [ids[4], ids[1], ids[2]])
        }
    }

    @Test("of an endpoint that answers quickly more is taken than may be called, but no call before its time")
    func ahead() async throws {
        try await Rig.run { rig in
            let quick = try await rig.endpoint("https://a.example/").endpoint.id
            let spread = try await rig.endpoint("https://b.example/") { $0.callsPerMinute = 60_000 }.endpoint.id
            let other = try await rig.endpoint("https://c.example/").endpoint.id
            for index in 0..<12 { try await rig.store("1.2.\(index + 1)", modality: nil) }
            while try await rig.engine.fanOut() > 0 {}
            func claim(_ ahead: [String: Int]) async throws -> [String: Int] {
                try await rig.webhooks.claim(
                    now: rig.engine.milliseconds,
                    limit: 256,
                    perEndpoint: 2,
                    lease: .seconds(30),
                    ahead: ahead
                ).reduce(into: [:]) { $0[$1.endpoint, default: 0] += 1 }
            }
            #expect(try await claim([quick: 4, spread: 4]) == [quick: 6, spread: 2, other: 2])
            #expect(try await claim([quick: 4, spread: 4]).isEmpty)
            #expect(try await claim([quick: 5]) == [quick: 1])
        }
    }

    @Test("a clock that is set back does not stop calls that are spread over the minute")
    func paceAndClock() async throws {
        try await Rig.run { rig in
            _ = try await rig.endpoint("https://a.example/") { $0.callsPerMinute = 60 }
            for index in 0..<3 { try await rig.store("1.2.\(index + 1)", modality: nil) }
            while try await rig.engine.fanOut() > 0 {}
            #expect(try await rig.claim().count == 1)
            rig.clock.pass(-60)
            try await rig.store("1.3.1", modality: nil)
            while try await rig.engine.fanOut() > 0 {}
            #expect(try await rig.claim().count == 1)
            #expect(try await rig.claim().isEmpty)
        }
    }

    @Test("a delivery that goes back uncalled costs its endpoint none of the calls that are spread over the minute")
    func paceAndGivingBack() async throws {
        try await Rig.run { rig in
            _ = try await rig.endpoint("https://a.example/") { $0.callsPerMinute = 60 }
            for index in 0..<2 { try await rig.store("1.2.\(index + 1)", modality: nil) }
            while try await rig.engine.fanOut() > 0 {}
            let claimed = try #require(try await rig.claim().first)
            #expect(try await rig.claim().isEmpty)
            try await rig.webhooks.giveBack(claimed, dueAt: rig.engine.milliseconds)
            #expect(try await rig.claim().count == 1)
            #expect(try await rig.claim().isEmpty)
        }
    }

    @Test("a delivery that is withheld costs its endpoint none of the calls that are spread over the minute")
    func paceAndWithholding() async throws {
        try await Rig.run { rig in
            _ = try await rig.endpoint("https://a.example/") { $0.callsPerMinute = 60 }
            for index in 0..<5 { try await rig.store("1.2.\(index + 1)", modality: nil) }
            while try await rig.engine.fanOut() > 0 {}
            for index in 0..<3 { rig.forbid("1.2.\(index + 1)") }
            for _ in 0..<4 { #expect(try await rig.engine.work() == 1) }
            #expect(try await rig.webhooks.count(.withheld) == 3)
            #expect(try await rig.webhooks.count(.delivered) == 1)
            // That one was called: the next has to wait.
            #expect(try await rig.engine.work() == 0)
            rig.clock.pass(1)
            #expect(try await rig.engine.work() == 1)
        }
    }

    @Test("of more than may wait the oldest are given up with the reason, and can be asked for again")
    func excess() async throws {
        try await Rig.run { rig in
            let id = try await rig.endpoint("https://a.example/").endpoint.id
            for index in 0..<5 { try await rig.store("1.2.\(index + 1)", modality: nil) }
            while try await rig.engine.fanOut() > 0 {}
            var limits = WebhookLimits()
            limits.waitingMax = 3
            let engine = rig.engine(limits) { _ in .answered(status: 200) }
            #expect(try await engine.giveUp() == 2)
            #expect(try await engine.giveUp() == 0)
            let dead = try await rig.webhooks.deliveries(of: id, in: .dead, before: nil, limit: 9)
            #expect(dead.compactMap { $0.study?.rawValue } == ["1.2.2", "1.2.1"])
            let event = try #require(dead.first).event
            let attempts = try await rig.webhooks.attempts(of: event, to: id, limit: 9)
            #expect(attempts.map(\.failure) == ["queue-full"])
            _ = try await rig.engine.redeliver(event, to: id)
            try await rig.settle()
            #expect(try await rig.webhooks.count(.delivered) == 4)
        }
    }

    @Test("what waits for an endpoint that is not called is given up after the retention, and not before")
    func waitedTooLong() async throws {
        try await Rig.run { rig in
            let off = try await rig.endpoint("https://a.example/").endpoint.id
            let on = try await rig.endpoint("https://b.example/").endpoint.id
            try await rig.store("1.2.1", modality: nil)
            while try await rig.engine.fanOut() > 0 {}
            try await rig.webhooks.set(.off, of: off)
            rig.clock.pass(29 * 86_400)
            #expect(try await rig.engine.giveUp() == 0)
            rig.clock.pass(2 * 86_400)
            #expect(try await rig.engine.giveUp() == 1)
            let dead = try #require(try await rig.webhooks.deliveries(of: off, in: .dead, before: nil, limit: 9).first)
            let attempts = try await rig.webhooks.attempts(of: dead.event, to: off, limit: 9)
            #expect(attempts.map(\.failure) == ["waited-too-long"])
            #expect(try await rig.webhooks.count(.waiting, of: on) == 1)
        }
    }

    @Test("outcomes that come together are all written, and one that cannot be takes none with it")
    func outcomes() async throws {
        try await Rig.run { rig in
            struct Unwritable: Error {}
            _ = try await rig.endpoint("https://a.example/")
            for index in 0..<8 { try await rig.store("1.2.\(index + 1)", modality: nil) }
            while try await rig.engine.fanOut() > 0 {}
            let claimed = try await rig.claim()
            #expect(claimed.count == 8)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for delivery in claimed {
                    group.addTask { try await rig.finish(delivery, .answered(status: 200)) }
                    group.addTask {
                        await #expect(throws: (any Error).self) {
                            try await rig.webhooks.outcomes.write { _ in throw Unwritable() }
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await rig.webhooks.count(.delivered) == 8)
            #expect(try await rig.webhooks.count(.underway) == 0)
        }
    }
}
