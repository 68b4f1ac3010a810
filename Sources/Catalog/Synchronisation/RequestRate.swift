import Synchronization

/// How many requests per second the synchronisation makes of one store, over time: after a rest as many as fit a second
/// may be made at once.
///
/// Every request is counted. What goes on in the background waits until those before it are paid for; what somebody waits
/// for does not, and the background makes up for it.
package final class RequestRate: Sendable {
    private let interval: Duration
    private let now: @Sendable () -> ContinuousClock.Instant
    private let sleep: @Sendable (_ duration: Duration) async throws -> Void
    /// Until when the requests that were made have used up the time.
    private let paidUntil: Mutex<ContinuousClock.Instant>

    /// How much of the rate may be saved up.
    private static let savedMax = Duration.seconds(1)
    /// How long the background waits at the most, however much others ask for.
    private static let waitMax = Duration.seconds(10)

    /// - Parameters:
    ///   - perSecond: Requests per second, at least one.
    ///   - now: What time it is.
    ///   - sleep: Waits.
    package init(
        perSecond: Int,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now },
        sleep: @escaping @Sendable (_ duration: Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        precondition(perSecond > 0, "a rate of nothing never ends")
        self.interval = .seconds(1) / perSecond
        self.now = now
        self.sleep = sleep
        self.paidUntil = Mutex(now() - Self.savedMax)
    }

    /// Counts a request that is made.
    package func made() {
        let now = self.now()
        self.paidUntil.withLock { paid in
            paid = min(max(paid, now - Self.savedMax) + self.interval, now + Self.waitMax)
        }
    }

    /// Waits until another request may be made.
    package func settled() async throws {
        let end = self.now() + Self.waitMax
        while true {
            let now = self.now()
            // One more must fit into what is left.
            let left = self.paidUntil.withLock { $0 } + self.interval - now
            guard left > .zero, now < end else { return }
            try await self.sleep(min(left, end - now))
        }
    }
}
