/// What was decided, and why.
package struct AccessDecision: Sendable, Hashable {
    package let outcome: Outcome
    /// For the operator, never for the caller.
    ///
    /// Fixed text: it cannot repeat anything of the request.
    package let reason: Reason
    /// How much of the study it reaches; all, where it is about something larger than a study.
    package let extent: AccessExtent
    /// The rule that decided; nil where none did.
    package let ruleID: String?

    package init(outcome: Outcome, reason: Reason, extent: AccessExtent? = nil, ruleID: String? = nil) {
        self.outcome = outcome
        self.reason = reason
        self.extent = extent ?? (outcome == .allowed ? .whole : .nothing)
        self.ruleID = ruleID
    }

    /// What follows from the decision.
    package enum Outcome: String, Sendable, CaseIterable {
        case allowed
        /// The caller may know that the thing exists, and is told that this is not allowed.
        case forbidden
        /// The caller may not know that the thing exists, and gets the answer that an unknown name gets.
        case hidden
    }

    /// The grounds of a decision, from a closed set; also the label of metrics.
    package enum Reason: String, Sendable, CaseIterable {
        case administratorMayAll = "administrator-may-all"
        case allowedByRule = "allowed-by-rule"
        case deniedByRule = "denied-by-rule"
        /// The question is allowed; what is shown is what the caller may see.
        case listIsFiltered = "list-is-filtered"
        case nothingGranted = "nothing-granted"
        /// It is allowed on some series, and all of the study was asked for.
        case onlyPartAllowed = "only-part-allowed"
        /// What the path says to be in the study is not known to be there.
        case outsideStudy = "outside-study"
        case permissionDoesNotApply = "permission-does-not-apply"
        /// Somebody would add to a study that holds what others stored and that they may not read.
        case studyOfOthers = "study-of-others"
    }

    /// What the audit keeps of it.
    package func grounds(policyVersion: Int) -> AccessGrounds {
        AccessGrounds(self.reason, ruleID: self.ruleID, policyVersion: policyVersion)
    }

    /// Whether the caller may go on.
    package var isAllowed: Bool { self.outcome == .allowed }
}

/// Why a request was let pass or refused: what is kept of a decision beside what follows from it.
package struct AccessGrounds: Sendable, Hashable {
    package let reason: AccessDecision.Reason
    /// The rule that decided; nil where none did.
    package let ruleID: String?
    /// The version of the policy that it stands in.
    package let policyVersion: Int

    package init(_ reason: AccessDecision.Reason, ruleID: String? = nil, policyVersion: Int = 0) {
        self.reason = reason
        self.ruleID = ruleID
        self.policyVersion = policyVersion
    }

    /// The same rule and policy for another reason.
    package func changed(to reason: AccessDecision.Reason) -> AccessGrounds {
        AccessGrounds(reason, ruleID: self.ruleID, policyVersion: self.policyVersion)
    }
}

extension AccessGrounds: CustomStringConvertible {
    /// Such as `allowed-by-rule:vendors-own@7`: the reason, the rule and the version of the policy.
    package var description: String {
        self.ruleID.map { "\(self.reason.rawValue):\($0)@\(self.policyVersion)" } ?? self.reason.rawValue
    }
}
