package import Catalog
package import CollimatorCore

extension CompiledPolicy {
    /// What the subject may do with the permission in the store, for lists and totals: what is allowed and not denied.
    ///
    /// Of rules with conditions and of those on parts of the store it looks at one of each kind, however many there are.
    package func visibility(_ subject: AccessSubject, _ permission: Permission, in store: StoreName) -> StoreVisibility
    {
        if subject.principal == .administrator { return .everything }
        var seen = StoreVisibility.nothing
        var allowed: [NamedStudies] = []
        var denied: [NamedStudies] = []
        for principal in self.principals(of: subject) {
            guard let rules = self.rules[principal] else { continue }
            let wholes = rules.allStores.samples + (rules.stores[store]?.samples ?? [])
            for sample in wholes where sample.compiled.bears(on: permission, of: subject) {
                let picked = StudySelection(selectors: sample.selectors)
                switch (sample.compiled.rule.effect, picked.isEmpty) {
                case (.allow, true): seen.allowsAll = true
                case (.allow, false): seen.allowed.formUnion(picked)
                case (.deny, true): return .nothing
                case (.deny, false): seen.denied.formUnion(picked)
                }
            }
            for part in rules.parts[store]?.kinds ?? [] where part.sample.bears(on: permission, of: subject) {
                switch part.sample.rule.effect {
                case .allow:
                    allowed.append(part.picked.studies)
                    seen.allowed.formUnion(StudySelection(selectors: part.picked.selectors))
                case .deny:
                    denied.append(part.picked.studies)
                    seen.denied.formUnion(StudySelection(selectors: part.picked.selectors))
                }
            }
        }
        seen.denied.studies = self.names.union(denied)
        seen.allowed = seen.allowsAll ? StudySelection() : seen.allowed
        if !seen.allowsAll { seen.allowed.studies = self.names.union(allowed) }
        return seen.isNothing ? .nothing : seen
    }

    /// Whether the subject may use the permission on all of the store, and nothing in it is denied.
    ///
    /// It is asked for every picture: rules on single studies are looked at only where they deny.
    package func allowsAll(_ subject: AccessSubject, _ permission: Permission, in store: StoreName) -> Bool {
        if subject.principal == .administrator { return true }
        var allowsAll = false
        for principal in self.principals(of: subject) {
            guard let rules = self.rules[principal] else { continue }
            let wholes = rules.allStores.samples + (rules.stores[store]?.samples ?? [])
            for compiled in wholes.map(\.compiled) where compiled.bears(on: permission, of: subject) {
                switch (compiled.rule.effect, compiled.selector) {
                case (.allow, nil): allowsAll = true
                case (.allow, _): break
                case (.deny, _): return false
                }
            }
            let denying = rules.parts[store]?.denying ?? []
            if denying.contains(where: { $0.sample.bears(on: permission, of: subject) }) { return false }
        }
        return allowsAll
    }

    /// Whether decisions of the subject in the store can depend on what is known of a study.
    package func asksFacts(_ subject: AccessSubject, in store: StoreName) -> Bool {
        guard subject.principal != .administrator else { return false }
        return self.principals(of: subject).contains { principal in
            self.rules[principal]?.samples(of: store).contains { $0.selector != nil } ?? false
        }
    }
}

extension CompiledPolicy {
    /// Rules on parts of a store, told apart by all but what they name: somebody may have thousands that differ by their
    /// study alone, and a question about the store must not look at each.
    struct Parts: Sendable {
        let kinds: [Part]
        /// Those of them that deny.
        let denying: [Part]

        init(_ kinds: [Part]) {
            self.kinds = kinds
            self.denying = kinds.filter { $0.sample.rule.effect == .deny }
        }

        /// All rules of a kind.
        struct Part: Sendable {
            /// One of them.
            let sample: Compiled
            /// What they pick together.
            let picked: StudySelection
        }
    }

    /// Puts rules on parts of a store together.
    struct PartsBuilder {
        private var kinds: [RuleKind: Int] = [:]
        private var samples: [Compiled] = []
        private var selectors: [Set<String>] = []
        private var studies: [[String: StudyPart]] = []

        mutating func add(_ compiled: Compiled) {
            guard let study = compiled.rule.resource.study else { return }
            let kind = RuleKind(compiled)
            let index = self.kinds[kind] ?? self.samples.count
            if index == self.samples.count {
                self.kinds[kind] = index
                self.samples.append(compiled)
                self.selectors.append([])
                self.studies.append([:])
            }
            if let key = compiled.rowKey {
                self.selectors[index].insert(key)
            } else {
                self.studies[index][study] = .whole
            }
        }

        var parts: Parts {
            Parts(
                self.samples.indices.map { index in
                    let studies = NamedStudies(self.studies[index])
                    let picked = StudySelection(selectors: self.selectors[index], studies: studies)
                    return Parts.Part(sample: self.samples[index], picked: picked)
                }
            )
        }
    }
}
