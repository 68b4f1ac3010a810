import CollimatorCore
import FoundationEssentials
import HealthcareAPI
import Synchronization

/// A time that passes only when the test says so, or when somebody sleeps.
final class FakeTiming: Sendable {
    private struct State {
        var elapsed = Duration.zero
        var slept: [Duration] = []
    }

    private let start = ContinuousClock.now
    private let state = Mutex(State())

    /// The waits so far.
    var slept: [Duration] { self.state.withLock { $0.slept } }
    var now: ContinuousClock.Instant { self.start + self.state.withLock { $0.elapsed } }

    func advance(by duration: Duration) {
        self.state.withLock { $0.elapsed += duration }
    }

    var timing: CredentialTiming {
        CredentialTiming(
            clock: WallClock(now: { Date(timeIntervalSince1970: 1_767_225_600) }),
            now: { self.now },
            sleep: { duration in
                try Task.checkCancellation()
                self.state.withLock { state in
                    state.slept.append(duration)
                    state.elapsed += duration
                }
            },
            jitter: { 1 }
        )
    }

    func token(_ secret: String, lifetime: Duration = .seconds(3_600)) throws -> AccessToken {
        guard let token = AccessToken(secret: secret, expiresAt: self.now + lifetime) else { throw InvalidToken() }
        return token
    }

    struct InvalidToken: Error {}
}
