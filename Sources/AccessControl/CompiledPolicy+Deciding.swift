package import CollimatorCore

extension CompiledPolicy {
    /// Decides on one thing.
    ///
    /// `facts` is what is known of the study that it is or is in; without them conditions allow nothing, and deny.
    package func decide(
        _ subject: AccessSubject,
        _ permission: Permission,
        on resource: AccessResource,
        facts: AccessFacts? = nil
    ) -> AccessDecision {
        guard let row = PermissionTable.row(permission), row.levels.contains(resource.level) else {
            // A question that makes no sense is a mistake of ours: nobody gains anything by it.
            return AccessDecision(outcome: .hidden, reason: .permissionDoesNotApply)
        }
        if subject.principal == .administrator {
            return AccessDecision(outcome: .allowed, reason: .administratorMayAll)
        }
        switch resource {
        case .service: return self.decideOnService(subject, permission)
        case .store(let store): return self.decideOnStore(subject, permission, on: store)
        case .study(let store, let study), .series(let store, let study, _), .instance(let store, let study, _, _):
            let part = Part(resource: resource, store: store, study: study)
            return self.decideOnStudy(subject, permission, on: part, facts)
        }
    }

    private func decideOnService(_ subject: AccessSubject, _ permission: Permission) -> AccessDecision {
        // Lists are filtered and not refused, for whoever showed a credential.
        if permission == .storesList, subject.principal != .anonymous || self.rules[.anonymous] != nil {
            return AccessDecision(outcome: .allowed, reason: .listIsFiltered)
        }
        let rules = self.matching(subject, permission).filter { $0.selector == nil }
        if let denial = rules.first(where: { $0.rule.effect == .deny }) {
            return AccessDecision(outcome: .forbidden, reason: .deniedByRule, ruleID: denial.rule.id)
        }
        guard let allowance = rules.first else {
            return AccessDecision(outcome: .forbidden, reason: .nothingGranted)
        }
        return AccessDecision(outcome: .allowed, reason: .allowedByRule, ruleID: allowance.rule.id)
    }

    /// Looking into a store needs a right on anything in it, for what is shown is filtered; storing a right on all of it,
    /// for each study is asked for by itself; everything else a right on all of it that nothing is taken from.
    private func decideOnStore(
        _ subject: AccessSubject,
        _ permission: Permission,
        on store: StoreName
    ) -> AccessDecision {
        var rules = self.matching(subject, permission, on: store)
        if permission.takesImagingAlong {
            rules += self.matching(subject, .dicomWebRead, on: store).filter { $0.rule.effect == .deny }
        }
        let isWhole: (Compiled) -> Bool = { $0.selector == nil && !$0.rule.resource.isBelowStore }
        let isLooking = [.dicomWebRead, .storesGet, .storesList].contains(permission)
        let partialDenial = rules.first { $0.rule.effect == .deny && !isWhole($0) }
        if let denial = rules.first(where: { $0.rule.effect == .deny && isWhole($0) })
            ?? (isLooking || permission == .dicomWebWrite ? nil : partialDenial)
        {
            return AccessDecision(outcome: .hidden, reason: .deniedByRule, ruleID: denial.rule.id)
        }
        let allowances = rules.filter { $0.rule.effect == .allow }
        if let whole = allowances.first(where: isWhole) {
            return AccessDecision(outcome: .allowed, reason: .allowedByRule, ruleID: whole.rule.id)
        }
        guard isLooking, let part = allowances.first else {
            return AccessDecision(outcome: .hidden, reason: .nothingGranted)
        }
        return AccessDecision(outcome: .allowed, reason: .listIsFiltered, ruleID: part.rule.id)
    }

    /// A study or what is in it.
    private struct Part {
        let resource: AccessResource
        let store: StoreName
        let study: String
    }

    private func decideOnStudy(
        _ subject: AccessSubject,
        _ permission: Permission,
        on part: Part,
        _ facts: AccessFacts?
    ) -> AccessDecision {
        let resource = part.resource
        let rules = self.principals(of: subject).compactMap { self.rules[$0] }
        let asksFacts = rules.contains { $0.asksFacts(of: part.study, in: part.store) }
        let study = asksFacts ? facts.map { StudyTerms($0) } : nil
        func forEach(_ effect: AccessEffect, _ permission: Permission, _ body: (Compiled, AccessExtent) -> Bool) {
            for some in rules {
                let goesOn = some.forEach(effect, on: part.study, in: part.store, study) { compiled in
                    guard compiled.bears(on: permission, of: subject) else { return true }
                    let extent = compiled.extent(study)
                    return extent == .nothing || body(compiled, extent)
                }
                guard goesOn else { return }
            }
        }
        var denied = AccessExtent.nothing
        var denyingRule: String?
        // What somebody may not see they may not delete or move either.
        for permission in permission.isOfContents ? [permission] : [permission, .dicomWebRead] where denied != .whole {
            forEach(.deny, permission) { compiled, extent in
                denied = denied.union(extent)
                if denied == .whole || denyingRule == nil { denyingRule = compiled.rule.id }
                return denied != .whole
            }
        }
        if denied == .whole { return AccessDecision(outcome: .hidden, reason: .deniedByRule, ruleID: denyingRule) }
        var allowed = AccessExtent.nothing
        var allowingRule: String?
        forEach(.allow, permission) { compiled, extent in
            allowed = allowed.union(extent)
            if allowed == .whole || allowingRule == nil { allowingRule = compiled.rule.id }
            return allowed != .whole
        }
        guard allowed != .nothing else { return AccessDecision(outcome: .hidden, reason: .nothingGranted) }
        let left = allowed.subtracting(denied, of: facts?.seriesUIDs)
        guard left.covers(resource, reading: permission == .dicomWebRead, facts) else {
            let wasDenied = allowed.covers(resource, reading: permission == .dicomWebRead, facts)
            return AccessDecision(
                outcome: .hidden,
                reason: wasDenied ? .deniedByRule : .nothingGranted,
                ruleID: wasDenied ? denyingRule : nil
            )
        }
        return AccessDecision(outcome: .allowed, reason: .allowedByRule, extent: left, ruleID: allowingRule)
    }
}

extension Permission {
    /// Whether it is about looking at imaging or adding to it.
    fileprivate var isOfContents: Bool { self == .dicomWebRead || self == .dicomWebWrite }

    /// Whether what it allows on a whole store takes along what somebody may be kept from seeing.
    var takesImagingAlong: Bool {
        [.storesExport, .storesDeidentify, .storesDelete, .dicomWebDelete, .storageSettings].contains(self)
    }
}

extension CompiledPolicy.Compiled {
    /// What the rule picks of the study.
    fileprivate func extent(_ study: StudyTerms?) -> AccessExtent {
        guard let selector else { return .whole }
        if let study { return selector.evaluate(study) }
        // A series that is named needs no facts, unless there is more to it.
        guard let seriesUID = selector.seriesUID, selector.condition.isEmpty, selector.effect == .allow else {
            return selector.effect == .allow ? .nothing : .whole
        }
        return .series([seriesUID])
    }
}

extension AccessExtent {
    /// Whether the resource is in it: for reading a study any of it, for anything else all of it.
    fileprivate func covers(_ resource: AccessResource, reading: Bool, _ facts: AccessFacts?) -> Bool {
        switch (self, resource) {
        case (.nothing, _): false
        case (.whole, _): true
        case (.series(let series), .series(_, _, let uid)), (.series(let series), .instance(_, _, let uid, _)):
            series.contains(uid)
        case (.series(let series), _):
            reading || facts?.seriesUIDs.map { !$0.isEmpty && $0.isSubset(of: series) } ?? false
        }
    }
}
