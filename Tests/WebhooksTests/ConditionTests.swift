import AccessControl
import Catalog
import CollimatorCore
import Cryptography
import Foundation
import Persistence
import Testing

@testable import Webhooks

@Suite("Conditions of endpoints")
struct ConditionTests {
    private static func filter(_ json: String) throws -> WebhookFilter {
        var filter = WebhookFilter()
        let value = try #require(StrictJSON(parsing: Array(json.utf8)))
        filter.condition = try WholeStudyCondition(value, place: "condition")
        return filter
    }

    private static let north = #"{"institution":["North"]}"#

    private static func facts(_ institutions: Set<String>) -> AccessFacts {
        AccessFacts(values: [.institution: institutions])
    }

    private func studies(_ rig: Rig) -> [String?] {
        rig.receiver.messages.map { StrictJSON(parsing: $0.body)?["data"]?["study"]?.text }
    }

    @Test("an endpoint hears of studies that it asks for, and of nothing that is of no study")
    func asked() async throws {
        try await Rig.run { rig in
            _ = try await rig.endpoint("https://a.example/", try Self.filter(Self.north))
            rig.forbidden.describe("1.2.1", Self.facts(["North"]))
            rig.forbidden.describe("1.2.2", Self.facts(["North", "South"]))
            for study in ["1.2.1", "1.2.2", "1.2.3"] { try await rig.store(study, modality: nil) }
            try await rig.feed.append(.operationFinished, subject: "operations/1")
            try await rig.settle()
            #expect(self.studies(rig) == ["1.2.1"])
            // A neighbour that asks for nothing has all of them.
            _ = try await rig.endpoint("https://b.example/")
            for study in ["1.2.1", "1.2.3"] { try await rig.store(study, modality: "CT") }
            try await rig.feed.append(.operationFinished, subject: "operations/2")
            try await rig.settle()
            let ofOther = rig.receiver.messages.filter { $0.url == "https://b.example/" }
            #expect(
                Set(ofOther.map { StrictJSON(parsing: $0.body)?["data"]?["study"]?.text }) == ["1.2.1", "1.2.3", nil]
            )
        }
    }

    @Test("before each call it is asked again, by what the endpoint asks for now")
    func again() async throws {
        try await Rig.run { rig in
            let id = try await rig.endpoint("https://a.example/", try Self.filter(Self.north)).endpoint.id
            for study in ["1.2.1", "1.2.2"] {
                rig.forbidden.describe(study, Self.facts(["North"]))
                try await rig.store(study, modality: nil)
            }
            while try await rig.engine.fanOut() > 0 {}
            rig.forbidden.describe("1.2.1", Self.facts(["South"]))
            try await rig.settle()
            #expect(self.studies(rig) == ["1.2.2"])
            #expect(rig.forbidden.notes == ["1.2.2"])
            // Another condition counts for what was written down before it.
            try await rig.store("1.2.2", modality: "CT")
            while try await rig.engine.fanOut() > 0 {}
            let south = try Self.filter(#"{"institution":["South"]}"#)
            _ = try await rig.engine.change(id) { $0.filter = south }
            try await rig.settle()
            #expect(self.studies(rig) == ["1.2.2"])
            try await rig.store("1.2.1", modality: "CT")
            try await rig.settle()
            #expect(Set(self.studies(rig)) == ["1.2.1", "1.2.2"])
        }
    }

    @Test("that a study has left its view an endpoint is told whatever it asks for, where it was told of the study")
    func removed() async throws {
        try await Rig.run { rig in
            _ = try await rig.endpoint("https://a.example/", try Self.filter(Self.north))
            rig.forbidden.describe("1.2.1", Self.facts(["North"]))
            for study in ["1.2.1", "1.2.2"] { try await rig.store(study, modality: nil) }
            try await rig.settle()
            // It is asked for no more, which alone takes nothing from a view.
            rig.forbidden.describe("1.2.1", Self.facts(["South"]))
            rig.forbidden.noteRules()
            try await rig.settle()
            #expect(self.studies(rig) == ["1.2.1"])
            for study in ["1.2.1", "1.2.2"] { rig.forbid(study) }
            rig.forbidden.noteRules()
            try await rig.settle()
            let types = rig.receiver.messages.map { StrictJSON(parsing: $0.body)?["type"]?.text }
            #expect(types == ["study.created", "study.removed"])
            // It has looked at nothing then.
            #expect(rig.forbidden.notes == ["1.2.1"])
        }
    }

    @Test("what an endpoint asks for is kept, and one that was written before there were conditions asks for none")
    func kept() async throws {
        try await Rig.run { rig in
            let id = try await rig.endpoint("https://a.example/", try Self.filter(Self.north)).endpoint.id
            #expect(try await rig.webhooks.endpoint(id).filter.condition?.text == Self.north)
            #expect(try await rig.webhooks.asked(of: id).condition?.text == Self.north)
            let before = Array(#"{"types":["study.created"],"stores":[],"modalities":["CT"]}"#.utf8)
            _ = try await rig.webhooks.database.write { connection in
                try connection.execute("UPDATE endpoint SET filter = ?2 WHERE id = ?1", [.text(id), .blob(before)])
            }
            rig.webhooks.memory.forget()
            let filter = try await rig.webhooks.endpoint(id).filter
            #expect(filter.condition == nil && filter.types == ["study.created"] && filter.modalities == ["CT"])
            #expect(try await rig.webhooks.asked(of: id).condition == nil)
        }
    }
}
