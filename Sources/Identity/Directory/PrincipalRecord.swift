package import CollimatorCore

/// Somebody who has called, or who is kept out.
///
/// Times are milliseconds since 1970.
package struct PrincipalRecord: Sendable, Hashable {
    package let principal: Principal
    /// Nil for one that never called.
    package internal(set) var firstSeenAt: Int64?
    package internal(set) var lastSeenAt: Int64?
    /// By what it was known the last time.
    package internal(set) var method: AuthenticationMethod?
    /// What else it was the last time, as its issuer said.
    package internal(set) var memberships: [Principal] = []
    /// Nil where it is not suspended.
    package internal(set) var suspendedAt: Int64?
    package internal(set) var suspendedBy: Principal?

    init(_ principal: Principal) {
        self.principal = principal
    }
}
