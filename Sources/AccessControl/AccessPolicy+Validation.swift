import CollimatorCore

extension AccessPolicy {
    /// Every fault of the policy, in the order of its parts.
    package func faults() -> [PolicyFaults.Fault] {
        var faults: [PolicyFaults.Fault] = []
        func note(_ place: String, _ problem: PolicyFaults.Problem) {
            if faults.count < Self.faultsMax { faults.append(.init(place: place, problem: problem)) }
        }
        if self.rules.count > Self.rulesMax { note("rules", .tooMany) }
        if self.roles.count > Self.rolesMax { note("roles", .tooMany) }
        if self.groups.count > Self.groupsMax { note("groups", .tooMany) }
        if self.groups.reduce(0, { $0 + $1.members.count }) > Self.membersMax { note("groups", .tooMany) }
        guard faults.isEmpty else { return faults }

        let predefined = Set(RoleTable.predefined.map(\.name))
        var roleNames: Set<String> = []
        for (index, role) in self.roles.enumerated() {
            if !Self.isName(role.name) { note("roles[\(index)]", .badName) }
            if predefined.contains(role.name) { note("roles[\(index)]", .predefinedRole) }
            if !roleNames.insert(role.name).inserted { note("roles[\(index)]", .duplicate) }
            if role.permissions.isEmpty { note("roles[\(index)]", .noPermissions) }
        }
        var groupNames: Set<Principal> = []
        for (index, group) in self.groups.enumerated() {
            if !groupNames.insert(.localGroup(name: group.name)).inserted { note("groups[\(index)]", .duplicate) }
            if !group.members.allSatisfy(\.isPerson) { note("groups[\(index)]", .memberIsNoPerson) }
        }
        let roles = self.rolesByName
        var ids: Set<String> = []
        for (index, rule) in self.rules.enumerated() {
            if !Self.isName(rule.id) { note("rules[\(index)]", .badName) }
            if !ids.insert(rule.id).inserted { note("rules[\(index)]", .duplicate) }
            for problem in rule.problems(roles: roles, groups: groupNames) { note("rules[\(index)]", problem) }
        }
        return faults
    }

    /// The predefined roles and those of the policy.
    var rolesByName: [String: Role] {
        Dictionary((RoleTable.predefined + self.roles).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Whether a role or rule can have this name.
    package static func isName(_ text: String) -> Bool {
        (1...self.nameBytesMax).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || [0x2D, 0x2E, 0x5F].contains(byte)
            }
    }
}

extension Principal {
    /// Whether it is one person or app.
    var isPerson: Bool {
        switch self {
        case .user, .client: true
        case .administrator, .group, .localGroup, .authenticated, .anonymous: false
        }
    }
}

extension AccessRule {
    func problems(roles: [String: Role], groups: Set<Principal>) -> [PolicyFaults.Problem] {
        var problems: [PolicyFaults.Problem] = []
        let role = roles[self.role]
        if role == nil { problems.append(.unknownRole) }
        if self.principal == .administrator { problems.append(.administratorPrincipal) }
        if case .localGroup = self.principal, !groups.contains(self.principal) { problems.append(.unknownGroup) }
        problems += self.condition.countProblems
        if let role, role.changesOrTakesOut, !self.condition.isEmpty { problems.append(.conditionalChange) }
        if let role, self.resource.isBelowStore, role.permissions.isDisjoint(with: Self.ofStudies) {
            problems.append(.conditionBelowStore)
        }
        if self.condition.isOwnUploads { problems += self.ownUploadsProblems }
        problems += self.periodProblems
        let isWholeStore = !self.resource.isBelowStore && self.condition.isEmpty && self.request.isEmpty
        if self.isDirect, self.effect == .deny || !isWholeStore { problems.append(.conditionalDirect) }
        if let iamMember {
            if !self.isDirect { problems.append(.memberWithoutDirect) }
            if !IAMMember.isMember(iamMember) { problems.append(.badIAMMember) }
        }
        return problems
    }

    private static let ofStudies: Set<Permission> = [
        .dicomWebRead, .dicomWebWrite, .dicomWebDelete,
    ]

    private var ownUploadsProblems: [PolicyFaults.Problem] {
        switch self.principal {
        case .user, .client, .localGroup, .administrator: []
        case .group, .authenticated, .anonymous: [.ownUploadsOfMany]
        }
    }

    private var periodProblems: [PolicyFaults.Problem] {
        var problems = self.condition.dateProblems
        if let from = self.request.notBeforeSeconds, let end = self.request.expiresAtSeconds, from >= end {
            problems.append(.emptyPeriod)
        }
        return problems
    }
}

extension RuleCondition {
    /// Of a term that has too many values.
    var countProblems: [PolicyFaults.Problem] {
        let counts =
            [self.patients.count, self.modalities.count, self.modalitiesInStudy.count]
            + self.texts.values.map(\.count)
        return counts.contains { $0 > AccessPolicy.valuesMax } ? [.tooManyValues] : []
    }

    /// Of the days of the study.
    var dateProblems: [PolicyFaults.Problem] {
        var problems: [PolicyFaults.Problem] = []
        let dates = [self.dateFrom, self.dateTo].compactMap { $0 }
        if !dates.allSatisfy({ $0.utf8.count == 8 && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }) {
            problems.append(.badDate)
        }
        if dates.count == 2, dates[0] > dates[1] { problems.append(.emptyPeriod) }
        return problems
    }
}
