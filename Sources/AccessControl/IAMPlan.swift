package import CollimatorCore

/// What has to be changed in an IAM policy so that it grants what the rules say: a difference, worked out from values.
///
/// Ours are the grants that the rules ask for and those that an earlier plan put in. Everything else is foreign, all
/// bindings with a condition too, and is never touched.
package struct IAMPlan: Hashable, Sendable {
    /// Asked for and not there.
    package let additions: [IAMGrant]
    /// Put in by an earlier plan, no longer asked for, and still there.
    package let removals: [IAMGrant]
    /// Asked for and there.
    package let kept: [IAMGrant]
    /// Not ours.
    package let foreign: [IAMGrant]

    /// The plan for a policy.
    ///
    /// - Parameters:
    ///   - desired: what the rules ask for.
    ///   - applied: what earlier plans put in.
    ///   - policy: the policy as it is.
    package init(desired: Set<IAMGrant>, applied: Set<IAMGrant>, policy: IAMPolicy) {
        let present = policy.grants
        self.additions = desired.subtracting(present).sorted()
        self.removals = applied.subtracting(desired).intersection(present).sorted()
        self.kept = desired.intersection(present).sorted()
        self.foreign = present.subtracting(desired).subtracting(applied).sorted()
    }

    /// Whether nothing has to be changed.
    package var isEmpty: Bool { self.additions.isEmpty && self.removals.isEmpty }

    /// The policy after the change; bindings that are not concerned stay as they are and where they are.
    package func applied(to policy: IAMPolicy) -> IAMPolicy {
        var result = policy
        for grant in self.removals {
            for index in result.bindings.indices
            where result.bindings[index].role == grant.role && result.bindings[index].condition == nil {
                result.bindings[index].members.removeAll { $0 == grant.member }
            }
        }
        let removed = Set(self.removals.map(\.role))
        result.bindings.removeAll { $0.condition == nil && $0.members.isEmpty && removed.contains($0.role) }
        for grant in self.additions where !result.grants.contains(grant) {
            let index = result.bindings.firstIndex { $0.role == grant.role && $0.condition == nil }
            if let index {
                result.bindings[index].members.append(grant.member)
            } else {
                result.bindings.append(IAMBinding(role: grant.role, members: [grant.member]))
            }
        }
        return result
    }
}
