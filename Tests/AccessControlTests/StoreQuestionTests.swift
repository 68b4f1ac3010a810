import CollimatorCore
import Testing

@testable import AccessControl
@testable import Catalog

@Suite("questions about a whole store")
struct StoreQuestionTests {
    private let sample: PolicySample

    init() throws { self.sample = try PolicySample() }

    private func study(_ number: Int) -> RuleResource { .study(self.sample.store, studyUID: "1.2.\(number)") }

    private func decide(_ policy: CompiledPolicy, _ permission: Permission, at time: Int64 = 0) -> AccessDecision {
        policy.decide(
            AccessSubject(self.sample.reader, timeSeconds: time),
            permission,
            on: .store(self.sample.store)
        )
    }

    @Test("look at one of ten thousand rules that name studies, and lists at each of them")
    func many() throws {
        var policy = AccessPolicy()
        policy.rules = (0..<10_000).map { self.sample.rule("r\($0)", on: self.study($0)) }
        let compiled = try CompiledPolicy(policy, version: 1)
        let rules = try #require(compiled.rules[self.sample.reader])
        #expect(rules.samples(of: self.sample.store).count == 1)
        var looked: [String] = []
        let goesOn = rules.forEach(.allow, on: "1.2.77", in: self.sample.store, nil) { compiled in
            looked.append(compiled.rule.id)
            return true
        }
        #expect(goesOn)
        #expect(looked == ["r77"])
        let decision = self.decide(compiled, .dicomWebRead)
        #expect(decision == AccessDecision(outcome: .allowed, reason: .listIsFiltered, ruleID: "r0"))
        let subject = AccessSubject(self.sample.reader, timeSeconds: 0)
        let filter = compiled.visibility(subject, .dicomWebRead, in: self.sample.store)
        #expect(filter.allowed.studies.count == 10_000)
        #expect(compiled.visibility(subject, .dicomWebRead, in: self.sample.other).isNothing)
    }

    @Test("list what rules of several kinds and principals name together, each for as long as it holds")
    func lists() throws {
        let group = Principal.group(issuer: "hospital", name: "readers")
        let ended = self.sample.rule("ended", on: self.study(1)) { $0.request.expiresAtSeconds = 100 }
        let ofGroup = AccessRule(id: "group", .allow, group, role: "viewer", on: self.study(2))
        let series = RuleResource.series(self.sample.store, studyUID: "1.2.3", seriesUID: "1.2.3.1")
        let policy = try self.sample.compiled(
            ended,
            self.sample.rule("plain", on: self.study(4)),
            self.sample.rule("series", on: series),
            ofGroup,
            self.sample.rule("taken", .deny, on: self.study(5))
        )
        func seen(at time: Int64, _ memberships: [Principal] = []) -> StoreVisibility {
            let subject = AccessSubject(self.sample.reader, memberships: memberships, timeSeconds: time)
            return policy.visibility(subject, .dicomWebRead, in: self.sample.store)
        }
        let early = seen(at: 99, [group])
        #expect(early.allowed.studies == ["1.2.1": .whole, "1.2.2": .whole, "1.2.4": .whole])
        #expect(early.allowed.selectors.count == 1)
        #expect(early.denied.studies == ["1.2.5": .whole])
        #expect(!early.allowsAll)
        #expect(seen(at: 100, [group]).allowed.studies == ["1.2.2": .whole, "1.2.4": .whole])
        #expect(seen(at: 100).allowed.studies == ["1.2.4": .whole])
        // Of kinds that are about something else nothing is taken.
        let subject = AccessSubject(self.sample.reader, timeSeconds: 0)
        #expect(policy.visibility(subject, .dicomWebDelete, in: self.sample.store).isNothing)
    }

    @Test("put the names of thousands of rules that end at different times together once")
    func ending() throws {
        var policy = AccessPolicy()
        policy.rules = (0..<2_000).map { number in
            self.sample.rule("r\(number)", on: self.study(number)) { $0.request.expiresAtSeconds = Int64(100 + number) }
        }
        let compiled = try CompiledPolicy(policy, version: 1)
        func seen(at time: Int64) -> NamedStudies {
            let subject = AccessSubject(self.sample.reader, timeSeconds: time)
            return compiled.visibility(subject, .dicomWebRead, in: self.sample.store).allowed.studies
        }
        let (first, again, later) = (seen(at: 0), seen(at: 1), seen(at: 1_100))
        #expect(first.count == 2_000 && first.setCount == 1)
        #expect(first.identity == again.identity)
        #expect(later.count == 999 && later["1.2.1000"] == nil && later["1.2.1001"] == .whole)
    }

    @Test("say whether all of the store may be used, as the list of it does")
    func wholes() throws {
        let all = self.sample.rule("all")
        let denied = self.sample.rule("not-this", .deny, on: self.study(3)) { $0.request.expiresAtSeconds = 100 }
        let some = self.sample.rule("some") { $0.condition.modalities = ["CT"] }
        let none = self.sample.rule("none", .deny)
        let sets: [[AccessRule]] = [
            [], [all], [some], [all, some], [all, denied], [all, none], [self.sample.rule("one", on: self.study(1))],
        ]
        for rules in sets {
            var policy = AccessPolicy()
            policy.rules = rules
            let compiled = try CompiledPolicy(policy, version: 1)
            for time: Int64 in [0, 100] {
                let subject = AccessSubject(self.sample.reader, timeSeconds: time)
                for permission: Permission in [.dicomWebRead, .dicomWebDelete] {
                    let seen = compiled.visibility(subject, permission, in: self.sample.store)
                    let allowsAll = compiled.allowsAll(subject, permission, in: self.sample.store)
                    #expect(allowsAll == (seen.allowsAll && seen.denied.isEmpty))
                }
            }
        }
        #expect(
            try CompiledPolicy(AccessPolicy(), version: 1).allowsAll(
                AccessSubject(.administrator, timeSeconds: 0),
                .dicomWebRead,
                in: self.sample.store
            )
        )
    }

    @Test("look at every kind: one that has ended, another role or effect hides no other")
    func kinds() throws {
        let ended = self.sample.rule("ended", on: self.study(1)) { $0.request.expiresAtSeconds = 100 }
        let later = self.sample.rule("later", on: self.study(2)) { $0.request.notBeforeSeconds = 200 }
        let policy = try self.sample.compiled(ended, later)
        #expect(self.decide(policy, .dicomWebRead, at: 99).ruleID == "ended")
        #expect(!self.decide(policy, .dicomWebRead, at: 150).isAllowed)
        #expect(self.decide(policy, .dicomWebRead, at: 200).ruleID == "later")

        // Nothing is exported of a store in which anything is kept from the same caller, whichever rule comes first.
        let export = self.sample.rule("export", role: "exporter")
        let denial = self.sample.rule("not-this", .deny, on: self.study(3))
        let seen = self.sample.rule("see", on: self.study(4))
        #expect(self.decide(try self.sample.compiled(export, seen), .storesExport).isAllowed)
        for rules in [[export, seen, denial], [denial, seen, export]] {
            var policy = AccessPolicy()
            policy.rules = rules
            let decision = self.decide(try CompiledPolicy(policy, version: 1), .storesExport)
            #expect(!decision.isAllowed)
            #expect(decision.ruleID == "not-this")
        }
    }

    @Test("know that a study must be looked at, if any rule asks for something of one")
    func facts() throws {
        let subject = AccessSubject(self.sample.reader, timeSeconds: 0)
        let plain = self.sample.rule("plain", on: self.study(1))
        let conditional = self.sample.rule("ct", on: self.study(2)) { $0.condition.modalities = ["CT"] }
        #expect(!(try self.sample.compiled(plain)).asksFacts(subject, in: self.sample.store))
        #expect(try self.sample.compiled(plain, conditional).asksFacts(subject, in: self.sample.store))
    }
}
