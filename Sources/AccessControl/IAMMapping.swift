package import CollimatorCore

/// What the direct rules of a policy ask of the IAM policies of one store and of its dataset.
///
/// IAM knows no studies, conditions, purposes or hours, and a binding there cannot be taken away by a denial here. So a rule
/// stands for a binding only where it gives a whole store without a condition and nothing is taken from it.
package struct IAMMapping: Sendable, Hashable {
    /// What the policy of the store is to grant, each with the ids of the rules that ask for it.
    package private(set) var store: [IAMGrant: [String]] = [:]
    /// The same for the policy of the dataset.
    package private(set) var dataset: [IAMGrant: [String]] = [:]
    /// Direct rules that no binding can stand for, in the order of the policy.
    package private(set) var unmapped: [Unmapped] = []

    /// A direct rule that no binding can stand for.
    package struct Unmapped: Sendable, Hashable {
        package let ruleID: String
        package let reason: Reason
    }

    /// Why not.
    package enum Reason: String, Sendable, CaseIterable {
        case noMember = "no-iam-member"
        case noRole = "no-iam-role"
        /// Its role is one over datasets, and the rule is about one store.
        case roleOfDataset = "role-of-dataset"
        case touchedByDenial = "touched-by-denial"
        case suspended = "suspended"
    }

    /// - Parameters:
    ///   - policy: a policy without faults.
    ///   - store: the store, by the name that rules know it by.
    ///   - suspended: principals who are kept out.
    package init(_ policy: AccessPolicy, of store: StoreName, suspended: Set<Principal> = []) {
        let roles = policy.rolesByName
        // What the dataset's policy grants must not depend on the store that is looked at.
        let denials: [IAMRoleTable.Place: IAMDenials] = [
            .store: IAMDenials(policy, bearingOn: store, roles: roles),
            .dataset: IAMDenials(policy, bearingOn: nil, roles: roles),
        ]
        for rule in policy.rules where rule.isDirect && rule.effect == .allow {
            guard rule.resource == .allStores || rule.resource == .store(store) else { continue }
            switch Self.grant(of: rule, roles, denials, suspended) {
            case .success(let place, let grant) where place == .store: self.store[grant, default: []].append(rule.id)
            case .success(_, let grant): self.dataset[grant, default: []].append(rule.id)
            case .failure(let reason): self.unmapped.append(Unmapped(ruleID: rule.id, reason: reason))
            }
        }
    }

    private enum Outcome {
        case success(IAMRoleTable.Place, IAMGrant)
        case failure(Reason)
    }

    private static func grant(
        of rule: AccessRule,
        _ roles: [String: Role],
        _ denials: [IAMRoleTable.Place: IAMDenials],
        _ suspended: Set<Principal>
    ) -> Outcome {
        guard let role = roles[rule.role], let row = role.iamRole.flatMap({ IAMRoleTable.row($0) }) else {
            return .failure(.noRole)
        }
        guard row.place == .store || rule.resource == .allStores else { return .failure(.roleOfDataset) }
        guard let member = rule.iamMember else { return .failure(.noMember) }
        guard !suspended.contains(rule.principal) else { return .failure(.suspended) }
        let given = row.permissions.union(role.permissions.map(\.iamName))
        guard denials[row.place]?.touch(rule.principal, given) == false else { return .failure(.touchedByDenial) }
        return .success(row.place, IAMGrant(role: row.role, member: member))
    }
}

/// Everything that is denied in a store, or anywhere, for the question whether any of it can touch what somebody is given.
///
/// Where it cannot be known whether somebody is in a group it is taken for so: a binding that is left out keeps the gateway's
/// own answer, one that is put in goes around it.
struct IAMDenials {
    private var byRole: [String: Denied] = [:]
    private let members: [Principal: Set<Principal>]

    /// Who is denied what one role holds.
    private struct Denied {
        let permissions: Set<String>
        var principals: Set<Principal> = []
        var issuersOfUsers: Set<String> = []
        /// Issuers of which groups, or all users, are denied.
        var issuersOfGroups: Set<String> = []

        mutating func add(_ principal: Principal) {
            self.principals.insert(principal)
            switch principal {
            case .user(let issuer, _): self.issuersOfUsers.insert(issuer)
            case .group(let issuer, _), .authenticated(let issuer): self.issuersOfGroups.insert(issuer)
            case .administrator, .localGroup, .client, .anonymous: break
            }
        }

        func mayConcern(_ principal: Principal) -> Bool {
            if self.principals.contains(principal) { return true }
            return switch principal {
            case .user(let issuer, _): self.issuersOfGroups.contains(issuer)
            case .group(let issuer, _), .authenticated(let issuer):
                self.issuersOfGroups.contains(issuer) || self.issuersOfUsers.contains(issuer)
            case .administrator, .localGroup, .client, .anonymous: false
            }
        }
    }

    init(_ policy: AccessPolicy, bearingOn store: StoreName?, roles: [String: Role]) {
        self.members = Dictionary(
            policy.groups.map { (Principal.localGroup(name: $0.name), $0.members) },
            uniquingKeysWith: { first, _ in first }
        )
        for rule in policy.rules where rule.effect == .deny && store.map(rule.resource.bears) ?? true {
            guard let role = roles[rule.role] else { continue }
            for principal in self.members[rule.principal] ?? [rule.principal] {
                self.byRole[rule.role, default: Denied(permissions: Self.taken(by: role))].add(principal)
            }
        }
    }

    /// Whether any denial can take something from what the principal is given, by the names of IAM.
    func touch(_ principal: Principal, _ given: Set<String>) -> Bool {
        let principals = self.members[principal] ?? [principal]
        return self.byRole.values.contains { denied in
            !denied.permissions.isDisjoint(with: given) && principals.contains(where: denied.mayConcern)
        }
    }

    /// What somebody may not see they may not take out or delete either.
    private static func taken(by role: Role) -> Set<String> {
        var permissions = role.permissions
        if permissions.contains(.dicomWebRead) {
            permissions.formUnion(PermissionTable.rows.map(\.permission).filter(\.takesImagingAlong))
        }
        return Set(permissions.map(\.iamName))
    }
}

extension RuleResource {
    /// Whether it is the store, in it, or all stores.
    fileprivate func bears(on store: StoreName) -> Bool {
        switch self {
        case .allStores: true
        case .store(let other), .study(let other, _), .series(let other, _, _): other == store
        }
    }
}
