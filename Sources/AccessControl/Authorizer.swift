package import CollimatorCore
internal import Synchronization

/// Decides who may do what.
///
/// Every request passes it, whatever its path. The administrator key may all; everybody else what the rules of the
/// current policy allow and do not deny.
package final class Authorizer: Sendable {
    private let administrators: [Principal]
    private let current: Mutex<State>

    private struct State {
        let policy: CompiledPolicy
        let issuersOfGroups: Set<String>

        init(_ policy: CompiledPolicy) {
            self.policy = policy
            self.issuersOfGroups = policy.issuersOfGroups
        }
    }

    /// Without a policy the administrator key may all and everyone else nothing but those who hold the role
    /// `administrator` by the configuration.
    package init(_ policy: CompiledPolicy = .empty, administrators: [Principal] = []) {
        self.administrators = administrators
        self.current = Mutex(State(policy.granting(administrators)))
    }

    /// The policy that decides now.
    ///
    /// Who asks twice for one request takes it once: the next one may be another.
    package var policy: CompiledPolicy { self.current.withLock { $0.policy } }

    /// Whether the policy that decides now speaks of groups of the issuer with that alias.
    package func namesGroups(of alias: String) -> Bool {
        self.current.withLock { $0.issuersOfGroups.contains(alias) }
    }

    /// Decides by another policy from now on; one that is older than the present is not taken, for of two changes at the
    /// same time the first may come here last.
    package func install(_ policy: CompiledPolicy) {
        let state = State(policy.granting(self.administrators))
        self.current.withLock { current in
            if policy.version >= current.policy.version { current = state }
        }
    }

    /// Decides, as a value.
    package func decide(
        _ subject: AccessSubject,
        _ permission: Permission,
        on resource: AccessResource,
        facts: AccessFacts? = nil
    ) -> AccessDecision {
        self.policy.decide(subject, permission, on: resource, facts: facts)
    }

    /// Decides by rules without conditions that name the principal itself.
    ///
    /// Rules that depend on the time do not count: of those that allow none holds, and of those that deny every one.
    package func decide(
        _ principal: Principal,
        _ permission: Permission,
        on resource: AccessResource
    ) -> AccessDecision {
        self.decide(AccessSubject(principal, timeSeconds: 0), permission, on: resource)
    }

    /// Returns where the principal may, and throws where it may not.
    ///
    /// - Throws: `not-found` where the principal may not know that the thing exists, otherwise `forbidden`.
    package func authorize(
        _ principal: Principal,
        _ permission: Permission,
        on resource: AccessResource
    ) throws(CollimatorError) {
        switch self.decide(principal, permission, on: resource).outcome {
        case .allowed: return
        case .forbidden: throw CollimatorError(.forbidden, "no rule allows this")
        case .hidden: throw CollimatorError(.notFound, "no rule allows this, nor to know of it")
        }
    }
}
