package import CollimatorCore

/// Decides who may do what.
///
/// Every request passes it, whatever its path.
///
/// Today the administrator may do all and everyone else nothing. What is not allowed by a rule is denied.
package struct Authorizer: Sendable {
    package init() {}

    /// Decides, as a value.
    package func decide(
        _ principal: Principal,
        _ permission: Permission,
        on resource: AccessResource
    ) -> AccessDecision {
        guard let row = PermissionTable.row(permission), row.levels.contains(resource.level) else {
            // A question that makes no sense is a mistake of ours: nobody gains anything by it.
            return AccessDecision(outcome: .hidden, reason: .permissionDoesNotApply)
        }
        switch principal {
        case .administrator:
            return AccessDecision(outcome: .allowed, reason: .administratorMayAll)
        case .user, .client:
            // That the service exists is no secret; what is in it is.
            let outcome: AccessDecision.Outcome = resource.level == .service ? .forbidden : .hidden
            return AccessDecision(outcome: outcome, reason: .nothingGranted)
        }
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
