import CollimatorCore
import NIOCore
import Synchronization

/// The answers that are kept for requests with an idempotency key, for a day and within bounds.
///
/// They are in memory only for now: a process that is started again, or another replica, knows none of them. What is
/// protected by a key must therefore do no harm when it is done twice.
package final class IdempotencyStore: Sendable {
    /// Who asked for what under which key.
    struct Scope: Hashable, Sendable {
        let principal: Principal
        /// The template of the route with its method.
        let route: String
        let key: IdempotencyKey
    }

    /// An answer, and what it is the answer to.
    struct Kept: Sendable {
        let fingerprint: RequestFingerprint
        /// Nil where the body was not read to its end.
        let bodyDigest: [UInt8]?
        let answer: WholeAnswer
    }

    /// What is to be done with a request.
    enum Admission: Sendable {
        case proceed
        case compare(Kept)
    }

    private enum Entry {
        case inProgress
        case kept(Kept, expiresAt: ContinuousClock.Instant)
    }

    private struct State {
        var entries: [Scope: Entry] = [:]
        /// The scopes of kept answers, the oldest first.
        var order = CircularBuffer<Scope>()
        var bytes = 0
    }

    private let state = Mutex(State())
    private let limits: Limits
    private let now: @Sendable () -> ContinuousClock.Instant

    /// `now` tells the time; tests have a clock of their own.
    package init(
        limits: Limits = Limits(),
        now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
    ) {
        self.limits = limits
        self.now = now
    }

    /// How much is kept, and for how long.
    package struct Limits: Sendable {
        /// How long an answer is kept.
        package var keptFor = Duration.seconds(24 * 3600)
        /// Keys that are known at the same time.
        package var entriesMax = 10_000
        /// Bytes of one answer; a longer one is not kept.
        package var answerBytesMax = 8 * 1024 * 1024
        /// Bytes of all answers; beyond it the oldest go.
        package var bytesMax = 64 * 1024 * 1024

        package init() {}
    }

    /// Begins a request under a key; throws `conflict` where one is under way.
    func begin(_ scope: Scope) throws(CollimatorError) -> Admission {
        let now = self.now()
        return try self.state.withLock { state throws(CollimatorError) in
            self.dropExpired(&state, now: now)
            switch state.entries[scope] {
            case .inProgress: throw Self.underWay
            case .kept(let kept, _): return .compare(kept)
            case nil:
                if state.entries.count >= self.limits.entriesMax { self.dropOldest(&state) }
                guard state.entries.count < self.limits.entriesMax else { throw Self.full }
                state.entries[scope] = .inProgress
                return .proceed
            }
        }
    }

    /// Ends a request with its answer, or without one to keep.
    func end(_ scope: Scope, _ kept: Kept?) {
        let expiresAt = self.now() + self.limits.keptFor
        self.state.withLock { state in
            state.entries[scope] = nil
            guard let kept, kept.answer.body.count <= self.limits.answerBytesMax else { return }
            state.entries[scope] = .kept(kept, expiresAt: expiresAt)
            state.order.append(scope)
            state.bytes += kept.answer.body.count
            while state.bytes > self.limits.bytesMax { self.dropOldest(&state) }
        }
    }

    private func dropExpired(_ state: inout State, now: ContinuousClock.Instant) {
        while let scope = state.order.first, case .kept(_, let expiresAt) = state.entries[scope], expiresAt <= now {
            self.dropOldest(&state)
        }
    }

    private func dropOldest(_ state: inout State) {
        guard let scope = state.order.popFirst(), case .kept(let kept, _) = state.entries[scope] else { return }
        state.entries[scope] = nil
        state.bytes -= kept.answer.body.count
    }

    private static var underWay: CollimatorError {
        CollimatorError(
            .conflict,
            "a request with the same idempotency key is under way",
            publicDetail: "A request with the same Idempotency-Key is still being answered."
        )
    }

    private static var full: CollimatorError {
        CollimatorError(
            .unavailable,
            "too many requests with an idempotency key are under way",
            publicDetail: "Too many requests with an Idempotency-Key are being answered.",
            retryAfterSeconds: 5
        )
    }
}
