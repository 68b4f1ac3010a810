import CollimatorCore
import TestSupport
import Testing

@testable import AccessControl

@Suite("rules are found by what they ask for")
struct SelectorIndexTests {
    private static let group = Principal.group(issuer: "hospital", name: "readers")
    private static let institutions = ["North", "South", "north ", ""]
    private static let modalities = ["CT", "MR", "SR"]

    private let sample: PolicySample

    init() throws { self.sample = try PolicySample() }

    private struct Made {
        var random: SeededGenerator

        mutating func pick<Element>(_ values: [Element]) -> Element {
            values[Int.random(in: 0..<values.count, using: &self.random)]
        }

        mutating func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &self.random) == 0 }

        mutating func some<Element: Hashable>(_ values: [Element], upTo count: Int) -> Set<Element> {
            Set((0..<Int.random(in: 0...count, using: &self.random)).map { _ in self.pick(values) })
        }

        private mutating func patient() -> PatientIdentity {
            PatientIdentity(id: self.pick(["1", "2", ""]), issuer: self.pick(["H", "J", nil]))
        }

        /// Of what is known some is missing and some conflicts.
        mutating func facts() -> AccessFacts {
            var facts = AccessFacts()
            facts.patients = Set((0..<self.pick([0, 1, 1, 1, 2])).map { _ in self.patient() })
            for property in StudyProperty.allCases where !self.chance(6) {
                let values = property == .date ? ["20260101", "20260301", "x"] : SelectorIndexTests.institutions
                facts.values[property] = self.chance(2) ? [self.pick(values)] : self.some(values, upTo: 2)
            }
            guard !self.chance(5) else { return facts }
            facts.series = (0..<self.pick([0, 1, 2, 3])).map { number in
                AccessSeriesFacts(
                    uid: "1.2.\(number)",
                    modalities: self.chance(2)
                        ? [self.pick(SelectorIndexTests.modalities)]
                        : self.some(SelectorIndexTests.modalities, upTo: 2),
                    references: self.pick([nil, [], ["1.2.0"], ["1.2.1"]]),
                    uploaders: self.some([.client(id: "scanner"), .client(id: "other")], upTo: 2)
                )
            }
            return facts
        }

        mutating func rule(_ number: Int, _ sample: PolicySample) -> AccessRule {
            let study = "1.2"
            var rule = sample.rule(
                "r\(number)",
                self.chance(3) ? .deny : .allow,
                role: self.pick(["viewer", "viewer", "viewer", "uploader"]),
                on: self.pick([
                    .allStores, .store(sample.store), .store(sample.store), .store(sample.other),
                    .study(sample.store, studyUID: study),
                    .series(sample.store, studyUID: study, seriesUID: "1.2.1"),
                ]),
                for: self.pick([sample.reader, SelectorIndexTests.group])
            )
            rule.includesDerived = self.chance(2)
            if self.chance(4) { rule.request.notBeforeSeconds = self.pick([50, 150]) }
            guard rule.role == "viewer", !self.chance(12) else { return rule }
            if self.chance(3) { rule.condition.patients = Set((0...1).map { _ in self.patient() }) }
            for property in StudyProperty.allCases where property != .date && self.chance(4) {
                rule.condition.texts[property] = self.some(["NORTH", "South", "N*", "*", "west"], upTo: 2)
            }
            if self.chance(5) { rule.condition.dateFrom = "20260201" }
            if self.chance(4) { rule.condition.modalitiesInStudy = self.some(modalities, upTo: 3) }
            if self.chance(4) { rule.condition.modalities = self.some(modalities, upTo: 2) }
            return rule
        }
    }

    /// What a plain walk over every rule gives.
    private func walk(_ rules: [AccessRule], _ facts: AccessFacts?, at time: Int64) -> AccessExtent {
        func together(_ effect: AccessEffect) -> AccessExtent {
            rules.filter { $0.effect == effect && $0.role == "viewer" }.reduce(.nothing) { known, rule in
                guard time >= rule.request.notBeforeSeconds ?? 0, rule.resource != .store(self.sample.other) else {
                    return known
                }
                var series: String?
                if case .series(_, _, let uid) = rule.resource { series = uid }
                guard series != nil || !rule.condition.isEmpty else { return .whole }
                guard let facts else {
                    if effect == .deny { return .whole }
                    guard let series, rule.condition.isEmpty else { return known }
                    return known.union(.series([series]))
                }
                let selector = RuleSelector(
                    effect,
                    rule.condition,
                    includesDerived: rule.includesDerived,
                    seriesUID: series
                )
                return known.union(selector.evaluate(facts))
            }
        }
        return together(.allow).subtracting(together(.deny), of: facts?.seriesUIDs)
    }

    @Test("a decision is that of a plain walk over all rules, whatever is missing or conflicts", arguments: 0..<20)
    func agree(seed: Int) throws {
        var made = Made(random: SeededGenerator(seed: UInt64(seed) + 11))
        for _ in 0..<20 {
            let rules = (0..<made.pick([1, 3, 8, 30])).map { made.rule($0, self.sample) }
            var policy = AccessPolicy()
            policy.rules = rules
            let compiled = try CompiledPolicy(policy, version: 1)
            for number in 0..<20 {
                let facts = number == 0 ? nil : made.facts()
                let time = made.pick([0, 100, 200] as [Int64])
                let subject = AccessSubject(self.sample.reader, memberships: [Self.group], timeSeconds: time)
                let study = AccessResource.study(self.sample.store, studyUID: "1.2")
                let decision = compiled.decide(subject, .dicomWebRead, on: study, facts: facts)
                #expect(decision.extent == self.walk(rules, facts, at: time))
            }
        }
    }

    private func positions(_ effect: AccessEffect, _ conditions: [RuleCondition], _ facts: AccessFacts) -> [Int] {
        var index = SelectorIndex(effect)
        for condition in conditions { index.add(RuleSelector(effect, condition, includesDerived: true)) }
        return index.positions(for: StudyTerms(facts)) ?? Array(conditions.indices)
    }

    @Test("of two thousand rules those that a study cannot meet are not looked at; a missing value meets every denial")
    func few() {
        let conditions = (0..<2_000).map { number in
            var condition = RuleCondition()
            condition.texts[.referringPhysician] = ["MEIER\(number)"]
            condition.texts[.institution] = ["North"]
            return condition
        }
        var facts = PolicySample.mixed
        for effect in AccessEffect.allCases {
            facts.values[.referringPhysician] = ["Meier77 "]
            #expect(self.positions(effect, conditions, facts) == [77])
            facts.values[.referringPhysician] = ["Mueller"]
            #expect(self.positions(effect, conditions, facts).isEmpty)
        }
        facts.values[.referringPhysician] = ["Meier77", "Meier78"]
        #expect(self.positions(.allow, conditions, facts).count == 1)
        #expect(self.positions(.deny, conditions, facts) == [77, 78])
        facts.values[.referringPhysician] = []
        #expect(self.positions(.allow, conditions, facts).isEmpty)
        #expect(self.positions(.deny, conditions, facts).count == 2_000)
    }

    @Test("what asks for no exact value is looked at for every study, in its place among the others")
    func remainder() {
        var exact = RuleCondition()
        exact.texts[.institution] = ["North"]
        var pattern = RuleCondition()
        pattern.texts[.institution] = ["N*", "South"]
        var modality = RuleCondition()
        modality.modalities = ["MR", "SR"]
        let conditions = [exact, pattern, modality]
        #expect(self.positions(.allow, conditions, PolicySample.mixed) == [0, 1, 2])
        var facts = PolicySample.mixed
        facts.values[.institution] = ["West"]
        facts.series = []
        #expect(self.positions(.allow, conditions, facts) == [1])
        // A series of the modality may come later.
        #expect(self.positions(.deny, conditions, facts) == [1, 2])
    }
}
