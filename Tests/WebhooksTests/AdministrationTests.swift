import Catalog
import CollimatorCore
import Cryptography
import DICOMweb
import Foundation
import TestSupport
import Testing

@testable import Webhooks

@Suite("Administration of endpoints")
struct AdministrationTests {
    private static func code(_ body: () async throws -> Void) async -> CollimatorError.Code? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? CollimatorError)?.code
        }
    }

    @Test("another address has to be proved again, and other settings have not")
    func changed() async throws {
        try await Rig.run { rig in
            let made = try await rig.endpoint("https://a.example/")
            let renamed = try await rig.engine.change(made.endpoint.id) { $0.name = "other" }
            #expect(renamed.state == .active && renamed.settings.name == "other")
            let moved = try await rig.engine.change(made.endpoint.id) { $0.url = "https://b.example/" }
            #expect(moved.state == .unproved && moved.url == "https://b.example/")
            try await rig.store("1.2.1", modality: nil)
            try await rig.settle()
            #expect(rig.receiver.calls.isEmpty)
            let refused = await Self.code {
                _ = try await rig.engine.change(made.endpoint.id) { $0.url = "https://127.0.0.1/" }
            }
            #expect(refused == .invalidInput)
        }
    }

    @Test("of changes that come at once none undoes another")
    func together() async throws {
        try await Rig.run { rig in
            let id = try await rig.endpoint("https://a.example/").endpoint.id
            for round in 1...20 {
                async let renamed = rig.engine.change(id) { $0.name = "name \(round)" }
                async let slowed = rig.engine.change(id) { $0.callsPerMinute = 100 + round }
                async let narrowed = rig.engine.change(id) { $0.filter.modalities = ["M\(round)"] }
                _ = try await (renamed, slowed, narrowed)
                let settings = try await rig.engine.store.endpoint(id).settings
                #expect(settings.name == "name \(round)")
                #expect(settings.callsPerMinute == 100 + round)
                #expect(settings.filter.modalities == ["M\(round)"])
            }
        }
    }

    @Test("case 67: who sends back whatever comes has agreed to nothing, and is not asked again at once")
    func echoing() async throws {
        try await Rig.run { rig in
            let made = try await rig.unproved("https://echo.example/")
            let echo = rig.engine(WebhookLimits()) { .answered(status: 200, body: $0.body) }
            #expect(await Self.code { try await echo.prove(made.endpoint.id) } == .unprocessable)
            #expect(await Self.code { try await rig.prove(made.endpoint) } == .rateLimited)
            rig.clock.pass(6)
            try await rig.prove(made.endpoint)
            #expect(try await rig.webhooks.endpoint(made.endpoint.id).state == .active)
        }
    }

    @Test("an endpoint that was moved while it was asked is not active")
    func movedMeanwhile() async throws {
        try await Rig.run { rig in
            let made = try await rig.unproved("https://a.example/")
            let id = made.endpoint.id
            let moving = rig.engine(WebhookLimits()) { message in
                let text = StrictJSON(parsing: message.body)?["challenge"]?.text ?? ""
                do {
                    _ = try await rig.engine.change(id) { $0.url = "https://victim.example/" }
                } catch {
                    Issue.record(error)
                }
                return .answered(status: 200, body: Array(text.utf8))
            }
            #expect(await Self.code { try await moving.prove(id) } == .conflict)
            #expect(try await rig.webhooks.endpoint(id).state == .unproved)
        }
    }

    @Test("a test goes to an endpoint that is active, and to no other")
    func tests() async throws {
        try await Rig.run { rig in
            let made = try await rig.unproved("https://a.example/")
            #expect(await Self.code { _ = try await rig.engine.test(made.endpoint.id) } == .conflict)
            try await rig.prove(made.endpoint)
            #expect(try await rig.engine.test(made.endpoint.id).status == 200)
            let sent = try #require(rig.receiver.messages.last)
            #expect(StrictJSON(parsing: sent.body)?["type"]?.text == "webhook.test")
            let id = try #require(sent.headers["webhook-id"])
            let seconds = try #require(sent.headers["webhook-timestamp"].flatMap { Int64($0) })
            let expected = try made.secret.signature(id: id, seconds: seconds, body: sent.body)
            #expect(sent.headers["webhook-signature"] == expected)
        }
    }

    @Test("deliveries and their attempts can be looked at, without what was said")
    func listed() async throws {
        try await Rig.run { rig in
            let id = try await rig.endpoint("https://a.example/").endpoint.id
            rig.receiver.answers { count in
                count == 1 ? .answered(status: 503, body: Array("Smith".utf8)) : .answered(status: 204)
            }
            for index in 1...3 { try await rig.store("1.2.\(index)", modality: nil) }
            try await rig.settle()
            let all = try await rig.webhooks.deliveries(of: id, in: nil, before: nil, limit: 10)
            #expect(all.count == 3 && all.map(\.number) == all.map(\.number).sorted(by: >))
            let rest = try await rig.webhooks.deliveries(of: id, in: .delivered, before: all[0].number, limit: 10)
            #expect(rest == Array(all.dropFirst()))
            let twice = try #require(all.first { $0.attempts == 2 })
            let calls = try await rig.webhooks.attempts(of: twice.event, to: id, limit: 100)
            #expect(calls.map(\.status) == [503, 204] && calls.map(\.number) == [1, 2])
            #expect(
                await Self.code { _ = try await rig.webhooks.attempts(of: "evt_1_1", to: id, limit: 1) } == .notFound
            )
            #expect(try rig.fileBytes().range(of: Data("Smith".utf8)) == nil)
        }
    }

    @Test("what ended long ago is forgotten, and what still waits is not")
    func retention() async throws {
        try await Rig.run { rig in
            let id = try await rig.endpoint("https://a.example/").endpoint.id
            try await rig.store("1.2.1", modality: nil)
            try await rig.settle()
            rig.clock.pass(29 * 86_400)
            #expect(try await rig.engine.dropOld() == 0)
            try await rig.store("1.2.2", modality: nil)
            while try await rig.engine.fanOut() > 0 {}
            rig.clock.pass(2 * 86_400)
            #expect(try await rig.engine.dropOld() == 1)
            #expect(
                try await rig.webhooks.deliveries(of: id, in: nil, before: nil, limit: 9).map(\.state) == [.waiting]
            )
        }
    }

    @Test("an endpoint gets as much as it asks for and rules allow, and no body that says more than it may have now")
    func policies() async throws {
        try await Rig.run { rig in
            _ = try await rig.endpoint("https://a.example/") { $0.policy = .demographics }
            _ = try await rig.endpoint("https://b.example/")
            rig.forbidden.limit(to: .orders)
            try await rig.store("1.2.1", modality: nil)
            while try await rig.engine.fanOut() > 0 {}
            let bodies = try await rig.claim().map { ($0.url, $0.policy, String(decoding: $0.body, as: UTF8.self)) }
            for (url, policy, body) in bodies {
                #expect(policy == (url.contains("a.example") ? .orders : .uids))
                #expect(body.contains("A-1") == url.contains("a.example") && !body.contains("\"patient\""))
            }
            rig.forbidden.limit(to: .uids)
            rig.clock.pass(31)
            try await rig.settle()
            #expect(Set(rig.receiver.messages.map(\.url)) == ["https://a.example/", "https://b.example/"])
            #expect(rig.receiver.messages.allSatisfy { !String(decoding: $0.body, as: UTF8.self).contains("A-1") })
            #expect(try await rig.webhooks.count(.withheld) == 0)
        }
    }

    @Test("calls are spread over the minute where so many were asked for")
    func pace() async throws {
        try await Rig.run { rig in
            _ = try await rig.endpoint("https://a.example/") { $0.callsPerMinute = 120 }
            for index in 1...6 { try await rig.store("1.2.\(index)", modality: nil) }
            while try await rig.engine.fanOut() > 0 {}
            #expect(try await rig.engine.work() == 2)
            #expect(try await rig.engine.work() == 0)
            rig.clock.pass(0.5)
            #expect(try await rig.engine.work() == 1)
            rig.clock.pass(60)
            #expect(try await rig.engine.work() == 2)
        }
    }

    @Test("in order, an event of a study waits for the one before it, and other studies do not")
    func ordered() async throws {
        try await Rig.run { rig in
            let id = try await rig.endpoint("https://a.example/") { $0.isOrdered = true }.endpoint.id
            try await rig.store("1.2.1", modality: "CT")
            try await rig.store("1.2.2", modality: "CT")
            while try await rig.engine.fanOut() > 0 {}
            let first = try await rig.claim()
            #expect(first.map { $0.subject.study?.rawValue } == ["1.2.1", "1.2.2"])
            #expect(try await rig.claim().isEmpty)
            try await rig.finish(first[0], .answered(status: 500))
            #expect(try await rig.claim().isEmpty)
            try await rig.finish(first[1], .answered(status: 200))
            #expect(try await rig.claim().map { $0.subject.study?.rawValue } == ["1.2.2"])
            #expect(try await rig.webhooks.count(.delivered, of: id) == 1)
        }
    }

    @Test("what one that was killed had under way is taken up at once by the next")
    func takenUp() async throws {
        try await Rig.run { rig in
            _ = try await rig.endpoint("https://a.example/")
            try await rig.store("1.2.1", modality: nil)
            while try await rig.engine.fanOut() > 0 {}
            let late = try #require(try await rig.claim().first)
            try await rig.engine.takeUp()
            #expect(try await rig.engine.work() == 1)
            try await rig.finish(late, .failed(.broken))
            #expect(try await rig.webhooks.count(.delivered) == 1)
        }
    }
}
