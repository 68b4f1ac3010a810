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
        case permissionDoesNotApply = "permission-does-not-apply"
    }

    /// Whether the caller may go on.
    package var isAllowed: Bool { self.outcome == .allowed }
}
