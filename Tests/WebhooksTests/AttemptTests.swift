import Catalog
import CollimatorCore
import Cryptography
import DICOMweb
import Foundation
import Testing

@testable import Webhooks

@Suite("Attempts")
struct AttemptTests {
    @Test("a call that ends with the process is no failure, and an answer that came is one", arguments: [true, false])
    func stopped(isAnswered: Bool) async throws {
        try await Rig.run { rig in
            let id = try await rig.endpoint("https://a.example/").endpoint.id
            try await rig.store("1.2.1", modality: nil)
            while try await rig.engine.fanOut() > 0 {}
            let claimed = try #require(try await rig.claim().first)
            rig.receiver.answers { _ in
                withUnsafeCurrentTask { $0?.cancel() }
                return isAnswered ? .answered(status: 500) : .failed(.unreachable)
            }
            let engine = rig.engine
            let outcome = await Task { try await engine.deliver(claimed) }.result
            let wasWritten = if case .success = outcome { true } else { false }
            #expect(wasWritten == isAnswered)
            #expect(try await rig.webhooks.endpoint(id).failures == (isAnswered ? 1 : 0))
            try await rig.engine.takeUp()
            rig.clock.pass(3_600)
            #expect(try await rig.claim().first?.attempts == (isAnswered ? 1 : 0))
        }
    }

    private static func text(_ message: WebhookMessage) -> String { String(decoding: message.body, as: UTF8.self) }

    @Test("where rules or the endpoint ask for less than when it was written, less is sent, and not nothing")
    func reduced() async throws {
        try await Rig.run { rig in
            let made = try await rig.endpoint("https://a.example/") { $0.policy = .orders }
            try await rig.store("1.2.1", modality: nil)
            try await rig.store("1.2.2", modality: nil)
            while try await rig.engine.fanOut() > 0 {}
            #expect(try await rig.claim().allSatisfy { String(decoding: $0.body, as: UTF8.self).contains("A-1") })
            rig.clock.pass(31)
            rig.forbidden.limit(to: .uids)
            _ = try await rig.engine.work()
            #expect(rig.receiver.messages.count == 2)
            #expect(rig.receiver.messages.allSatisfy { !Self.text($0).contains("A-1") })
            // Once more, when rules allow it again and the endpoint wants it no longer.
            rig.forbidden.limit(to: .demographics)
            _ = try await rig.engine.change(made.endpoint.id) { $0.policy = .uids }
            let event = try #require(rig.receiver.messages.first?.headers["webhook-id"])
            _ = try await rig.engine.redeliver(event, to: made.endpoint.id)
            _ = try await rig.engine.work()
            #expect(rig.receiver.messages.count == 3)
            #expect(rig.receiver.messages.last.map { !Self.text($0).contains("A-1") } == true)
            // A neighbour: with both it is sent as it was written.
            _ = try await rig.engine.change(made.endpoint.id) { $0.policy = .orders }
            _ = try await rig.engine.redeliver(event, to: made.endpoint.id)
            _ = try await rig.engine.work()
            #expect(rig.receiver.messages.last.map { Self.text($0).contains("A-1") } == true)
            #expect(try await rig.webhooks.count(.withheld) == 0)
        }
    }

    @Test("what is to say less and is no longer in the feed is not sent")
    func reducedTooLate() async throws {
        try await Rig.run { rig in
            _ = try await rig.endpoint("https://a.example/") { $0.policy = .orders }
            try await rig.store("1.2.1", modality: nil)
            while try await rig.engine.fanOut() > 0 {}
            rig.clock.pass(8 * 24 * 60 * 60)
            #expect(try await rig.feed.dropOld() > 0)
            rig.forbidden.limit(to: .uids)
            try await rig.settle()
            #expect(rig.receiver.messages.isEmpty)
            #expect(try await rig.webhooks.count(.withheld) == 1)
        }
    }

    @Test("Retry-After holds the endpoint's other deliveries, too, also where calls under way are taken")
    func held() async throws {
        try await Rig.run { rig in
            let made = try await rig.endpoint("https://a.example/")
            let other = try await rig.endpoint("https://b.example/")
            for index in 0..<2 { try await rig.store("1.2.\(index + 1)", modality: nil) }
            while try await rig.engine.fanOut() > 0 {}
            let claimed = try await rig.claim().filter { $0.endpoint == made.endpoint.id }
            try #require(claimed.count == 2)
            try await rig.finish(claimed[0], .answered(status: 429, retryAfter: .seconds(600)))
            try await rig.finish(claimed[1], .answered(status: 200))
            try await rig.store("1.3.1", modality: nil)
            while try await rig.engine.fanOut() > 0 {}
            #expect(try await rig.claim().map(\.endpoint) == [other.endpoint.id])
            let endpoint = try await rig.webhooks.endpoint(made.endpoint.id)
            #expect(endpoint.pausedUntil == rig.engine.milliseconds + 600_000)
            rig.clock.pass(601)
            #expect(try await rig.claim().contains { $0.endpoint == made.endpoint.id })
        }
    }

    @Test("a secret that cannot be read is an attempt on record, with the reason")
    func unreadable() async throws {
        try await Rig.run { rig in
            let made = try await rig.endpoint("https://a.example/")
            try await rig.store("1.2.1", modality: nil)
            while try await rig.engine.fanOut() > 0 {}
            let lost = WebhookEngine(
                store: WebhookStore(
                    database: rig.webhooks.database,
                    seal: DeterministicSeal(secret: [UInt8](repeating: 8, count: 32), purpose: "webhooks")
                ),
                feed: rig.feed,
                sender: rig.receiver.sender,
                addresses: AddressPolicy(),
                clock: rig.engine.clock,
                decisions: rig.engine.decisions
            )
            #expect(try await lost.work() == 1)
            #expect(rig.receiver.messages.isEmpty && rig.forbidden.notes.isEmpty)
            let all = try await rig.webhooks.deliveries(of: made.endpoint.id, in: nil, before: nil, limit: 10)
            let delivery = try #require(all.first)
            #expect(delivery.state == .waiting && delivery.attempts == 1)
            let attempts = try await rig.webhooks.attempts(of: delivery.event, to: made.endpoint.id, limit: 10)
            #expect(attempts.map(\.failure) == ["secret-unreadable"])
        }
    }

    @Test("a second rotation within the overlap is refused, and one without an overlap ends every secret before")
    func rotations() async throws {
        try await Rig.run { rig in
            let made = try await rig.endpoint("https://a.example/")
            let (id, now) = (made.endpoint.id, rig.engine.milliseconds)
            let second = try await rig.webhooks.rotate(id, now: now, overlap: .seconds(3_600))
            await #expect { try await rig.webhooks.rotate(id, now: now, overlap: .seconds(60)) } throws: { error in
                (error as? CollimatorError)?.code == .conflict
            }
            #expect(try await rig.webhooks.secrets(of: id, now: now) == [second, made.secret])
            let third = try await rig.webhooks.rotate(id, now: now, overlap: .zero)
            #expect(try await rig.webhooks.secrets(of: id, now: now) == [third])
            let fourth = try await rig.webhooks.rotate(id, now: now, overlap: .seconds(60))
            let fifth = try await rig.webhooks.rotate(id, now: now + 60_000, overlap: .seconds(60))
            #expect(try await rig.webhooks.secrets(of: id, now: now + 60_000) == [fifth, fourth])
        }
    }

    @Test("a challenge that is under way while somebody switches the endpoint off does not switch it on")
    func suspendedMeanwhile() async throws {
        try await Rig.run { rig in
            let made = try await rig.endpoint("https://a.example/")
            rig.clock.pass(60)
            let engine = rig.engine(WebhookLimits()) { message in
                do {
                    try await rig.webhooks.set(.off, of: made.endpoint.id)
                } catch {
                    Issue.record(error)
                }
                let challenge = StrictJSON(parsing: message.body)?["challenge"]?.text ?? ""
                return .answered(status: 200, body: Array(challenge.utf8))
            }
            await #expect { try await engine.prove(made.endpoint.id) } throws: { error in
                (error as? CollimatorError)?.code == .conflict
            }
            #expect(try await rig.webhooks.endpoint(made.endpoint.id).state == .off)
        }
    }
}
