import CollimatorCore
import Testing

@testable import AccessControl

@Suite("abuse of rules")
struct AbuseTests {
    private let sample: PolicySample

    init() throws { self.sample = try PolicySample() }

    @Test("case 37: equal texts of another kind of identifier give nothing")
    func collidingIdentifiers() throws {
        let byPatient = try self.sample.compiled(
            self.sample.rule { $0.condition.patients = [PatientIdentity(id: "1.2", issuer: "North")] }
        )
        let byAccession = try self.sample.compiled(
            self.sample.rule { $0.condition.texts[.accessionNumber] = ["7"] }
        )
        // The study is `1.2` and its patient `7`: each is the other's number.
        #expect(self.sample.read(byPatient, PolicySample.mixed) == .nothing)
        #expect(self.sample.read(byAccession, PolicySample.mixed) == .nothing)
    }

    @Test("case 37: a patient's number of another issuer, or of none, allows nothing; of none it is denied")
    func patientIssuer() throws {
        let rule = self.sample.rule("p") { $0.condition.patients = [PatientIdentity(id: "7", issuer: "North")] }
        var denial = rule
        denial.effect = .deny
        let allow = try self.sample.compiled(rule)
        let deny = try self.sample.compiled(self.sample.rule("all"), denial)
        var facts = PolicySample.mixed
        let seen = [("North" as String?), "South", nil].map { issuer in
            facts.patients = [PatientIdentity(id: "7", issuer: issuer)]
            return [self.sample.read(allow, facts), self.sample.read(deny, facts)]
        }
        #expect(seen == [[.whole, .nothing], [.nothing, .whole], [.nothing, .nothing]])
    }

    @Test("case 40: another spelling of a principal is another principal", arguments: ["Reader", "READER", "ｒeader"])
    func spellings(name: String) throws {
        let policy = try self.sample.compiled(self.sample.rule())
        let subject = AccessSubject(.user(issuer: "hospital", subject: name), timeSeconds: 0)
        let elsewhere = AccessSubject(.user(issuer: "other", subject: "reader"), timeSeconds: 0)
        #expect(!policy.decide(subject, .dicomWebRead, on: .store(self.sample.store)).isAllowed)
        #expect(!policy.decide(elsewhere, .dicomWebRead, on: .store(self.sample.store)).isAllowed)
    }

    @Test("case 44: a faulty policy is refused with every fault, and the old one stays")
    func faultyPolicy() throws {
        let authorizer = Authorizer(try self.sample.compiled(self.sample.rule()))
        var policy = AccessPolicy()
        policy.rules = [
            self.sample.rule("a", role: "nothing"),
            self.sample.rule("a", role: "editor") { $0.condition.modalities = ["CT"] },
            self.sample.rule("B") { $0.condition.dateFrom = "2026" },
        ]
        let error = #expect(throws: PolicyFaults.self) { try CompiledPolicy(policy, version: 2) }
        let problems = error?.faults.map { "\($0.place) \($0.problem)" } ?? []
        #expect(
            problems == [
                "rules[0] unknownRole", "rules[1] duplicate", "rules[1] conditionalChange", "rules[2] badName",
                "rules[2] badDate",
            ]
        )
        #expect(authorizer.policy.version == 1)
    }

    @Test("case 44: a hundred thousand rules are taken, one more is refused as such, with nothing else looked at")
    func manyRules() throws {
        var policy = AccessPolicy()
        policy.rules = (0..<AccessPolicy.rulesMax).map { number in
            self.sample.rule("r\(number)", on: .study(self.sample.store, studyUID: "1.2.\(number)"))
        }
        let compiled = try CompiledPolicy(policy, version: 1)
        let subject = AccessSubject(self.sample.reader, timeSeconds: 0)
        let last = AccessResource.study(self.sample.store, studyUID: "1.2.99999")
        #expect(compiled.decide(subject, .dicomWebRead, on: last).ruleID == "r99999")
        policy.rules.append(self.sample.rule("NO NAME", role: "nothing"))
        let error = #expect(throws: PolicyFaults.self) { try CompiledPolicy(policy, version: 2) }
        #expect(error?.faults.map { "\($0.place) \($0.problem)" } == ["rules tooMany"])
    }

    @Test("case 44: a denial beats every allowance, in either order")
    func denialWins() throws {
        let allow = self.sample.rule("allow")
        let deny = self.sample.rule("deny", .deny, on: .allStores)
        for policy in [try self.sample.compiled(allow, deny), try self.sample.compiled(deny, allow)] {
            let decision = policy.decide(
                AccessSubject(self.sample.reader, timeSeconds: 0),
                .dicomWebRead,
                on: .study(self.sample.store, studyUID: "1.2")
            )
            #expect(decision == .init(outcome: .hidden, reason: .deniedByRule, ruleID: "deny"))
        }
    }

    @Test("case 53: purpose and time count in each decision anew")
    func requestConditions() throws {
        let policy = try self.sample.compiled(
            self.sample.rule {
                $0.request.purposesOfUse = ["TREAT"]
                $0.request.timeOfDay = .init(fromMinute: 22 * 60, toMinute: 6 * 60, zone: .offset(minutes: 60))
                $0.request.expiresAtSeconds = 10 * 86_400
            }
        )
        let night = Int64(22 * 3_600)
        #expect(self.sample.read(policy, nil, purpose: "TREAT", at: night) == .whole)
        #expect(self.sample.read(policy, nil, purpose: "HRESCH", at: night) == .nothing)
        #expect(self.sample.read(policy, nil, purpose: nil, at: night) == .nothing)
        #expect(self.sample.read(policy, nil, purpose: "TREAT", at: 12 * 3_600) == .nothing)
        #expect(self.sample.read(policy, nil, purpose: "TREAT", at: 10 * 86_400) == .nothing)
    }
}
