/// What was decided, and why.
package struct AccessDecision: Sendable, Hashable {
    package let outcome: Outcome
    /// For the operator, never for the caller.
    ///
    /// Fixed text: it cannot repeat anything of the request.
    package let reason: Reason

    package init(outcome: Outcome, reason: Reason) {
        self.outcome = outcome
        self.reason = reason
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
        case nothingGranted = "nothing-granted"
        case permissionDoesNotApply = "permission-does-not-apply"
    }

    /// Whether the caller may go on.
    package var isAllowed: Bool { self.outcome == .allowed }
}
