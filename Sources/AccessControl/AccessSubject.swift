package import CollimatorCore

/// Who asks, as a decision sees it.
package struct AccessSubject: Sendable, Hashable {
    package let principal: Principal
    /// What else it is, as its issuer says; the groups that are kept here are added by the policy.
    package let memberships: [Principal]
    /// By what it was known, such as `api-key`.
    package let authenticationMethod: String
    /// Why it looks, where the credential says so.
    package let purposeOfUse: String?
    /// When it asks, in seconds since 1970.
    package let timeSeconds: Int64

    package init(
        _ principal: Principal,
        memberships: [Principal] = [],
        authenticationMethod: String = "",
        purposeOfUse: String? = nil,
        timeSeconds: Int64
    ) {
        self.principal = principal
        self.memberships = memberships
        self.authenticationMethod = authenticationMethod
        self.purposeOfUse = purposeOfUse
        self.timeSeconds = timeSeconds
    }
}
