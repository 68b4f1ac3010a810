package import CollimatorCore
internal import Cryptography

/// The IAM policy of a store read as rules: those that would stand for its bindings, and what of it cannot be read so.
package struct IAMImport: Sendable, Hashable {
    /// To be added to the policy.
    package private(set) var rules: [AccessRule] = []
    /// Grants that a rule stands for afterwards, those that one stood for before among them.
    package private(set) var covered: Set<IAMGrant> = []
    /// What is left as it is.
    package private(set) var skipped: [Skipped] = []

    /// A grant that stays without a rule.
    package struct Skipped: Sendable, Hashable {
        package let grant: IAMGrant
        package let reason: Reason
    }

    /// Why it stays without one.
    package enum Reason: String, Sendable, CaseIterable {
        case hasRule = "has-a-rule"
        /// The binding holds under a condition, which rules have no words for.
        case conditional
        case unknownRole = "unknown-role"
        /// Nobody has said which principal it is.
        case unknownMember = "unknown-member"
    }

    /// - Parameters:
    ///   - iam: the policy of the store.
    ///   - store: the store, by the name that rules know it by.
    ///   - principals: who the members of IAM are here; what rules say already need not be said again.
    ///   - policy: the rules that there are.
    package init(_ iam: IAMPolicy, of store: StoreName, principals: [String: Principal], into policy: AccessPolicy) {
        let mapping = IAMMapping(policy, of: store)
        var known = Dictionary(
            policy.rules.compactMap { rule in rule.iamMember.map { ($0, rule.principal) } },
            uniquingKeysWith: { first, _ in first }
        )
        known.merge(principals) { _, said in said }
        for binding in iam.bindings where binding.condition != nil {
            for member in binding.members {
                self.skipped.append(Skipped(grant: .init(role: binding.role, member: member), reason: .conditional))
            }
        }
        for grant in iam.grants.sorted() {
            if mapping.store[grant] != nil {
                self.covered.insert(grant)
                self.skipped.append(Skipped(grant: grant, reason: .hasRule))
            } else if let role = IAMRoleTable.role(for: grant.role), IAMRoleTable.row(grant.role)?.place == .store {
                guard let principal = known[grant.member], IAMMember.isMember(grant.member) else {
                    self.skipped.append(Skipped(grant: grant, reason: .unknownMember))
                    continue
                }
                self.covered.insert(grant)
                self.rules.append(Self.rule(grant, principal, role, store))
            } else {
                self.skipped.append(Skipped(grant: grant, reason: .unknownRole))
            }
        }
    }

    /// The id is the same whenever the same grant is read.
    private static func rule(_ grant: IAMGrant, _ principal: Principal, _ role: Role, _ store: StoreName) -> AccessRule
    {
        let hash = SHA256.hash(Array("\(store) \(grant.role) \(grant.member)".utf8))
        var rule = AccessRule(
            id: "iam-\(Hexadecimal.encode(hash.prefix(8)))",
            .allow,
            principal,
            role: role.name,
            on: .store(store)
        )
        rule.isDirect = true
        rule.iamMember = grant.member
        return rule
    }
}
