internal import Catalog
import CollimatorCore

/// One version of the policy, ready to decide: it never changes.
package struct CompiledPolicy: Sendable {
    package let version: Int
    /// Every distinct part of rules that has to be worked out for each study.
    package let selectors: [RuleSelector]
    var rules: [Principal: PrincipalRules]
    /// Names that rules of several kinds pick, put together once.
    let names = NamedStudiesMemory()
    private let groups: [Principal: [Principal]]

    /// The rules of one principal, by what they are about.
    struct PrincipalRules: Sendable {
        var allStores = RuleList()
        var stores: [StoreName: RuleList] = [:]
        /// By store and study, also those about single series.
        var studies: [StoreName: [String: [Compiled]]] = [:]
        /// The same for who asks for the store as a whole.
        var parts: [StoreName: Parts] = [:]
    }

    /// A rule with its role looked up.
    final class Compiled: Sendable {
        let rule: AccessRule
        let permissions: Set<Permission>
        /// Nil where it picks whole stores or whole studies by name.
        let selector: RuleSelector?

        init(rule: AccessRule, permissions: Set<Permission>, selector: RuleSelector?) {
            self.rule = rule
            self.permissions = permissions
            self.selector = selector
        }
    }

    /// A policy without rules.
    package static let empty = CompiledPolicy(version: 0, sound: AccessPolicy())

    /// - Throws: ``PolicyFaults`` with every fault.
    package init(_ policy: AccessPolicy, version: Int) throws(PolicyFaults) {
        let faults = policy.faults()
        guard faults.isEmpty else { throw PolicyFaults(faults: faults) }
        self.init(version: version, sound: policy)
    }

    private init(version: Int, sound policy: AccessPolicy) {
        let roles = policy.rolesByName
        let members = Dictionary(
            policy.groups.map { (Principal.localGroup(name: $0.name), $0.members) },
            uniquingKeysWith: { first, _ in first }
        )
        var rules: [Principal: PrincipalRules] = [:]
        var parts: [Principal: [StoreName: PartsBuilder]] = [:]
        var selectors: [String: RuleSelector] = [:]
        for rule in policy.rules {
            // Own uploads of a group are those of each member.
            let owners: [Principal] =
                rule.condition.isOwnUploads ? members[rule.principal].map(Array.init) ?? [rule.principal] : []
            for principal in rule.condition.isOwnUploads ? owners : [rule.principal] {
                let compiled = Compiled(
                    rule: rule,
                    permissions: roles[rule.role]?.permissions ?? [],
                    selector: Self.selector(of: rule, uploader: principal)
                )
                if let selector = compiled.selector { selectors[selector.key] = selector }
                rules[principal, default: PrincipalRules()].add(compiled)
                if let store = rule.resource.partOf {
                    parts[principal, default: [:]][store, default: PartsBuilder()].add(compiled)
                }
            }
        }
        for (principal, built) in parts { rules[principal]?.parts = built.mapValues(\.parts) }
        self.version = version
        self.rules = rules
        self.selectors = selectors.values.sorted { $0.key < $1.key }
        self.groups = Dictionary(
            members.flatMap { group, members in members.map { ($0, [group]) } },
            uniquingKeysWith: +
        )
    }

    private static func selector(of rule: AccessRule, uploader: Principal) -> RuleSelector? {
        var seriesUID: String?
        if case .series(_, _, let uid) = rule.resource { seriesUID = uid }
        guard !rule.condition.isEmpty || seriesUID != nil else { return nil }
        return RuleSelector(
            rule.effect,
            rule.condition,
            includesDerived: rule.includesDerived,
            seriesUID: seriesUID,
            uploader: uploader
        )
    }

    /// Everything that the subject is.
    func principals(of subject: AccessSubject) -> [Principal] {
        var principals = [subject.principal]
        for membership in subject.memberships where !principals.contains(membership) { principals.append(membership) }
        principals += self.groups[subject.principal] ?? []
        return principals
    }

    /// The rules for the permission that bear on the store and hold for the request, or without one those on all stores:
    /// of those with conditions or on parts of a store, one of each kind.
    func matching(
        _ subject: AccessSubject,
        _ permission: Permission,
        on store: StoreName? = nil
    ) -> [Compiled] {
        var found: [Compiled] = []
        for principal in self.principals(of: subject) {
            guard let rules = self.rules[principal] else { continue }
            found += rules.samples(of: store).filter { $0.bears(on: permission, of: subject) }
        }
        return found
    }
}

extension CompiledPolicy.Compiled {
    /// Whether the rule is about the permission and holds for the request.
    func bears(on permission: Permission, of subject: AccessSubject) -> Bool {
        self.permissions.contains(permission) && self.rule.request.holds(for: subject, self.rule.effect)
    }
}

extension RuleResource {
    /// The store that it is a part of; nil of whole stores.
    fileprivate var partOf: StoreName? {
        switch self {
        case .allStores, .store: nil
        case .study(let store, _), .series(let store, _, _): store
        }
    }
}

extension CompiledPolicy.PrincipalRules {
    mutating func add(_ compiled: CompiledPolicy.Compiled) {
        switch compiled.rule.resource {
        case .allStores: self.allStores.add(compiled)
        case .store(let store): self.stores[store, default: RuleList()].add(compiled)
        case .study(let store, let study), .series(let store, let study, _):
            self.studies[store, default: [:]][study, default: []].append(compiled)
        }
    }

    /// One rule of each kind that bears on the store, or without one on all stores.
    func samples(of store: StoreName?) -> [CompiledPolicy.Compiled] {
        let ofAll = self.allStores.samples.map(\.compiled)
        guard let store else { return ofAll }
        return ofAll + (self.stores[store]?.samples.map(\.compiled) ?? [])
            + (self.parts[store]?.kinds.map(\.sample) ?? [])
    }

    /// Whether what is known of the study can matter to a decision on it.
    func asksFacts(of study: String, in store: StoreName) -> Bool {
        self.allStores.asksFacts || self.stores[store]?.asksFacts ?? false
            || self.studies[store]?[study]?.contains { $0.selector != nil } ?? false
    }

    /// Goes over the rules of one effect that can pick anything of the study, in their order, as long as it is told to go on.
    ///
    /// Gives whether it is to go on after them.
    func forEach(
        _ effect: AccessEffect,
        on study: String,
        in store: StoreName,
        _ terms: StudyTerms?,
        _ body: (CompiledPolicy.Compiled) -> Bool
    ) -> Bool {
        guard self.allStores.forEach(effect, of: terms, body) else { return false }
        if let list = self.stores[store], !list.forEach(effect, of: terms, body) { return false }
        for compiled in self.studies[store]?[study] ?? [] where compiled.rule.effect == effect {
            guard body(compiled) else { return false }
        }
        return true
    }
}
