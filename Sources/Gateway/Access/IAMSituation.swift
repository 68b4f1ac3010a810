import AccessControl
import CollimatorCore

/// How the rules and the IAM policies of one store stand to each other.
struct IAMSituation: Sendable {
    let store: StoreName
    /// The number of the version of the rules.
    let version: Int
    /// The policy of the store, and that of its dataset.
    let parts: [Part]
    let unmapped: [IAMMapping.Unmapped]
    /// What a grant allows beyond the rules that ask for it.
    let beyond: @Sendable (IAMGrant, [String]) -> [String]

    /// One policy.
    struct Part: Sendable {
        let resource: IAMResource
        /// Nil where we may not read it.
        let policy: IAMPolicy?
        let desired: [IAMGrant: [String]]
        let claimed: Set<IAMGrant>

        /// Nil where we may not read the policy: nobody knows then what is to be changed.
        var plan: IAMPlan? {
            self.policy.map { IAMPlan(desired: Set(self.desired.keys), applied: self.claimed, policy: $0) }
        }
    }

    /// Which bindings are shown.
    enum Shown: Sendable {
        case asTheyAre
        case afterwards
    }

    /// Whether the policies are not as the rules ask; nil where one of them cannot be read.
    private var hasDrifted: Bool? {
        let plans = self.parts.map(\.plan)
        if plans.contains(where: { $0.map { !$0.isEmpty } ?? false }) { return true }
        return plans.contains { $0 == nil } ? nil : false
    }

    /// By the rules that ask for it: what its IAM role allows and none of theirs does.
    static func beyond(_ grant: IAMGrant, _ roles: [String]) -> [String] {
        let ours = RoleTable.predefined.filter { roles.contains($0.name) && $0.iamRole == grant.role }
        guard let first = ours.first else { return [] }
        return ours.dropFirst().reduce(IAMRoleTable.beyond(first)) { left, role in
            let others = Set(IAMRoleTable.beyond(role))
            return left.filter(others.contains)
        }
    }

    func json(_ shown: Shown) -> JSONValue {
        .object([
            ("store", .string(self.store.rawValue)),
            ("policyVersion", .integer(self.version)),
            ("drift", self.hasDrifted.map { .bool($0) } ?? .null),
            ("resources", .array(self.parts.map { self.json($0, shown) })),
            (
                "unmapped",
                .array(
                    self.unmapped.map { rule in
                        .object([("rule", .string(rule.ruleID)), ("reason", .string(rule.reason.rawValue))])
                    }
                )
            ),
        ])
    }

    private func json(_ part: Part, _ shown: Shown) -> JSONValue {
        let plan = part.plan
        var bindings = part.policy
        if shown == .afterwards, let plan, let policy = part.policy { bindings = plan.applied(to: policy) }
        let kind: IAMRoleTable.Place = if case .store = part.resource { .store } else { .dataset }
        return .object([
            ("resource", .string(part.resource.description)),
            ("kind", .string(kind.rawValue)),
            ("readable", .bool(plan != nil)),
            ("etag", .text(part.policy?.etag)),
            ("additions", self.asked(plan?.additions, part)),
            ("removals", Self.grants(plan?.removals)),
            ("kept", self.asked(plan?.kept, part)),
            ("foreign", Self.grants(plan?.foreign)),
            (
                shown == .asTheyAre ? "bindings" : "bindingsAfter",
                .array((bindings?.bindings ?? []).map(IAMBody.json))
            ),
        ])
    }

    /// Grants with the rules that ask for them.
    private func asked(_ grants: [IAMGrant]?, _ part: Part) -> JSONValue {
        .array(
            (grants ?? []).map { grant in
                let rules = part.desired[grant] ?? []
                return .object(
                    IAMBody.members(grant) + [
                        ("rules", .array(rules.map { .string($0) })),
                        ("beyond", .array(self.beyond(grant, rules).map { .string($0) })),
                    ]
                )
            }
        )
    }

    private static func grants(_ grants: [IAMGrant]?) -> JSONValue {
        .array((grants ?? []).map { .object(IAMBody.members($0)) })
    }
}

/// Bindings and grants of IAM as JSON.
enum IAMBody {
    static func members(_ grant: IAMGrant) -> [(String, JSONValue)] {
        [("role", .string(grant.role)), ("member", .string(grant.member))]
    }

    static func json(_ binding: IAMBinding) -> JSONValue {
        let condition = binding.condition.map { condition in
            JSONValue.object([
                ("title", .text(condition.title)),
                ("expression", .string(condition.expression)),
                ("description", .text(condition.description)),
                ("location", .text(condition.location)),
            ])
        }
        return .object([
            ("role", .string(binding.role)),
            ("members", .array(binding.members.map { .string($0) })),
            ("condition", condition ?? .null),
        ])
    }

    static func json(_ found: IAMImport, version: Int, isApplied: Bool) -> JSONValue {
        .object([
            ("version", .integer(version)),
            ("applied", .bool(isApplied)),
            ("rules", .array(found.rules.map { .written(PolicyDocument.text($0)) })),
            (
                "skipped",
                .array(
                    found.skipped.map { skipped in
                        .object(Self.members(skipped.grant) + [("reason", .string(skipped.reason.rawValue))])
                    }
                )
            ),
        ])
    }
}
