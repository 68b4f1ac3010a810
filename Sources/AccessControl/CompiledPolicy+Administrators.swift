internal import CollimatorCore

extension CompiledPolicy {
    /// What explanations call the rule of a principal to whom the configuration gives the role.
    package static let administratorsRule = "identity.administrators"

    /// The same policy with a rule more for each: the role `administrator` on all stores.
    ///
    /// No policy that people write takes it away but by a denial, which wins here as everywhere.
    func granting(_ administrators: [Principal]) -> CompiledPolicy {
        guard let role = RoleTable.predefined.first(where: { $0.name == "administrator" }) else {
            preconditionFailure("the role is predefined")
        }
        var policy = self
        for principal in administrators {
            let rule = AccessRule(id: Self.administratorsRule, .allow, principal, role: role.name, on: .allStores)
            let compiled = Compiled(rule: rule, permissions: role.permissions, selector: nil)
            policy.rules[principal, default: PrincipalRules()].add(compiled)
        }
        return policy
    }

    /// The issuers of whose groups rules speak.
    var issuersOfGroups: Set<String> {
        Set(
            self.rules.keys.compactMap { principal in
                if case .group(let issuer, _) = principal { issuer } else { nil }
            }
        )
    }
}
