internal import Logging
internal import Synchronization
internal import Telemetry

/// One token for many users: a single flight fetches it, ahead of expiry in the background of a use.
///
/// The flight belongs to nobody who waits for it. Whoever started it may be cancelled without harm to the others, and
/// whoever is cancelled stops waiting at once.
final class SharedAccessToken: Sendable {
    private typealias Waiter = CheckedContinuation<Result<AccessToken, CredentialError>, Never>

    private struct State: ~Copyable {
        var machine = TokenStateMachine<Waiter>()
        var lastNumber = 0
    }

    private let state = Mutex(State())
    private let timing: CredentialTiming
    private let fetch: @Sendable () async throws(CredentialError) -> AccessToken

    init(timing: CredentialTiming, fetch: @escaping @Sendable () async throws(CredentialError) -> AccessToken) {
        self.timing = timing
        self.fetch = fetch
    }

    /// A token that is good at least for a while.
    func token(refreshing: Bool) async throws(CredentialError) -> AccessToken {
        let now = self.timing.now()
        let action = self.state.withLock { state in state.machine.asked(refreshing: refreshing, now: now) }
        switch action {
        case .use(let token): return token
        case .useAndFly(let token):
            self.fly()
            return token
        case .fail(let error): throw error
        case .wait: return try await self.wait(refreshing: refreshing).get()
        }
    }

    private func wait(refreshing: Bool) async -> Result<AccessToken, CredentialError> {
        let number = self.state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                self.join(continuation, number: number, refreshing: refreshing)
            }
        } onCancel: {
            self.leave(number: number)
        }
    }

    private func join(_ waiter: Waiter, number: Int, refreshing: Bool) {
        let now = self.timing.now()
        let action = self.state.withLock { state in
            state.machine.joined(waiter, number: number, refreshing: refreshing, now: now)
        }
        switch action {
        case .resume(let token): waiter.resume(returning: .success(token))
        case .fail(let error): waiter.resume(returning: .failure(error))
        case .wait: break
        case .waitAndFly: self.fly()
        }
        // A cancellation that came before the waiter was known found nobody to resume.
        if Task.isCancelled { self.leave(number: number) }
    }

    private func leave(number: Int) {
        let waiter = self.state.withLock { state in state.machine.left(number: number) }
        waiter?.resume(returning: .failure(CredentialError(.cancelled)))
    }

    /// Starts the flight that the state machine has just noted.
    private func fly() {
        // Detached, and awaited by nobody: it must outlive whoever started it, and it takes over neither its
        // cancellation nor its logger. It ends by itself, because `fetch` has a deadline and a limit of tries.
        Task.detached {
            let result: Result<AccessToken, CredentialError>
            do throws(CredentialError) {
                result = .success(try await self.fetch())
            } catch {
                Logger(label: "collimator.credentials")
                    .warning("no new access token", metadata: ["cause": "\(error, .open)"])
                result = .failure(error)
            }
            let now = self.timing.now()
            let waiters = self.state.withLock { state in state.machine.landed(result, now: now) }
            for waiter in waiters { waiter.resume(returning: result) }
        }
    }
}
