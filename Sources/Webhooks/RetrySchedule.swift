/// When a delivery is tried again: the schedule of Standard Webhooks 1.0, each wait a little longer or shorter.
package struct RetrySchedule: Hashable, Sendable {
    /// The waits after the first attempt, the second and so on; after the last of them the delivery is given up.
    package var waits: [Duration] = [
        .seconds(5), .seconds(5 * 60), .seconds(30 * 60), .seconds(2 * 3_600), .seconds(5 * 3_600),
        .seconds(10 * 3_600), .seconds(14 * 3_600), .seconds(20 * 3_600), .seconds(24 * 3_600),
    ]
    /// By which part of itself a wait is longer or shorter, so that not all come back at once.
    package var jitter = 0.1
    /// The longest wait that a receiver can ask for.
    package var askedMax = Duration.seconds(24 * 3_600)
    /// The shortest wait after 429, 502, 503 and 504, and after an answer that did not come in time.
    package var busyMin = Duration.seconds(60)

    package init() {}

    /// How many milliseconds to wait after so many attempts; nil where that was the last.
    ///
    /// - Parameters:
    ///   - attempts: how many were made.
    ///   - asked: the wait that the receiver asked for.
    ///   - isBusy: whether the receiver has too much to do.
    ///   - random: a number from 0 up to 1.
    /// - Returns: the wait.
    func milliseconds(afterAttempts attempts: Int, asked: Duration?, isBusy: Bool, random: Double) -> Int64? {
        guard attempts >= 1, attempts <= self.waits.count else { return nil }
        var wait = self.waits[attempts - 1] * (1 + self.jitter * (2 * random - 1))
        if isBusy { wait = max(wait, self.busyMin) }
        if let asked { wait = max(wait, min(asked, self.askedMax)) }
        return wait.components.seconds * 1_000 + wait.components.attoseconds / 1_000_000_000_000_000
    }
}
