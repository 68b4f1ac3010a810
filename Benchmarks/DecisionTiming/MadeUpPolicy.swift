import AccessControl
import CollimatorCore

/// A policy of a hospital with many referrers: rules with conditions for groups, rules that name studies for users, and
/// now and then a denial.
struct MadeUpPolicy {
    let policy: AccessPolicy
    private let stores: [StoreName]
    private let groups: Int
    private let users: Int

    /// A policy in which one user has all the rules, each naming a study: an app that hands out single studies.
    init(rulesOfOneUser count: Int) {
        let stores = ["radiology", "cardiology", "neurology"].compactMap { StoreName($0) }
        self.stores = stores
        self.groups = 1
        self.users = 1
        var policy = AccessPolicy()
        policy.rules = (0..<count).map { number in
            AccessRule(
                id: "r\(number)",
                .allow,
                Self.user(0),
                role: "viewer",
                on: .study(stores[number % stores.count], studyUID: Self.study(number))
            )
        }
        self.policy = policy
    }

    /// What is asked of a policy.
    struct Question {
        let subject: AccessSubject
        let permission: Permission
        let resource: AccessResource
        let facts: AccessFacts?
    }

    /// Rules of one group, and of one user.
    private static let rulesOfOne = 10
    private static let membershipsOfOne = 5
    private static let institutions = ["North", "South", "East", "West"]

    init(rules count: Int) throws {
        let stores = ["radiology", "cardiology", "neurology"].compactMap { StoreName($0) }
        self.stores = stores
        self.groups = max(count / 2 / Self.rulesOfOne, 1)
        self.users = max(count / 2 / Self.rulesOfOne, 1)
        var policy = AccessPolicy()
        for index in 0..<count {
            let isOfGroup = index.isMultiple(of: 2)
            let number = index / 2
            var rule = AccessRule(
                id: "r\(index)",
                // Every twentieth takes something away.
                index % 20 == 6 ? .deny : .allow,
                isOfGroup ? Self.group(number % self.groups) : Self.user(number % self.users),
                role: "viewer",
                on: isOfGroup
                    ? .store(stores[number % stores.count])
                    : .study(stores[number % stores.count], studyUID: Self.study(number))
            )
            if isOfGroup {
                rule.condition.texts[.institution] = [Self.institutions[number % Self.institutions.count]]
                rule.condition.texts[.referringPhysician] = ["MEIER\(number % 97)*"]
                if number.isMultiple(of: 3) { rule.condition.modalities = ["CT", "MR"] }
                if number.isMultiple(of: 5) { rule.condition.dateFrom = "20260101" }
            }
            policy.rules.append(rule)
        }
        self.policy = policy
    }

    /// A user of five groups looks at a study that nobody named.
    func studyQuestion(_ index: Int) -> Question {
        Question(
            subject: self.subject(index),
            permission: .dicomWebRead,
            resource: .study(self.stores[index % self.stores.count], studyUID: "1.2.9.\(index)"),
            facts: Self.facts(index)
        )
    }

    /// A user looks at a study that a rule of theirs names.
    func namedQuestion(_ index: Int) -> Question {
        let number = index % max(self.policy.rules.count / 2, 1)
        return Question(
            subject: self.subject(number),
            permission: .dicomWebRead,
            resource: .study(self.stores[number % self.stores.count], studyUID: Self.study(number)),
            facts: Self.facts(number)
        )
    }

    /// A user looks into a store.
    func storeQuestion(_ index: Int) -> Question {
        Question(
            subject: self.subject(index),
            permission: .dicomWebRead,
            resource: .store(self.stores[index % self.stores.count]),
            facts: nil
        )
    }

    private func subject(_ index: Int) -> AccessSubject {
        AccessSubject(
            Self.user(index % self.users),
            memberships: (0..<Self.membershipsOfOne).map { Self.group((index &* 31 &+ $0) % self.groups) },
            timeSeconds: 1_790_000_000
        )
    }

    private static func user(_ number: Int) -> Principal { .user(issuer: "hospital", subject: "user-\(number)") }

    private static func group(_ number: Int) -> Principal { .group(issuer: "hospital", name: "group-\(number)") }

    private static func study(_ number: Int) -> String { "1.2.840.\(number)" }

    private static func facts(_ index: Int) -> AccessFacts {
        AccessFacts(
            values: [
                .institution: [Self.institutions[index % Self.institutions.count]],
                .referringPhysician: ["Meier\(index % 97)^Anna"], .date: ["20260105"], .description: ["CT CHEST"],
                .accessionNumber: ["A-\(index)"],
            ],
            patients: [PatientIdentity(id: "MRN-\(index)", issuer: "HOSP")],
            series: (0..<3).map { AccessSeriesFacts(uid: "1.2.9.\(index).\($0)", modalities: [$0 == 0 ? "CT" : "SR"]) }
        )
    }
}
