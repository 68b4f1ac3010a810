package import AccessControl
package import Catalog

/// What is asked before an endpoint is told of an event.
package struct EndpointQuestion: Hashable, Sendable {
    package let subject: EventSubject
    /// Its id.
    package let endpoint: String
    /// How much it asks for: whether it may have more need not be decided.
    package let asked: EventDataPolicy
    /// What it asks of the study; nil for nothing.
    package let condition: WholeStudyCondition?
}

/// That an endpoint may be told of an event.
package struct EndpointPermit: Hashable, Sendable {
    /// How much.
    package let policy: EventDataPolicy
    /// Why, as the audit has it; nil for what it does not have.
    package let grounds: AccessGrounds?

    package init(_ policy: EventDataPolicy, grounds: AccessGrounds? = nil) {
        (self.policy, self.grounds) = (policy, grounds)
    }
}
