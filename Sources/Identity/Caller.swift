package import CollimatorCore
package import FoundationEssentials

/// Somebody whose credential was verified.
///
/// Only the verifiers of this module can make one: a handler that needs a caller receives it and cannot invent it.
package struct Caller: Sendable, Hashable {
    /// Who it is, for access decisions and the record of who saw what.
    package let principal: Principal
    /// What else it is: the groups that its issuer names, and everybody of that issuer; the groups that are kept here
    /// are not among them.
    package let memberships: [Principal]
    /// By what it was known.
    package let method: AuthenticationMethod
    /// Why it looks, where the credential says so: a code such as `TREAT` (HL7 PurposeOfUse).
    package let purposeOfUse: String?
    /// When the credential ends; nil where it has no end of its own.
    package let expiresAt: Date?

    /// Made by verifiers only.
    init(
        verified principal: Principal,
        memberships: [Principal] = [],
        method: AuthenticationMethod,
        purposeOfUse: String? = nil,
        expiresAt: Date? = nil
    ) {
        self.principal = principal
        self.memberships = memberships
        self.method = method
        self.purposeOfUse = purposeOfUse
        self.expiresAt = expiresAt
    }
}
