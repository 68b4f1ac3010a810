import Catalog
import CollimatorCore
import Cryptography
import DICOMweb
import Testing

@testable import Webhooks

@Suite("What leaves an endpoint's view")
struct ViewTests {
    /// The types and the studies of what the receiver got.
    private static func told(_ rig: Rig) -> [String] {
        rig.receiver.messages.map { message in
            let json = StrictJSON(parsing: message.body)
            return "\(json?["type"]?.text ?? "") \(json?["data"]?["study"]?.text ?? "")"
        }
    }

    /// An endpoint that was told of the study 1.2.1.
    private static func informed(_ rig: Rig, _ types: [String] = []) async throws -> WebhookEndpoint {
        var filter = WebhookFilter()
        filter.types = types
        let made = try await rig.endpoint("https://a.example/", filter)
        try await rig.store("1.2.1", modality: nil)
        try await rig.settle()
        return made.endpoint
    }

    @Test("a rule that is taken away is told once, thinly, of the studies that the endpoint was told of and no others")
    func rules() async throws {
        try await Rig.run { rig in
            let endpoint = try await Self.informed(rig)
            rig.forbid("1.2.2")
            try await rig.store("1.2.2", modality: nil)
            try await rig.settle()
            #expect(Self.told(rig) == ["study.created 1.2.1"])
            rig.forbid("1.2.1")
            rig.forbidden.noteRules()
            try await rig.settle()
            #expect(Self.told(rig) == ["study.created 1.2.1", "study.removed 1.2.1"])
            let last = try #require(rig.receiver.messages.last)
            let text = String(decoding: last.body, as: UTF8.self)
            #expect(!text.contains("links") && !text.contains("A-1") && text.contains(#""origin":"noticed""#))
            #expect(text.contains(#""subject":"studies/1.2.1""#))
            rig.forbidden.noteRules()
            try await rig.settle()
            #expect(rig.receiver.calls.count == 2 && endpoint.state == .active)
            #expect(try await rig.webhooks.toldCount() == 0)
        }
    }

    @Test("a change of the study that takes it from the endpoint's view is told as that")
    func study() async throws {
        try await Rig.run { rig in
            _ = try await Self.informed(rig)
            rig.forbid("1.2.1")
            try await rig.store("1.2.1", modality: "MR")
            try await rig.settle()
            #expect(Self.told(rig) == ["study.created 1.2.1", "study.removed 1.2.1"])
        }
    }

    @Test("a study that changes while it is looked at is looked at once more")
    func meanwhile() async throws {
        try await Rig.run { rig in
            _ = try await Self.informed(rig)
            let round: Int64 = 99
            for modality in ["MR", "CT", "MR"] {
                let told = try await rig.webhooks.toldToReview(in: round, limit: 10)
                #expect(told.count == 1)
                try await rig.store("1.2.1", modality: modality)
                _ = try await rig.engine.fanOut()
                try await rig.webhooks.reviewed(told, gone: [], in: round)
            }
            let told = try await rig.webhooks.toldToReview(in: round, limit: 10)
            #expect(told.count == 1)
            try await rig.webhooks.reviewed(told, gone: [], in: round)
            #expect(try await rig.webhooks.toldToReview(in: round, limit: 10).isEmpty)
        }
    }

    @Test("a right that ends by itself is seen in the next review")
    func expiry() async throws {
        try await Rig.run { rig in
            _ = try await Self.informed(rig)
            rig.forbid("1.2.1")
            try await rig.settle()
            #expect(rig.receiver.calls.count == 1)
            rig.clock.pass(3_601)
            try await rig.settle()
            #expect(Self.told(rig).last == "study.removed 1.2.1")
        }
    }

    @Test("a right that is given back before it was told is not told, and the next loss is")
    func restored() async throws {
        try await Rig.run { rig in
            _ = try await Self.informed(rig)
            rig.forbid("1.2.1")
            rig.forbidden.noteRules()
            try await rig.takeAll()
            rig.forbidden.remove("1.2.1")
            rig.forbidden.noteRules()
            try await rig.settle()
            #expect(rig.receiver.calls.count == 1)
            #expect(try await rig.webhooks.count(.withheld) == 1)
            rig.forbid("1.2.1")
            rig.forbidden.noteRules()
            try await rig.settle()
            #expect(Self.told(rig) == ["study.created 1.2.1", "study.removed 1.2.1"])
        }
    }

    @Test("a right that is taken away while the call is under way is seen when it has ended")
    func underway() async throws {
        try await Rig.run { rig in
            _ = try await rig.endpoint("https://a.example/")
            try await rig.store("1.2.1", modality: nil)
            while try await rig.engine.fanOut() > 0 {}
            let claimed = try #require(try await rig.claim().first)
            rig.forbid("1.2.1")
            rig.forbidden.noteRules()
            try await rig.takeAll()
            try await rig.finish(claimed, .answered(status: 200))
            try await rig.settle()
            #expect(Self.told(rig) == ["study.removed 1.2.1"])
        }
    }

    @Test("a study that is deleted is told as that and not as removed")
    func deleted() async throws {
        try await Rig.run { rig in
            _ = try await Self.informed(rig)
            _ = try await rig.catalog.remove(try #require(StudyUID("1.2.1")), from: rig.radiology, origin: .written)
            try await rig.settle()
            rig.forbid("1.2.1")
            rig.forbidden.noteRules()
            try await rig.settle()
            #expect(Self.told(rig) == ["study.created 1.2.1", "study.deleted 1.2.1"])
        }
    }

    @Test("of a study that is deleted nothing is known any more, also where the deletion may not be told")
    func deletedUnseen() async throws {
        try await Rig.run { rig in
            _ = try await Self.informed(rig)
            try await rig.store("1.2.2", modality: nil)
            try await rig.settle()
            rig.forbid("1.2.1")
            _ = try await rig.catalog.remove(try #require(StudyUID("1.2.1")), from: rig.radiology, origin: .written)
            try await rig.settle()
            #expect(Self.told(rig) == ["study.created 1.2.1", "study.created 1.2.2"])
            let told = try await rig.webhooks.told(of: try #require(StudyUID("1.2.1")), in: rig.radiology)
            #expect(told.isEmpty)
            #expect(try await rig.webhooks.toldCount() == 1)
        }
    }

    @Test("of an endpoint that is switched on all that it knows is looked at again, and nothing of the others")
    func switchedOn() async throws {
        try await Rig.run { rig in
            let endpoint = try await Self.informed(rig)
            let other = try await rig.endpoint("https://b.example/").endpoint
            try await rig.store("1.2.2", modality: nil)
            try await rig.settle()
            _ = try await rig.engine.switchOff(endpoint.id)
            rig.forbid("1.2.1")
            rig.forbid("1.2.2")
            rig.clock.pass(60)
            try await rig.prove(endpoint)
            #expect(try await rig.webhooks.beginReviews(limit: 1))
            #expect(try await rig.webhooks.beginReviews(limit: 1))
            try await rig.settle()
            #expect(try await rig.webhooks.beginReviews(limit: 1) == false)
            let removed = rig.receiver.messages.filter {
                String(decoding: $0.body, as: UTF8.self).contains("study.removed")
            }
            #expect(removed.map(\.url) == [endpoint.url, endpoint.url])
            #expect(try await rig.webhooks.count(.waiting, of: other.id) == 0)
        }
    }

    @Test("who did not ask for it is not told, and nobody else is")
    func filtered() async throws {
        try await Rig.run { rig in
            _ = try await Self.informed(rig, ["study.created"])
            var filter = WebhookFilter()
            filter.types = ["study.removed"]
            _ = try await rig.endpoint("https://b.example/", filter)
            rig.forbid("1.2.1")
            rig.forbidden.noteRules()
            try await rig.settle()
            #expect(Self.told(rig) == ["study.created 1.2.1"])
            // The feed is for all, and it says nothing that nobody asked for.
            let events = try await rig.feed.events(after: nil, limit: 10).events
            #expect(events.allSatisfy { $0.type != .studyRemoved })
            #expect(try await rig.webhooks.toldCount() == 0)
        }
    }

    @Test("a study that the catalog does not have has not left a view")
    func unknown() async throws {
        try await Rig.run { rig in
            _ = try await Self.informed(rig)
            _ = try await rig.catalog.remove(try #require(StudyUID("1.2.1")), from: rig.radiology, origin: .written)
            rig.forbid("1.2.1")
            rig.forbidden.noteRules()
            while try await rig.engine.review() {}
            let events = try await rig.feed.events(after: nil, limit: 10).events
            #expect(events.allSatisfy { $0.type != .studyRemoved })
        }
    }

    @Test("a call that ends after its study was deleted leaves nothing that could leave a view when that comes back")
    func endedLate() async throws {
        try await Rig.run { rig in
            _ = try await rig.endpoint("https://a.example/")
            try await rig.store("1.2.1", modality: nil)
            while try await rig.engine.fanOut() > 0 {}
            let claimed = try #require(try await rig.claim().first)
            let study = try #require(StudyUID("1.2.1"))
            _ = try await rig.catalog.remove(study, from: rig.radiology, origin: .written)
            while try await rig.engine.fanOut() > 0 {}
            try await rig.finish(claimed, .answered(status: 200))
            // A neighbour: who may still see whatever has this UID knows of it.
            while try await rig.engine.review() {}
            #expect(try await rig.webhooks.toldCount() == 1)
            rig.forbid("1.2.1")
            rig.forbidden.noteRules()
            while try await rig.engine.review() {}
            #expect(try await rig.webhooks.toldCount() == 0)
            try await rig.store("1.2.1", modality: nil)
            rig.forbidden.noteRules()
            try await rig.settle()
            #expect(Self.told(rig).isEmpty)
        }
    }

    @Test("a study that is told of again while it is looked for and not found is still known")
    func toldMeanwhile() async throws {
        try await Rig.run { rig in
            _ = try await Self.informed(rig)
            try await rig.store("1.2.1", modality: "MR")
            while try await rig.engine.fanOut() > 0 {}
            let claimed = try #require(try await rig.claim().first)
            let round: Int64 = 99
            let told = try await rig.webhooks.toldToReview(in: round, limit: 10)
            #expect(told.count == 1)
            try await rig.finish(claimed, .answered(status: 200))
            try await rig.webhooks.reviewed([], gone: [], ended: told, in: round)
            let again = try await rig.webhooks.toldToReview(in: round, limit: 10)
            #expect(again.count == 1)
            try await rig.webhooks.reviewed([], gone: [], ended: again, in: round)
            #expect(try await rig.webhooks.toldCount() == 0)
        }
    }

    @Test("what endpoints were told of has a limit, and goes with an endpoint that is removed")
    func bounded() async throws {
        try await Rig.run { rig in
            let endpoint = try await Self.informed(rig)
            for index in 2...5 { try await rig.store("1.2.\(index)", modality: nil) }
            try await rig.settle()
            #expect(try await rig.webhooks.toldCount() == 5)
            #expect(try await rig.webhooks.dropTold(beyond: 5, limit: 10) == 0)
            #expect(try await rig.webhooks.dropTold(beyond: 3, limit: 1) == 1)
            #expect(try await rig.webhooks.dropTold(beyond: 3, limit: 10) == 1)
            #expect(try await rig.webhooks.toldCount() == 3)
            try await rig.webhooks.remove(endpoint.id)
            #expect(try await rig.webhooks.toldCount() == 0)
            await #expect(throws: CollimatorError.self) { try await rig.webhooks.remove(endpoint.id) }
        }
    }

    @Test("what is still to be looked at is forgotten last")
    func order() async throws {
        try await Rig.run { rig in
            _ = try await Self.informed(rig)
            try await rig.store("1.2.2", modality: nil)
            while try await rig.engine.fanOut() > 0 {}
            while try await rig.engine.work() > 0 {}
            #expect(try await rig.webhooks.dropTold(beyond: 1, limit: 10) == 1)
            for (uid, count) in [("1.2.1", 0), ("1.2.2", 1)] {
                let told = try await rig.webhooks.told(of: try #require(StudyUID(uid)), in: rig.radiology)
                #expect(told.count == count, "\(uid)")
            }
        }
    }

    @Test("an endpoint that was off meanwhile is told when it is called again")
    func off() async throws {
        try await Rig.run { rig in
            let endpoint = try await Self.informed(rig)
            _ = try await rig.engine.switchOff(endpoint.id)
            rig.forbid("1.2.1")
            rig.forbidden.noteRules()
            try await rig.settle()
            #expect(rig.receiver.calls.count == 1)
            rig.clock.pass(60)
            try await rig.prove(endpoint)
            try await rig.settle()
            #expect(Self.told(rig) == ["study.created 1.2.1", "study.removed 1.2.1"])
        }
    }

    @Test("that an endpoint is called no more is told once, also by a process that starts after a kill")
    func ends() async throws {
        try await Rig.run { rig in
            let made = try await rig.endpoint("https://a.example/")
            try await rig.store("1.2.1", modality: nil)
            while try await rig.engine.fanOut() > 0 {}
            let claimed = try #require(try await rig.claim().first)
            try await rig.finish(claimed, .answered(status: 410))
            func told() async throws -> [ChangeEvent] {
                try await rig.feed.events(after: nil, limit: 10).events.filter { $0.type == .webhookDisabled }
            }
            #expect(try await told().isEmpty)
            for _ in 0..<2 {
                let next = rig.engine(WebhookLimits()) { _ in .answered(status: 200) }
                while try await next.fanOut() > 0 {}
            }
            #expect(try await told().map(\.subject) == [made.endpoint.id])
        }
    }
}
