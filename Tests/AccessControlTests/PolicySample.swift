import CollimatorCore
import Testing

@testable import AccessControl

/// A store, people and studies for the tests of rules.
struct PolicySample {
    let store: StoreName
    let other: StoreName
    let reader = Principal.user(issuer: "hospital", subject: "reader")

    init() throws {
        self.store = try #require(StoreName("radiology"))
        self.other = try #require(StoreName("cardiology"))
    }

    func rule(
        _ id: String = "r",
        _ effect: AccessEffect = .allow,
        role: String = "viewer",
        on resource: RuleResource? = nil,
        for principal: Principal? = nil,
        _ change: (inout AccessRule) -> Void = { _ in }
    ) -> AccessRule {
        var rule = AccessRule(
            id: id,
            effect,
            principal ?? self.reader,
            role: role,
            on: resource ?? .store(self.store)
        )
        change(&rule)
        return rule
    }

    func compiled(_ rules: AccessRule...) throws -> CompiledPolicy {
        var policy = AccessPolicy()
        policy.rules = rules
        return try CompiledPolicy(policy, version: 1)
    }

    /// What the reader may read of the study `1.2`.
    func read(
        _ policy: CompiledPolicy,
        _ facts: AccessFacts?,
        purpose: String? = nil,
        at time: Int64 = 0
    ) -> AccessExtent {
        let subject = AccessSubject(self.reader, purposeOfUse: purpose, timeSeconds: time)
        let study = AccessResource.study(self.store, studyUID: "1.2")
        return policy.decide(subject, .dicomWebRead, on: study, facts: facts).extent
    }

    /// A study with a CT, an SR about it, and an MR.
    static let mixed = AccessFacts(
        values: [.institution: ["North"], .description: ["Chest"], .date: ["20260105"]],
        patients: [PatientIdentity(id: "7", issuer: "North")],
        series: [
            AccessSeriesFacts(uid: "1.2.1", modalities: ["CT"], uploaders: [.client(id: "scanner")]),
            AccessSeriesFacts(uid: "1.2.2", modalities: ["SR"], references: ["1.2.1"]),
            AccessSeriesFacts(uid: "1.2.3", modalities: ["MR"]),
        ]
    )
}
