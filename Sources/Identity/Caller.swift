package import CollimatorCore

/// Somebody whose credential was verified.
///
/// Only the verifiers of this module can make one: a handler that needs a caller receives it and cannot invent it.
package struct Caller: Sendable, Hashable {
    /// Who it is, for access decisions and the record of who saw what.
    package let principal: Principal

    /// Made by verifiers only.
    init(verified principal: Principal) {
        self.principal = principal
    }
}
