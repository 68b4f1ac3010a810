internal import CollimatorCore
import Synchronization

/// How many pictures are asked of the stores at the same time, and who is next.
///
/// What somebody looks at goes before what is only made ready, and of that no more than one is under way.
final class UpstreamTurns: Sendable {
    /// Whether somebody waits for the picture.
    enum Urgency: Sendable {
        case visible
        case ahead
    }

    /// The most that wait; more are refused, so that neither time nor memory is without a bound.
    static let waitingMax = 4_096

    private struct State {
        var running = 0
        var runningAhead = 0
        var visible: [CheckedContinuation<Void, Never>] = []
        var ahead: [CheckedContinuation<Void, Never>] = []
    }

    private let width: Int
    private let state = Mutex(State())

    init(width: Int) {
        self.width = max(1, width)
    }

    /// How many wait for their turn.
    var waiting: Int { self.state.withLock { $0.visible.count + $0.ahead.count } }

    func run<Output: Sendable>(
        _ urgency: Urgency,
        _ work: @Sendable () async throws -> Output
    ) async throws -> Output {
        try await self.enter(urgency)
        defer { self.leave(urgency) }
        return try await work()
    }

    private func enter(_ urgency: Urgency) async throws {
        let isAdmitted = self.state.withLock { $0.visible.count + $0.ahead.count < Self.waitingMax }
        guard isAdmitted else {
            throw CollimatorError(
                .unavailable,
                "too many pictures wait for the stores",
                publicDetail: "Too many pictures are being made now.",
                retryAfterSeconds: 2
            )
        }
        await withCheckedContinuation { continuation in
            self.state.withLock { state in
                switch urgency {
                case .visible: state.visible.append(continuation)
                case .ahead: state.ahead.append(continuation)
                }
            }
            self.advance()
        }
    }

    private func leave(_ urgency: Urgency) {
        self.state.withLock { state in
            state.running -= 1
            if urgency == .ahead { state.runningAhead -= 1 }
        }
        self.advance()
    }

    private func advance() {
        let next: [CheckedContinuation<Void, Never>] = self.state.withLock { state in
            var next: [CheckedContinuation<Void, Never>] = []
            while state.running < self.width {
                if !state.visible.isEmpty {
                    next.append(state.visible.removeFirst())
                } else if !state.ahead.isEmpty, state.runningAhead == 0 {
                    next.append(state.ahead.removeFirst())
                    state.runningAhead += 1
                } else {
                    break
                }
                state.running += 1
            }
            return next
        }
        for continuation in next { continuation.resume() }
    }
}
