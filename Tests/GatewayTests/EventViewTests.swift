import AccessControl
import Catalog
import CollimatorCore
import DICOMweb
import Foundation
import HummingbirdTesting
import Identity
import Testing

@testable import Gateway
@testable import Identity

@Suite("What of the change feed one caller gets")
struct EventViewTests {
    private static let principal = Principal.client(id: "app")
    private static let caller = Caller(verified: principal, method: .apiKey)
    private static let other = Caller(verified: .client(id: "other"), method: .apiKey)

    private let gateway: GatewayUnderTest
    private let catalog: CatalogStore
    private let radiology: StoreName

    /// A caller who may read the studies of one patient.
    init() async throws {
        let catalog = try TemporaryCatalog.store()
        try await catalog.prepare()
        var gateway = try GatewayUnderTest(ScriptedUpstream())
        gateway.parts.catalog = StudyCatalog(catalog)
        (self.gateway, self.catalog) = (gateway, catalog)
        self.radiology = try #require(StoreName("radiology"))
        try self.allow(patient: "MRN-1", version: 1)
    }

    private func allow(patient: String?, version: Int) throws {
        var policy = AccessPolicy()
        policy.roles = [Role(name: "receiver", summary: "hears", permissions: [.dicomWebRead])]
        if let patient {
            var rule = AccessRule(id: "a", .allow, Self.principal, role: "receiver", on: .store(self.radiology))
            rule.condition.patients = [PatientIdentity(id: patient, issuer: "H")]
            policy.rules = [rule]
        }
        self.gateway.parts.authorizer.install(try CompiledPolicy(policy, version: version))
    }

    /// A study that is written; some of its instances can be of another patient.
    private func put(_ uid: String, patient: String, and other: String? = nil, accession: String? = nil) async throws {
        var study = Sample.study(uid: uid)
        study.set(.patientID, patient)
        study.set(.issuerOfPatientID, "H")
        if let accession { study.set(.accessionNumber, accession) }
        var entry = try StudyEntry(study)
        if let other {
            study.set(.patientID, other)
            entry.variants = [study]
        }
        try await self.catalog.put([entry], in: self.radiology, origin: .written)
    }

    private func filter(_ caller: Caller = caller, types: Set<ChangeEvent.Kind> = []) -> EventFilter {
        EventFilter(
            types: types,
            stores: nil,
            visibility: EventVisibility(authorizer: self.gateway.parts.authorizer, gate: self.gateway.parts.gate),
            caller: caller
        )
    }

    private func forms(_ caller: Caller = caller, types: Set<ChangeEvent.Kind> = []) async throws -> [ChangeEvent] {
        let filter = self.filter(caller, types: types)
        var forms: [ChangeEvent] = []
        for event in try await ChangeFeed(self.catalog).events(after: nil, limit: 100).events {
            if let form = try await filter.form(of: event) { forms.append(form) }
        }
        return forms
    }

    private static func text(_ events: [ChangeEvent]) -> [String] {
        events.map { "\($0.type.rawValue) \($0.study?.rawValue ?? "")" }
    }

    @Test("a deletion is told by what the study was, and to nobody who could not see it")
    func deletion() async throws {
        try await self.put("1.2.1", patient: "MRN-1")
        try await self.put("1.2.2", patient: "MRN-2")
        for uid in ["1.2.1", "1.2.2"] {
            _ = try await self.catalog.remove(try #require(StudyUID(uid)), from: self.radiology, origin: .written)
        }
        #expect(Self.text(try await self.forms()) == ["study.deleted 1.2.1"])
        #expect(try await self.forms(Self.other).isEmpty)
    }

    @Test("of a deleted study whose instances disagree nobody hears who could not see it", arguments: [true, false])
    func disagreeing(disagrees: Bool) async throws {
        var attributes = Sample.study(uid: "1.2.1")
        attributes.set(.patientID, "MRN-1")
        attributes.set(.issuerOfPatientID, "H")
        var entry = try StudyEntry(attributes)
        if disagrees {
            var variant = DataSet()
            variant.set(.patientID, "MRN-2")
            entry.variants = [variant]
        }
        try await self.catalog.put([entry], in: self.radiology, origin: .written)
        _ = try await self.catalog.remove(try #require(StudyUID("1.2.1")), from: self.radiology, origin: .written)
        #expect(Self.text(try await self.forms()).contains("study.deleted 1.2.1") == !disagrees)
        let all = try await self.forms(Caller(verified: .administrator, method: .administratorKey))
        #expect(
            all.last?.type == .studyDeleted && all.last?.attributes.string(.patientID) == (disagrees ? nil : "MRN-1")
        )
    }

    @Test("a study that changed and was deleted then is told as deleted, and not as out of view")
    func changedAndDeleted() async throws {
        try await self.put("1.2.1", patient: "MRN-1")
        try await self.put("1.2.1", patient: "MRN-1", accession: "A-78")
        #expect(Self.text(try await self.forms()) == ["study.created 1.2.1", "study.updated 1.2.1"])
        _ = try await self.catalog.remove(try #require(StudyUID("1.2.1")), from: self.radiology, origin: .written)
        #expect(Self.text(try await self.forms()) == ["study.deleted 1.2.1"])
    }

    @Test("an instance of another patient that takes the study from view is told as that")
    func disagreement() async throws {
        try await self.put("1.2.1", patient: "MRN-1")
        try await self.put("1.2.1", patient: "MRN-1", and: "MRN-2")
        #expect(Self.text(try await self.forms()) == ["study.removed 1.2.1"])
        #expect(try await self.forms(Self.other).isEmpty)
    }

    @Test("a correction that gives the study to another patient is told as the end of the view, and nothing else is")
    func correction() async throws {
        try await self.put("1.2.1", patient: "MRN-1")
        #expect(Self.text(try await self.forms()) == ["study.created 1.2.1"])
        try await self.put("1.2.1", patient: "MRN-2")
        try await self.put("1.2.1", patient: "MRN-3")
        let forms = try await self.forms()
        #expect(Self.text(forms) == ["study.removed 1.2.1"])
        let text = String(decoding: try forms[0].cloudEvent(.demographics, beginning: 1), as: UTF8.self)
        #expect(!text.contains("MRN") && !text.contains("links") && !text.contains("A-77") && !text.contains("changed"))
        #expect(Self.text(try await self.forms(types: [.studyRemoved])) == ["study.removed 1.2.1"])
        #expect(try await self.forms(types: [.studyUpdated]).isEmpty)
        #expect(try await self.forms(Self.other).isEmpty)
        // Who gets it by the correction hears of a change.
        try self.allow(patient: "MRN-3", version: 2)
        #expect(Self.text(try await self.forms()).last == "study.updated 1.2.1")
    }

    @Test("a stream tells its caller, and nobody else, of what a changed rule has taken from view")
    func rules() async throws {
        try await self.put("1.2.1", patient: "MRN-1")
        try await self.put("1.2.2", patient: "MRN-2")
        let filter = self.filter()
        var shown = ShownStudies(filter.visibility)
        for form in try await self.forms() { shown.note(form) }
        let feed = ChangeFeed(self.catalog)
        try await shown.review(filter, feed, readTo: try await feed.end())
        #expect(Self.text(try await self.forms()) == ["study.created 1.2.1"], "nothing has changed")
        try self.allow(patient: nil, version: 2)
        for _ in 0..<2 { try await shown.review(filter, feed, readTo: try await feed.end()) }
        #expect(Self.text(try await self.forms()) == ["study.removed 1.2.1"])
        #expect(try await self.forms(Self.other).isEmpty)
        #expect(try await self.forms(Caller(verified: .administrator, method: .administratorKey)).count == 2)
    }

    @Test("several streams of one caller tell of it once, and of a right that was given back not at all")
    func severalStreams() async throws {
        let feed = ChangeFeed(self.catalog)
        let filter = self.filter()
        try await self.put("1.2.1", patient: "MRN-1")
        var streams = (0..<3).map { _ in ShownStudies(filter.visibility) }
        /// What all of them, that have read to the same place, write where rules have changed.
        func written() async throws -> Int {
            let position = try await feed.end()
            for form in try await self.forms() {
                for index in streams.indices { streams[index].note(form) }
            }
            for index in streams.indices { try await streams[index].review(filter, feed, readTo: position) }
            return try await feed.events(after: position, limit: 10).events.count
        }
        #expect(try await written() == 0)
        try self.allow(patient: nil, version: 2)
        for index in streams.indices {
            try await streams[index].review(filter, feed, readTo: try await feed.events(after: nil, limit: 1).next)
        }
        #expect(Self.text(try await self.forms()) == ["study.removed 1.2.1"])
        try self.allow(patient: "MRN-1", version: 3)
        #expect(Self.text(try await self.forms()) == ["study.created 1.2.1"])
        #expect(try await written() == 0)
        // What is taken once more is told once more.
        try self.allow(patient: nil, version: 4)
        let position = try await feed.end()
        for index in streams.indices { try await streams[index].review(filter, feed, readTo: position) }
        #expect(try await feed.events(after: position, limit: 10).events.map(\.type) == [.studyRemoved])
    }

    @Test("a stream remembers so many studies, and says nothing of one that was deleted")
    func bounded() async throws {
        let filter = self.filter()
        var shown = ShownStudies(filter.visibility)
        for index in 0...ShownStudies.studiesMax { try await self.put("1.2.\(index + 1)", patient: "MRN-1") }
        let page = try await ChangeFeed(self.catalog).events(after: nil, limit: 2_000)
        for event in page.events { shown.note(event) }
        _ = try await self.catalog.remove(try #require(StudyUID("1.2.2")), from: self.radiology, origin: .written)
        try self.allow(patient: nil, version: 2)
        try await shown.review(filter, ChangeFeed(self.catalog), readTo: page.next)
        let removed = try await ChangeFeed(self.catalog).events(after: page.next, limit: 2_000).events
            .filter { $0.type == .studyRemoved }.compactMap(\.study?.rawValue)
        #expect(removed.count == ShownStudies.studiesMax - 1)
        #expect(!removed.contains("1.2.1") && !removed.contains("1.2.2"))
    }
}
