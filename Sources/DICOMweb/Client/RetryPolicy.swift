import Synchronization

/// When a call is tried again: exponential backoff with full jitter, within a budget.
///
/// Waits are drawn between nothing and a bound that doubles with each attempt, so that many clients that fail together do
/// not come back together. The budget lets retries be a fraction of all calls, so that a server in trouble is not
/// given several times its load.
public struct RetryPolicy: Sendable {
    /// The number of times a call is tried, the first time counted in.
    public var attemptsMax: Int
    /// The bound of the first wait; it doubles with each further one.
    public var firstWaitMax: Duration
    /// What the bound grows to.
    public var waitMax: Duration
    /// The longest wait asked for by the server, in `Retry-After`, that is followed; with a longer one the call fails.
    public var retryAfterMax: Duration
    /// The number of retries that each call adds to the budget.
    public var budgetRatio: Double
    /// The number of retries that the budget holds at the start and at most.
    public var budgetReserve: Double
    /// A random number from 0 up to 1, that not reached.
    public var random: @Sendable () -> Double
    /// Waits; throws when the task is cancelled.
    public var sleep: @Sendable (_ wait: Duration) async throws -> Void

    /// Makes a policy: three attempts, first waits of up to half a second, one retry for every five calls.
    public init(
        attemptsMax: Int = 3,
        firstWaitMax: Duration = .milliseconds(500),
        waitMax: Duration = .seconds(16),
        retryAfterMax: Duration = .seconds(30)
    ) {
        self.attemptsMax = attemptsMax
        self.firstWaitMax = firstWaitMax
        self.waitMax = waitMax
        self.retryAfterMax = retryAfterMax
        self.budgetRatio = 0.2
        self.budgetReserve = 10
        self.random = { Double.random(in: 0..<1) }
        self.sleep = { try await Task.sleep(for: $0) }
    }

    /// No retries at all.
    public static let never = RetryPolicy(attemptsMax: 1)

    /// How long to wait after the given attempt, the first being 1; nothing where it was the last.
    func wait(afterAttempt attempt: Int, retryAfter: Duration?) -> Duration? {
        guard attempt < self.attemptsMax else { return nil }
        let doublings = min(attempt - 1, 16)
        let bound = min(self.firstWaitMax * (1 << doublings), self.waitMax)
        let wait = bound * self.random()
        guard let retryAfter else { return wait }
        guard retryAfter <= self.retryAfterMax else { return nil }
        return max(wait, retryAfter)
    }
}

/// The retries that the calls of one client may still make.
final class RetryBudget: Sendable {
    private let ratio: Double
    private let reserve: Double
    private let left: Mutex<Double>

    init(_ policy: RetryPolicy) {
        self.ratio = policy.budgetRatio
        self.reserve = policy.budgetReserve
        self.left = Mutex(policy.budgetReserve)
    }

    /// A call begins.
    func deposit() {
        self.left.withLock { $0 = min($0 + self.ratio, self.reserve) }
    }

    /// Takes a retry out, where there is one.
    func withdraw() -> Bool {
        self.left.withLock { left in
            guard left >= 1 else { return false }
            left -= 1
            return true
        }
    }
}

/// What may be tried again.
public enum RetrySafety: Hashable, Sendable {
    /// Nothing.
    case never
    /// Attempts of which certainly nothing reached the server: the connection was not made.
    case whenUnsent
    /// Every attempt that failed in passing, because doing it twice is like doing it once (RFC 9110 §9.2.2).
    case always
}
