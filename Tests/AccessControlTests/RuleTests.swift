import Catalog
import CollimatorCore
import Testing

@testable import AccessControl

@Suite("rules")
struct RuleTests {
    private let sample: PolicySample

    init() throws { self.sample = try PolicySample() }

    private func institution(_ effect: AccessEffect, _ values: Set<String>) throws -> CompiledPolicy {
        let rule = self.sample.rule("c", effect) { $0.condition.texts[.institution] = values }
        return effect == .allow
            ? try self.sample.compiled(rule) : try self.sample.compiled(self.sample.rule("all"), rule)
    }

    @Test(
        "an allowance must hold for every distinct value, a denial for any; a missing one allows nothing and denies",
        arguments: [
            (Set(["North"]), AccessExtent.whole, AccessExtent.nothing),
            (["north "], .whole, .nothing),
            (["North", "South"], .nothing, .nothing),
            (["South"], .nothing, .whole),
            ([], .nothing, .nothing),
            (["North", ""], .nothing, .nothing),
            (["South", ""], .nothing, .nothing),
        ] as [(Set<String>, AccessExtent, AccessExtent)]
    )
    func values(values: Set<String>, allowed: AccessExtent, notDenied: AccessExtent) throws {
        var facts = PolicySample.mixed
        facts.values[.institution] = values
        #expect(self.sample.read(try self.institution(.allow, ["North"]), facts) == allowed)
        #expect(self.sample.read(try self.institution(.deny, ["North"]), facts) == notDenied)
    }

    @Test("without facts a condition allows nothing, and denies")
    func unknownStudy() throws {
        #expect(self.sample.read(try self.institution(.allow, ["North"]), nil) == .nothing)
        #expect(self.sample.read(try self.institution(.deny, ["Elsewhere"]), nil) == .nothing)
        #expect(self.sample.read(try self.sample.compiled(self.sample.rule()), nil) == .whole)
    }

    @Test("a modality filters series, and what is derived from them goes along unless the rule says otherwise")
    func modality() throws {
        let derived = try self.sample.compiled(self.sample.rule { $0.condition.modalities = ["CT"] })
        let alone = try self.sample.compiled(
            self.sample.rule {
                $0.condition.modalities = ["CT"]
                $0.includesDerived = false
            }
        )
        let denied = try self.sample.compiled(
            self.sample.rule("all"),
            self.sample.rule("d", .deny) { $0.condition.modalities = ["CT"] }
        )
        #expect(self.sample.read(derived, PolicySample.mixed) == .series(["1.2.1", "1.2.2"]))
        #expect(self.sample.read(alone, PolicySample.mixed) == .series(["1.2.1"]))
        #expect(self.sample.read(denied, PolicySample.mixed) == .series(["1.2.3"]))
    }

    @Test("the modalities of a study select studies as a whole")
    func modalitiesInStudy() throws {
        let some = try self.sample.compiled(self.sample.rule { $0.condition.modalitiesInStudy = ["CT"] })
        let all = try self.sample.compiled(self.sample.rule { $0.condition.modalitiesInStudy = ["CT", "SR", "MR"] })
        #expect(self.sample.read(some, PolicySample.mixed) == .nothing)
        #expect(self.sample.read(all, PolicySample.mixed) == .whole)
    }

    @Test("a series that nobody has looked at is not shown to whom some series are denied")
    func laterSeries() throws {
        let policy = try self.sample.compiled(
            self.sample.rule("all"),
            self.sample.rule("d", .deny) { $0.condition.modalities = ["US"] }
        )
        let subject = AccessSubject(self.sample.reader, timeSeconds: 0)
        let known = AccessResource.series(self.sample.store, studyUID: "1.2", seriesUID: "1.2.1")
        let later = AccessResource.series(self.sample.store, studyUID: "1.2", seriesUID: "1.2.9")
        #expect(policy.decide(subject, .dicomWebRead, on: known, facts: PolicySample.mixed).isAllowed)
        #expect(!policy.decide(subject, .dicomWebRead, on: later, facts: PolicySample.mixed).isAllowed)
    }

    @Test("deleting needs the right on all, and nothing is deleted that may not be seen")
    func deleting() throws {
        let series = RuleResource.series(self.sample.store, studyUID: "1.2", seriesUID: "1.2.1")
        let one = try self.sample.compiled(self.sample.rule(role: "editor", on: series))
        let hidden = try self.sample.compiled(
            self.sample.rule("e", role: "editor"),
            self.sample.rule("d", .deny) { $0.condition.modalities = ["CT"] }
        )
        let subject = AccessSubject(self.sample.reader, timeSeconds: 0)
        let study = AccessResource.study(self.sample.store, studyUID: "1.2")
        let inside = AccessResource.series(self.sample.store, studyUID: "1.2", seriesUID: "1.2.1")
        #expect(!one.decide(subject, .dicomWebDelete, on: study, facts: PolicySample.mixed).isAllowed)
        #expect(one.decide(subject, .dicomWebDelete, on: inside, facts: PolicySample.mixed).isAllowed)
        #expect(!hidden.decide(subject, .dicomWebDelete, on: study, facts: PolicySample.mixed).isAllowed)
        #expect(!hidden.decide(subject, .dicomWebDelete, on: inside, facts: PolicySample.mixed).isAllowed)
    }

    @Test("own uploads are decided series by series, for each member of a local group")
    func ownUploads() throws {
        var policy = AccessPolicy()
        policy.groups = [.init(name: "vendors", members: [.client(id: "scanner"), .client(id: "viewer")])]
        policy.rules = [
            self.sample.rule(for: .localGroup(name: "vendors")) {
                $0.condition.isOwnUploads = true
                $0.includesDerived = false
            }
        ]
        let compiled = try CompiledPolicy(policy, version: 1)
        let study = AccessResource.study(self.sample.store, studyUID: "1.2")
        let extents = ["scanner", "viewer", "stranger"].map { id in
            compiled.decide(
                AccessSubject(.client(id: id), timeSeconds: 0),
                .dicomWebRead,
                on: study,
                facts: PolicySample.mixed
            ).extent
        }
        #expect(extents == [.series(["1.2.1"]), .nothing, .nothing])
    }

    @Test("the administrator role sees no images, and the uploader writes and sees none")
    func separateRoles() throws {
        let administrator = try self.sample.compiled(self.sample.rule(role: "administrator", on: .allStores))
        let uploader = try self.sample.compiled(self.sample.rule(role: "uploader"))
        let subject = AccessSubject(self.sample.reader, timeSeconds: 0)
        let store = AccessResource.store(self.sample.store)
        #expect(self.sample.read(administrator, PolicySample.mixed) == .nothing)
        #expect(administrator.decide(subject, .storesCreate, on: .service).isAllowed)
        #expect(self.sample.read(uploader, PolicySample.mixed) == .nothing)
        #expect(uploader.decide(subject, .dicomWebWrite, on: store).isAllowed)
        #expect(!uploader.decide(subject, .dicomWebRead, on: store).isAllowed)
    }

    @Test("work on a whole store needs a right that nothing is taken from")
    func wholeStore() throws {
        let plain = try self.sample.compiled(self.sample.rule(role: "exporter"))
        let taken = try self.sample.compiled(
            self.sample.rule("e", role: "exporter"),
            self.sample.rule("d", .deny, on: .study(self.sample.store, studyUID: "1.9"))
        )
        let subject = AccessSubject(self.sample.reader, timeSeconds: 0)
        let store = AccessResource.store(self.sample.store)
        #expect(plain.decide(subject, .storesExport, on: store).isAllowed)
        #expect(!taken.decide(subject, .storesExport, on: store).isAllowed)
        #expect(taken.visibility(subject, .dicomWebRead, in: self.sample.store).denied.studies == ["1.9": .whole])
    }
}
