package import CollimatorCore

/// What a subject may see of one store, for lists and totals: what is allowed and not denied.
package struct VisibilityFilter: Sendable, Hashable {
    /// Whether all is allowed that is not denied.
    package var allowsAll = false
    package var allowed = Selection()
    package var denied = Selection()

    /// Studies that selectors pick or that are named.
    package struct Selection: Sendable, Hashable {
        /// The keys of selectors that pick in the whole store.
        package var selectors: Set<String> = []
        /// Studies by UID, with how much of each.
        package var studies: [String: AccessExtent] = [:]
        /// Studies of which a selector picks some: rules on one study or series with more to them.
        package var selectorsByStudy: [String: Set<String>] = [:]

        package init() {}

        /// Whether it picks nothing.
        package var isEmpty: Bool {
            self.selectors.isEmpty && self.studies.isEmpty && self.selectorsByStudy.isEmpty
        }
    }

    package static let all = VisibilityFilter(allowsAll: true)
    package static let none = VisibilityFilter()

    private init(allowsAll: Bool = false) { self.allowsAll = allowsAll }

    /// Whether nothing can be visible, whatever there is.
    package var isNone: Bool { !self.allowsAll && self.allowed.isEmpty }
}

extension CompiledPolicy {
    /// What the subject may do with the permission in the store, for lists.
    package func visibility(_ subject: AccessSubject, _ permission: Permission, in store: StoreName) -> VisibilityFilter
    {
        if subject.principal == .administrator { return .all }
        var filter = VisibilityFilter.none
        for compiled in self.matching(subject, permission, anywhereIn: store) {
            switch compiled.rule.effect {
            case .allow:
                if compiled.selector == nil, !compiled.rule.resource.isBelowStore {
                    filter.allowsAll = true
                } else {
                    filter.allowed.add(compiled)
                }
            case .deny:
                if compiled.selector == nil, !compiled.rule.resource.isBelowStore { return .none }
                filter.denied.add(compiled)
            }
        }
        if filter.allowsAll { filter.allowed = VisibilityFilter.Selection() }
        return filter.isNone ? .none : filter
    }

    /// Whether decisions of the subject in the store can depend on what is known of a study.
    package func asksFacts(_ subject: AccessSubject, in store: StoreName) -> Bool {
        guard subject.principal != .administrator else { return false }
        return self.principals(of: subject).contains { principal in
            self.rules[principal]?.bearing(on: .store(store)).contains { $0.selector != nil } ?? false
        }
    }
}

extension VisibilityFilter.Selection {
    fileprivate mutating func add(_ compiled: CompiledPolicy.Compiled) {
        switch (compiled.rule.resource, compiled.selector) {
        case (.study(_, let study), nil), (.series(_, let study, _), nil): self.studies[study] = .whole
        case (.study(_, let study), let selector?), (.series(_, let study, _), let selector?):
            self.selectorsByStudy[study, default: []].insert(selector.key)
        case (.allStores, let selector?), (.store, let selector?): self.selectors.insert(selector.key)
        case (.allStores, nil), (.store, nil): break
        }
    }
}
