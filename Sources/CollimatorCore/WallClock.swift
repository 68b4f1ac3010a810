package import FoundationEssentials

/// The time of day, as a value that tests replace.
///
/// Durations and deadlines use `ContinuousClock`; this is for what is written down or compared with the world, such as
/// the expiry of a token.
package struct WallClock: Sendable {
    /// The current time.
    package var now: @Sendable () -> Date

    package init(now: @escaping @Sendable () -> Date) {
        self.now = now
    }
}
