import CollimatorCore
package import Cryptography

/// Questions to a policy, each with the answer that it must give: a policy is tested like a program.
package struct PolicyCases: Sendable, Hashable {
    /// The policy that is written down with them; nil where they are about another.
    package let policy: AccessPolicy?
    package let cases: [PolicyCase]

    /// The most cases of one file.
    package static let casesMax = 10_000

    /// Reads an object with `cases`, and possibly with the `policy`.
    ///
    /// - Throws: ``PolicyFaults`` with every fault of form.
    package init(_ document: StrictJSON, now timeSeconds: Int64) throws(PolicyFaults) {
        guard case .object(let members) = document else { throw Self.fault("", .noObject) }
        guard members.keys.allSatisfy(["policy", "cases"].contains) else { throw Self.fault("", .unknownMember) }
        guard let elements = members["cases"]?.elements, !elements.isEmpty else {
            throw Self.fault("cases", .wrongKind)
        }
        guard elements.count <= Self.casesMax else { throw Self.fault("cases", .tooMany) }
        self.policy = try members["policy"].map { document throws(PolicyFaults) in
            try PolicyDocument.policy(document)
        }
        var faults: [PolicyFaults.Fault] = []
        var cases: [PolicyCase] = []
        for (index, element) in elements.enumerated() where faults.count < AccessPolicy.faultsMax {
            var reader = MemberReader(element)
            let read = reader.policyCase(index: index, now: timeSeconds)
            reader.refuseOthers()
            faults += reader.problems.map { .init(place: "cases[\(index)]", problem: $0) }
            if let read { cases.append(read) }
        }
        guard faults.isEmpty else { throw PolicyFaults(faults: faults) }
        self.cases = cases
    }

    private static func fault(_ place: String, _ problem: PolicyFaults.Problem) -> PolicyFaults {
        PolicyFaults(faults: [.init(place: place, problem: problem)])
    }
}

/// One question with its answer.
package struct PolicyCase: Sendable, Hashable {
    package let name: String
    let subject: AccessSubject
    let permission: Permission
    let resource: AccessResource
    /// Nil where nobody knows the study.
    let facts: AccessFacts?
    let expected: AccessEffect
    /// The rule that has to decide; nil where any may.
    let ruleID: String?
    /// What has to be left of the study; nil where that is not asked.
    let series: Set<String>?

    /// The decision of the policy, and whether it is the one that is expected.
    package func answer(of policy: CompiledPolicy) -> (decision: AccessDecision, isExpected: Bool) {
        let decision = policy.decide(self.subject, self.permission, on: self.resource, facts: self.facts)
        var isExpected = decision.isAllowed == (self.expected == .allow)
        if let ruleID, decision.ruleID != ruleID { isExpected = false }
        if let series, decision.extent != .series(series) { isExpected = false }
        return (decision, isExpected)
    }

    /// What is expected, in words.
    package var expectation: String {
        self.expected.rawValue + (self.ruleID.map { " by \($0)" } ?? "")
            + (self.series.map { " of \($0.sorted().joined(separator: ", "))" } ?? "")
    }
}

extension MemberReader {
    fileprivate mutating func policyCase(index: Int, now: Int64) -> PolicyCase? {
        let name = self.text("name", isRequired: false) ?? "case \(index + 1)"
        let caller = self.text("caller").flatMap { Principal($0) }
        if caller == nil { self.note(.badPrincipal) }
        let memberships = self.principals("groups")
        let purpose = self.text("purposeOfUse", isRequired: false)
        let time = self.time("at") ?? now
        let permissionName = self.text("permission")
        let permission = PermissionTable.rows.map(\.permission).first { $0.rawValue == permissionName }
        if permission == nil { self.note(.unknownPermission) }
        let resource = self.text("resource").flatMap { RuleResource($0) }
        if resource == nil { self.note(.badResource) }
        let facts = self.object("study") { $0.studyFacts() }
        let expected = self.text("expect").flatMap { AccessEffect(rawValue: $0) }
        if expected == nil { self.note(.wrongKind) }
        let ruleID = self.text("rule", isRequired: false)
        let series = self.words("series")
        guard let caller, let permission, let resource, let expected else { return nil }
        return PolicyCase(
            name: name,
            subject: AccessSubject(caller, memberships: memberships, purposeOfUse: purpose, timeSeconds: time),
            permission: permission,
            resource: resource.asked,
            facts: facts,
            expected: expected,
            ruleID: ruleID,
            series: series
        )
    }

    /// A study as people describe it: a value, or all that its instances give.
    private mutating func studyFacts() -> AccessFacts {
        var facts = AccessFacts()
        for property in StudyProperty.allCases { facts.values[property] = self.words(property.rawValue) ?? [""] }
        facts.patients = Set(
            self.objects("patients") { reader in
                PatientIdentity(id: reader.text("id") ?? "", issuer: reader.text("issuer", isRequired: false))
            } ?? []
        )
        facts.series = self.objects("series") { reader in
            AccessSeriesFacts(
                uid: reader.text("uid") ?? "",
                modalities: reader.words("modality") ?? [],
                references: reader.words("references"),
                uploaders: Set(reader.principals("uploadedBy"))
            )
        }
        return facts
    }

    /// A text or a list of texts; nil where there is none.
    private mutating func words(_ name: String) -> Set<String>? {
        guard let value = self.take(name) else { return nil }
        if let text = value.text { return [text] }
        let texts = (value.elements ?? []).compactMap(\.text)
        if texts.count != value.elements?.count { self.note(.wrongKind) }
        return Set(texts)
    }

    private mutating func principals(_ name: String) -> [Principal] {
        let words = self.words(name) ?? []
        let principals = words.sorted().compactMap { Principal($0) }
        if principals.count != words.count { self.note(.badPrincipal) }
        return principals
    }

    private mutating func objects<Part>(_ name: String, _ read: (inout MemberReader) -> Part) -> [Part]? {
        guard let value = self.take(name) else { return nil }
        if value.elements == nil { self.note(.wrongKind) }
        return (value.elements ?? []).map { element in
            var reader = MemberReader(element)
            let part = read(&reader)
            reader.refuseOthers()
            for problem in reader.problems { self.note(problem) }
            return part
        }
    }
}

extension RuleResource {
    /// The thing itself, as a request asks for it; all stores are the service.
    fileprivate var asked: AccessResource {
        switch self {
        case .allStores: .service
        case .store(let store): .store(store)
        case .study(let store, let study): .study(store, studyUID: study)
        case .series(let store, let study, let series): .series(store, studyUID: study, seriesUID: series)
        }
    }
}
