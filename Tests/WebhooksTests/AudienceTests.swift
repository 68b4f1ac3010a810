import Catalog
import CollimatorCore
import DICOMweb
import Testing

@testable import Webhooks

@Suite("Who an event is for")
struct AudienceTests {
    @Test("an event looks at those that may want it, and finds all that do", arguments: 0..<4)
    func audience(seed: Int) async throws {
        try await Rig.run { rig in
            let kinds = ["study.created", "series.stored", "study.deleted"]
            for number in 0..<20 {
                _ = try await rig.endpoint("https://\(number).example/") { settings in
                    let bits = (number * 7 + seed * 11) % 32
                    settings.filter.types = kinds.enumerated().filter { bits >> $0.offset & 1 == 1 }.map(\.element)
                    settings.filter.stores = [[], ["radiology"], ["trial"], ["radiology", "trial"]][bits / 8]
                }
            }
            for index in 0..<3 { try await rig.store("1.2.\(index + 1)", modality: "CT") }
            let page = try await rig.feed.events(after: try await rig.webhooks.cursor(), limit: 50)
            let endpoints = try await rig.webhooks.endpoints()
            let audience = EventAudience(endpoints)
            #expect(page.events.count >= 6)
            for event in page.events {
                let wanting = endpoints.filter { $0.isFor(event) && $0.filter.passes(event) }.map(\.id).sorted()
                #expect(audience.hearers(of: event).map(\.id) == wanting)
            }
            // A page ends with the event that fills the transaction, and goes on there.
            var taken: [Int64] = []
            var rest = page
            while let last = page.events.last, taken.last != last.sequence {
                var some = rest
                _ = try await rig.engine.deliveries(of: &some, to: audience, limit: 1)
                taken += some.events.map(\.sequence)
                rest = try await rig.feed.events(after: some.next, limit: 50)
            }
            #expect(taken == page.events.map(\.sequence))
        }
    }

    @Test("what is for one endpoint alone looks at that one, and an event of a store at none that names others")
    func few() async throws {
        try await Rig.run { rig in
            let endpoint = try await rig.endpoint("https://a.example/").endpoint
            for number in 0..<3 { _ = try await rig.endpoint("https://any\(number).example/") }
            for number in 0..<3 {
                _ = try await rig.endpoint("https://other\(number).example/") { $0.filter.stores = ["trial"] }
            }
            try await rig.store("1.2.1", modality: nil)
            let study = try #require(StudyUID("1.2.1"))
            try await rig.feed.appendRemovals([
                (study: study, store: rig.radiology, principal: endpoint.principal),
                (study: study, store: rig.radiology, principal: .client(id: "nobody")),
            ])
            let events = try await rig.feed.events(after: nil, limit: 10).events
            let audience = EventAudience(try await rig.webhooks.endpoints())
            let created = try #require(events.first { $0.type == .studyCreated })
            #expect(audience.candidates(for: created).count == 4)
            let removals = events.filter { $0.type == .studyRemoved }
            #expect(removals.map { audience.candidates(for: $0).map(\.id) } == [[endpoint.id], []])
            #expect(removals.map { audience.hearers(of: $0).map(\.id) } == [[endpoint.id], []])
        }
    }

    @Test("while no look can be written down few deliveries are tried, each rests for a while, and all are made then")
    func unmade() async throws {
        try await Rig.run { rig in
            _ = try await rig.endpoint("https://a.example/")
            for index in 0..<50 { try await rig.store("1.2.\(index + 1)", modality: nil) }
            while try await rig.engine.fanOut() > 0 {}
            rig.forbidden.failNotes(true)
            await #expect(throws: CollimatorError.self) { try await rig.engine.work() }
            #expect(rig.receiver.calls.isEmpty)
            // As many as may be called at a time are held, so that nothing else of the endpoint is taken.
            for _ in 0..<5 { #expect(try await rig.engine.work() == 0) }
            rig.clock.pass(Double(WebhookEngine.unmadeRest) / 1_000 - 0.1)
            #expect(try await rig.engine.work() == 0)
            rig.forbidden.failNotes(false)
            rig.clock.pass(0.1)
            try await rig.settle()
            #expect(rig.receiver.calls.count == 50)
        }
    }
}
