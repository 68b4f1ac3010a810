package import CollimatorCore

/// Time and chance, as values that tests replace.
package struct CredentialTiming: Sendable {
    /// The time of day: what assertions say of themselves.
    package var clock: WallClock
    /// A time that nobody sets: what the age of a token is measured with.
    package var now: @Sendable () -> ContinuousClock.Instant
    /// Waits before another try.
    package var sleep: @Sendable (_ duration: Duration) async throws -> Void
    /// A number from 0 to 1 that spreads the tries of many processes.
    package var jitter: @Sendable () -> Double

    package init(
        clock: WallClock,
        now: @escaping @Sendable () -> ContinuousClock.Instant,
        sleep: @escaping @Sendable (_ duration: Duration) async throws -> Void,
        jitter: @escaping @Sendable () -> Double
    ) {
        self.clock = clock
        self.now = now
        self.sleep = sleep
        self.jitter = jitter
    }
}
