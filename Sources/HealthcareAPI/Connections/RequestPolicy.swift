/// How often and after which waits a request that failed for a passing reason is sent again.
package struct RequestPolicy: Sendable, Hashable {
    /// How many times it is sent in all.
    package var attemptsMax: Int
    /// The longest wait before the second try; it doubles with each further one.
    package var firstDelay: Duration
    /// The longest wait of all.
    package var delayMax: Duration
    /// How long one try may take, to the last byte of the answer.
    package var attemptDeadline: Duration

    package init(
        attemptsMax: Int = 4,
        firstDelay: Duration = .milliseconds(500),
        delayMax: Duration = .seconds(8),
        attemptDeadline: Duration = .seconds(10)
    ) {
        self.attemptsMax = attemptsMax
        self.firstDelay = firstDelay
        self.delayMax = delayMax
        self.attemptDeadline = attemptDeadline
    }

    /// The wait after a failed try, by its number from 1: anything up to the exponential step ("full jitter").
    ///
    /// What the server asks for with `Retry-After` is kept to, up to the longest wait.
    package func delay(afterAttempt attempt: Int, jitter: Double, retryAfter: Duration?) -> Duration {
        let step = min(self.firstDelay * (1 << min(attempt - 1, 16)), self.delayMax)
        let spread = step * min(max(jitter, 0), 1)
        guard let retryAfter else { return spread }
        return min(max(retryAfter, spread), self.delayMax)
    }
}
