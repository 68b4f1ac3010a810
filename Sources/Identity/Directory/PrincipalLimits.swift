/// Every limit of what is kept about those who call, with its unit.
package struct PrincipalLimits: Sendable {
    /// Principals that are known; for one more some are forgotten that were seen longest ago, but none that is suspended.
    package var principalsMax = 50_000
    /// Principals that are suspended at the same time.
    package var suspendedMax = 10_000
    /// How exactly it is known when somebody was last seen, in milliseconds.
    package var seenStepMilliseconds: Int64 = 1_000

    package init() {}
}
