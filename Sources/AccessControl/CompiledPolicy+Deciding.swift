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
        switch resource.level {
        case .service: return self.decideOnService(subject, permission)
        case .store: return self.decideOnStore(subject, permission, on: resource)
        case .study, .series, .instance: return self.decideOnStudy(subject, permission, on: resource, facts)
        }
    }

    private func decideOnService(_ subject: AccessSubject, _ permission: Permission) -> AccessDecision {
        // Lists are filtered and not refused, for whoever showed a credential.
        if permission == .storesList, subject.principal != .anonymous || self.rules[.anonymous] != nil {
            return AccessDecision(outcome: .allowed, reason: .listIsFiltered)
        }
        let rules = self.matching(subject, permission, on: .service).filter { $0.selector == nil }
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
        on resource: AccessResource
    ) -> AccessDecision {
        var rules = self.matching(subject, permission, on: resource)
        if permission.takesImagingAlong {
            rules += self.matching(subject, .dicomWebRead, on: resource).filter { $0.rule.effect == .deny }
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

    private func decideOnStudy(
        _ subject: AccessSubject,
        _ permission: Permission,
        on resource: AccessResource,
        _ facts: AccessFacts?
    ) -> AccessDecision {
        var denied = AccessExtent.nothing
        var denyingRule: String?
        var allowed = AccessExtent.nothing
        var allowingRule: String?
        var rules = self.matching(subject, permission, on: resource)
        if permission != .dicomWebRead, permission != .dicomWebWrite {
            // What somebody may not see they may not delete or move either.
            rules += self.matching(subject, .dicomWebRead, on: resource).filter { $0.rule.effect == .deny }
        }
        for compiled in rules where compiled.rule.effect == .deny {
            let extent = compiled.extent(facts)
            guard extent != .nothing else { continue }
            denyingRule = denyingRule ?? compiled.rule.id
            denied = denied.union(extent)
            if denied == .whole {
                return AccessDecision(outcome: .hidden, reason: .deniedByRule, ruleID: compiled.rule.id)
            }
        }
        for compiled in rules where compiled.rule.effect == .allow && allowed != .whole {
            let extent = compiled.extent(facts)
            guard extent != .nothing else { continue }
            allowingRule = allowingRule ?? compiled.rule.id
            allowed = allowed.union(extent)
            if allowed == .whole { allowingRule = compiled.rule.id }
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
    /// Whether what it allows on a whole store takes along what somebody may be kept from seeing.
    var takesImagingAlong: Bool {
        [.storesExport, .storesDeidentify, .storesDelete, .dicomWebDelete, .storageSettings].contains(self)
    }
}

extension CompiledPolicy.Compiled {
    /// What the rule picks of the study.
    fileprivate func extent(_ facts: AccessFacts?) -> AccessExtent {
        guard let selector else { return .whole }
        if let facts { return selector.evaluate(facts) }
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
