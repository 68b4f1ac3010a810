import AccessControl
import CollimatorCore
import DICOMweb
import Foundation
import TestSupport
import Testing

@testable import Catalog
@testable import Gateway
@testable import Identity

@Suite("Access: rules, rows and decisions")
struct AccessRowsTests {
    private static let radiology = StoreName("radiology")
    private static let modalities = ["CT", "MR", "SR", "SEG"]
    private static let patients = ["A", "B", "C"]
    private static let texts = ["CHEST", "HEAD", ""]
    /// Seconds since 1970, some hours of one day.
    private static let times: [Int64] = [1_790_000_000, 1_790_030_000, 1_790_060_000]

    private struct Made {
        var random: SeededGenerator

        mutating func pick<Element>(_ values: [Element]) -> Element {
            values[Int.random(in: 0..<values.count, using: &self.random)]
        }

        mutating func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &self.random) == 0 }

        mutating func entry(_ number: Int) throws -> StudyEntry {
            var entry = StudyEntry(study: try #require(StudyUID("1.2.\(number)")), attributes: self.attributes())
            if self.chance(3) { entry.variants = [self.attributes()] }
            guard !self.chance(6) else { return entry }
            entry.series = try (1...Int.random(in: 1...3, using: &self.random)).map { index in
                var attributes = DataSet()
                if !self.chance(8) { attributes.set(.modality, self.pick(modalities)) }
                let uid = try #require(SeriesUID("1.2.\(number).\(index)"))
                return SeriesEntry(series: uid, attributes: attributes, instanceCount: index)
            }
            return entry
        }

        private mutating func attributes() -> DataSet {
            var set = DataSet()
            if !self.chance(6) { set.set(.patientID, self.pick(patients)) }
            set.set(.issuerOfPatientID, "H")
            set.set(.studyDescription, self.pick(texts))
            set.set(.studyDate, self.pick(["20260101", "20260202", "2026.03.03", "", "x"]))
            return set
        }

        /// What changes from one request to the next, and is in no row.
        private mutating func request() -> RequestCondition {
            var request = RequestCondition()
            if self.chance(2) { request.notBeforeSeconds = self.pick(times) }
            if self.chance(2) { request.expiresAtSeconds = self.pick(times).advanced(by: 40_000) }
            if self.chance(3) { request.purposesOfUse = [self.pick(["TREAT", "HRESCH"])] }
            if self.chance(3), let zone = ClockZone("UTC") {
                request.timeOfDay = RequestCondition.TimeOfDay(
                    fromMinute: self.pick([0, 480, 1_320]),
                    toMinute: self.pick([60, 1_020]),
                    zone: zone
                )
            }
            return request
        }

        mutating func rule(_ number: Int, _ principals: [Principal]) throws -> AccessRule {
            let store = try #require(radiology)
            let study = Int.random(in: 1...14, using: &self.random)
            var condition = RuleCondition()
            if self.chance(2) { condition.patients = [PatientIdentity(id: self.pick(patients), issuer: "H")] }
            if self.chance(4) { condition.texts[.description] = [self.pick(["CHEST", "HEAD"])] }
            if self.chance(4) { condition.dateFrom = "20260115" }
            if self.chance(4) { condition.modalitiesInStudy = [self.pick(modalities)] }
            if self.chance(3) { condition.modalities = [self.pick(modalities)] }
            var rule = AccessRule(
                id: "rule-\(number)",
                self.chance(4) ? .deny : .allow,
                self.pick(principals),
                role: "viewer",
                on: self.pick([
                    .allStores, .store(store), .study(store, studyUID: "1.2.\(study)"),
                    .series(store, studyUID: "1.2.\(study)", seriesUID: "1.2.\(study).1"),
                ])
            )
            if self.chance(3) { condition.isOwnUploads = true }
            if !self.chance(4) { rule.condition = condition }
            if self.chance(3) { rule.request = self.request() }
            rule.includesDerived = self.chance(2)
            return rule
        }
    }

    /// Somebody stores some of what is there, or more, and references are read of some of what has some.
    private static func change(
        _ made: inout Made,
        _ catalog: CatalogStore,
        in store: StoreName,
        by uploaders: [Principal]
    ) async throws {
        let uid = "1.2.\(Int.random(in: 1...14, using: &made.random))"
        let number = made.pick([1, 2, 3])
        let series = try #require(SeriesUID("\(uid).\(number)"))
        let first = made.chance(3) ? 2 : 1
        let instances = try (first...3).map { number in
            StoredInstance(
                study: try #require(StudyUID(uid)),
                series: series,
                instance: try #require(InstanceUID("\(series).\(number)"))
            )
        }
        try await catalog.noteStored(instances, by: made.pick(uploaders), in: store)
        for unread in try await catalog.unread(in: store, limit: 3) ?? [] {
            var references: [SeriesUID: Set<SeriesUID>] = [:]
            for one in unread.series where !made.chance(4) {
                let number = made.pick([1, 2, 3])
                let target = try #require(SeriesUID("\(unread.study).\(number)"))
                references[one] = made.chance(4) ? [] : [target]
            }
            try await catalog.put(references, of: unread, in: store)
        }
    }

    private static func policy(_ rules: [AccessRule]) -> AccessPolicy {
        var policy = AccessPolicy()
        policy.rules = rules
        return policy
    }

    @Test(
        "the kept rows and the decision in memory agree, for any rules, studies and order of changes",
        arguments: 0..<10
    )
    func agree(seed: Int) async throws {
        var made = Made(random: SeededGenerator(seed: UInt64(seed) + 7))
        let store = try #require(Self.radiology)
        let catalog = try TemporaryCatalog.store()
        try await catalog.prepare()
        let user = Principal.user(issuer: "i", subject: "u")
        let group = Principal.group(issuer: "i", name: "g")
        let members: [(Principal, [Principal])] = [(user, []), (user, [group]), (.client(id: "c"), []), (group, [])]
        let authorizer = Authorizer()
        for version in 1...6 {
            let rules = try (1...7).map { try made.rule($0, [user, group, .client(id: "c")]) }
                .filter { Self.policy([$0]).faults().isEmpty }
            let policy = try CompiledPolicy(Self.policy(rules), version: version)
            authorizer.install(policy)
            // Studies come before, while and after the rows are worked out.
            try await catalog.put([made.entry(Int.random(in: 1...14, using: &made.random))], in: store)
            try await catalog.setSelectors(policy.studySelectors())
            _ = try await catalog.select(limit: 2)
            for _ in 0..<4 {
                try await catalog.put([made.entry(Int.random(in: 1...14, using: &made.random))], in: store)
                try await Self.change(&made, catalog, in: store, by: [user, .client(id: "c")])
            }
            while try await catalog.select(limit: 3) {}
            for (principal, memberships) in members {
                let subject = AccessSubject(
                    principal,
                    memberships: memberships,
                    purposeOfUse: made.pick([nil, "TREAT", "HRESCH"]),
                    timeSeconds: made.pick(Self.times)
                )
                try await Self.compare(authorizer, subject, catalog)
            }
        }
    }

    private static func compare(
        _ authorizer: Authorizer,
        _ subject: AccessSubject,
        _ catalog: CatalogStore
    ) async throws {
        let store = try #require(self.radiology)
        var expected: [String: StudyPart] = [:]
        for number in 1...14 {
            let uid = try #require(StudyUID("1.2.\(number)"))
            guard let entry = try await catalog.entry(of: uid, in: store) else { continue }
            let resource = AccessResource.study(store, studyUID: uid.rawValue)
            let decision = authorizer.decide(subject, .dicomWebRead, on: resource, facts: AccessFacts(entry))
            if decision.isAllowed { expected[uid.rawValue] = StudyPart(decision.extent) }
        }
        let visibility = CatalogVisibility([store: authorizer.policy.catalogVisibility(subject, of: store)])
        var query = StudyQuery(stores: [store], visibility: visibility, limit: 50)
        query.total = .exact
        let page = try await catalog.search(query)
        let found = page.studies.map { ($0.study.rawValue, $0.visibleSeries.map { StudyPart.series($0) } ?? .whole) }
        #expect(Dictionary(found, uniquingKeysWith: { first, _ in first }) == expected)
        #expect(page.total == .exact(expected.count))
        #expect(page.isComplete)
    }

    private static func gate(_ rules: [AccessRule], _ catalog: CatalogStore) async throws -> AccessGate {
        let policy = try CompiledPolicy(Self.policy(rules), version: 1)
        let name = try #require(self.radiology)
        let resource = try #require(DICOMStoreName("projects/p/locations/l/datasets/d/dicomStores/s"))
        let store = GatewayStore(name: name, resource: resource, upstream: ScriptedUpstream().upstream)
        let authorizer = Authorizer(policy)
        let studies = StudyCatalog(catalog)
        // A study that the catalog does not know is asked of the store, which has none.
        try await studies.add(name, upstream: .holding([]))
        return AccessGate(
            stores: StoreDirectory([store]),
            judge: authorizer,
            audit: AuditTrail(log: nil, catalog: studies, proxies: []),
            studies: StudyMemory(of: catalog, capacity: 16) { AccessFacts($0) }
        )
    }

    private static func stored(_ number: Int) throws -> StoredInstance {
        StoredInstance(
            study: try #require(StudyUID("1.2.1")),
            series: try #require(SeriesUID("1.2.1.1")),
            instance: try #require(InstanceUID("1.2.1.1.\(number)"))
        )
    }

    private static func entry(_ patient: String, modality: String = "CT", count: Int = 1) throws -> StudyEntry {
        var attributes = DataSet()
        attributes.set(.patientID, patient)
        attributes.set(.issuerOfPatientID, "H")
        var series = DataSet()
        series.set(.modality, modality)
        return StudyEntry(
            study: try #require(StudyUID("1.2.1")),
            attributes: attributes,
            series: [SeriesEntry(series: try #require(SeriesUID("1.2.1.1")), attributes: series, instanceCount: count)]
        )
    }

    @Test("case 53: a decision is never that of another caller or of what the study was")
    func nothingStale() async throws {
        let catalog = try TemporaryCatalog.store()
        try await catalog.prepare()
        let store = try #require(Self.radiology)
        let alice = Principal.user(issuer: "i", subject: "alice")
        var rule = AccessRule(id: "a", .allow, alice, role: "viewer", on: .allStores)
        rule.condition.patients = [PatientIdentity(id: "A", issuer: "H")]
        let gate = try await Self.gate([rule], catalog)
        let study = AccessResource.study(store, studyUID: "1.2.1")
        func admits(_ principal: Principal) async -> Bool {
            let caller = Caller(verified: principal, method: .oidcToken)
            do {
                return try await gate.admit(caller, .dicomWebRead, on: study, .whole) == .whole
            } catch {
                #expect((error as? CollimatorError)?.code == .notFound)
                return false
            }
        }
        // It is not known yet: whatever it is, it is not hers.
        #expect(await !admits(alice))
        try await catalog.put([try Self.entry("A")], in: store)
        #expect(await admits(alice))
        // case 40: another spelling is another person.
        for other in ["Alice", "ALICE", "\u{FF41}lice", "alice "] {
            #expect(await !admits(.user(issuer: "i", subject: other)))
        }
        #expect(await !admits(.user(issuer: "j", subject: "alice")))
        try await catalog.put([try Self.entry("B")], in: store)
        #expect(await !admits(alice))
        try await catalog.put([try Self.entry("A")], in: store)
        #expect(await admits(alice))
        try await catalog.remove(try #require(StudyUID("1.2.1")), from: store)
        #expect(await !admits(alice))
    }

    @Test(
        "adding to a study that holds what others stored needs a right to read it; deleting needs a right on all of it"
    )
    func addingAndDeleting() async throws {
        let catalog = try TemporaryCatalog.store()
        try await catalog.prepare()
        let store = try #require(Self.radiology)
        try await catalog.put([try Self.entry("A", modality: "SR")], in: store)
        let vendor = Principal.client(id: "vendor")
        let writing = AccessRule(id: "w", .allow, vendor, role: "uploader", on: .store(store))
        var reading = AccessRule(id: "r", .allow, vendor, role: "viewer", on: .store(store))
        let caller = Caller(verified: vendor, method: .apiKey)
        let (known, new) = (
            AccessResource.study(store, studyUID: "1.2.1"), AccessResource.study(store, studyUID: "1.2.2")
        )
        let alone = try await Self.gate([writing], catalog)
        #expect(try await alone.admit(caller, .dicomWebWrite, on: new, .adding) == .whole)
        await #expect(throws: CollimatorError.self) {
            try await alone.admit(caller, .dicomWebWrite, on: known, .adding)
        }
        let both = try await Self.gate([writing, reading], catalog)
        #expect(try await both.admit(caller, .dicomWebWrite, on: known, .adding) == .whole)
        // What one stored oneself is no others'; of one's own and another's one needs a right on the other's.
        try await catalog.noteStored([try Self.stored(1)], by: vendor, in: store)
        #expect(try await alone.admit(caller, .dicomWebWrite, on: known, .adding) == .whole)
        try await catalog.put([try Self.entry("A", modality: "SR", count: 2)], in: store)
        await #expect(throws: CollimatorError.self) {
            try await alone.admit(caller, .dicomWebWrite, on: known, .adding)
        }
        reading.condition.modalities = ["CT"]
        let partial = try await Self.gate([writing, reading], catalog)
        await #expect(throws: CollimatorError.self) {
            try await partial.admit(caller, .dicomWebWrite, on: known, .adding)
        }
        await #expect(throws: CollimatorError.self) { try await both.admit(caller, .dicomWebDelete, on: known, .whole) }
    }

    @Test("case 44: a denial beats what is allowed, and what works on the whole store needs a right without exception")
    func denial() async throws {
        let catalog = try TemporaryCatalog.store()
        try await catalog.prepare()
        let store = try #require(Self.radiology)
        try await catalog.put([try Self.entry("A")], in: store)
        let app = Principal.client(id: "app")
        let rules = [
            AccessRule(id: "see", .allow, app, role: "viewer", on: .allStores),
            AccessRule(id: "not-this", .deny, app, role: "viewer", on: .study(store, studyUID: "1.2.1")),
            AccessRule(id: "export", .allow, app, role: "exporter", on: .store(store)),
        ]
        let caller = Caller(verified: app, method: .apiKey)
        let gate = try await Self.gate(rules, catalog)
        let one = AccessResource.study(store, studyUID: "1.2.1")
        await #expect(throws: CollimatorError.self) { try await gate.admit(caller, .dicomWebRead, on: one, .permitted) }
        let other = AccessResource.study(store, studyUID: "1.2.9")
        #expect(try await gate.admit(caller, .dicomWebRead, on: other, .whole) == .whole)
        // What is kept from somebody is not exported by the same either.
        await #expect(throws: CollimatorError.self) {
            try await gate.admit(caller, .storesExport, on: .store(store), .whole)
        }
        let unrestricted = try await Self.gate(rules.filter { $0.effect == .allow }, catalog)
        #expect(try await unrestricted.admit(caller, .storesExport, on: .store(store), .whole) == .whole)
    }
}
