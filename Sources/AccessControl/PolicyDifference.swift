package import CollimatorCore

/// What changes from one policy to another, rule by rule: who gains and who loses.
package struct PolicyDifference: Sendable, Hashable {
    /// The ids of rules.
    package let added: [String]
    package let removed: [String]
    package let changed: [String]
    /// Principals of which an allowance came or changed, or a denial went or changed.
    package let mayGain: Set<Principal>
    /// Principals of which an allowance went or changed, or a denial came or changed.
    package let mayLose: Set<Principal>

    package init(from old: AccessPolicy, to new: AccessPolicy) {
        let before = Dictionary(old.rules.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        let after = Dictionary(new.rules.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        let roles = (old.rolesByName, new.rolesByName)
        var gone: [AccessRule] = []
        var come: [AccessRule] = []
        var changed: [String] = []
        for (id, rule) in after {
            guard let was = before[id], was == rule, roles.0[rule.role] == roles.1[rule.role] else {
                come.append(rule)
                if let was = before[id] {
                    gone.append(was)
                    changed.append(id)
                }
                continue
            }
        }
        gone += before.values.filter { after[$0.id] == nil }
        self.added = after.keys.filter { before[$0] == nil }.sorted()
        self.removed = before.keys.filter { after[$0] == nil }.sorted()
        self.changed = changed.sorted()
        var gaining = Set((come.filter { $0.effect == .allow } + gone.filter { $0.effect == .deny }).map(\.principal))
        var losing = Set((come.filter { $0.effect == .deny } + gone.filter { $0.effect == .allow }).map(\.principal))
        // Members who joined or left a group gain and lose what its rules say, either way.
        let groups = (old.membersByGroup, new.membersByGroup)
        for group in Set(groups.0.keys).union(groups.1.keys) {
            let moved = (groups.0[group] ?? []).symmetricDifference(groups.1[group] ?? [])
            gaining.formUnion(moved)
            losing.formUnion(moved)
        }
        self.mayGain = gaining
        self.mayLose = losing
    }
}

extension AccessPolicy {
    fileprivate var membersByGroup: [String: Set<Principal>] {
        Dictionary(self.groups.map { ($0.name, $0.members) }, uniquingKeysWith: { first, _ in first })
    }

    /// Principals who may change the rules whatever the request, but for what other rules on groups of theirs deny.
    var ruleMakers: Set<Principal> {
        let roles = self.rolesByName
        let relevant = self.rules.filter { rule in
            rule.resource == .allStores && roles[rule.role]?.permissions.contains(.policyUpdate) ?? false
        }
        let allowed = Set(relevant.filter { $0.effect == .allow && $0.request.isEmpty }.map(\.principal))
        let emptyGroups = Set(self.groups.filter(\.members.isEmpty).map { Principal.localGroup(name: $0.name) })
        return allowed.subtracting(relevant.filter { $0.effect == .deny }.map(\.principal)).subtracting(emptyGroups)
    }
}
