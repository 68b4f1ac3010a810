import CollimatorCore
import Synchronization
import Testing

@testable import Gateway
@testable import Identity

/// A clock that goes on when it is told to.
private final class HandClock: Sendable {
    private let (ticks, continuation) = AsyncStream.makeStream(of: Void.self)
    private let (looks, looked) = AsyncStream.makeStream(of: Duration.self)

    /// Returns when somebody waits, and for how long that would be.
    func waiting() async -> Duration {
        var iterator = self.looks.makeAsyncIterator()
        return await iterator.next() ?? .zero
    }

    /// Lets one wait end.
    func tick() { self.continuation.yield() }

    @Sendable func sleep(_ duration: Duration) async throws {
        self.looked.yield(duration)
        var iterator = self.ticks.makeAsyncIterator()
        _ = await iterator.next()
        try Task.checkCancellation()
    }
}

@Suite("Answers of callers who may not call any more", .timeLimit(.minutes(1)))
struct StandingTests {
    private static let caller = Caller(verified: .client(id: "portal"), method: .apiKey)

    @Test("an answer that goes on is cut at the next look, at most a second later, though nothing flows")
    func cut() async throws {
        let clock = HandClock()
        let stands = Mutex(true)
        let (cuts, cut) = AsyncStream.makeStream(of: Void.self)
        let watch = StandingWatch(stands: { _ in stands.withLock { $0 } }, sleep: clock.sleep)
        async let waits = Self.revoke(after: 3, clock) { stands.withLock { $0 = false } }
        try await watch.writing(for: Self.caller, cut: { cut.yield() }) {
            // A store that is silent: it ends with the connection.
            for await _ in cuts { return }
        }
        let waited = await waits
        #expect(waited == Array(repeating: StandingWatch.lookout, count: 3))
        #expect(StandingWatch.lookout <= .seconds(5))
    }

    /// Takes the right away while the watch waits for the last time.
    private static func revoke(
        after count: Int,
        _ clock: HandClock,
        _ act: @Sendable () -> Void
    ) async -> [Duration] {
        var waits: [Duration] = []
        for number in 1...count {
            waits.append(await clock.waiting())
            if number == count { act() }
            clock.tick()
        }
        return waits
    }

    @Test("an answer of somebody who stands is whole, and nothing is left of the watch")
    func whole() async throws {
        let isCut = Mutex(false)
        let watch = StandingWatch { _ in true }
        let written = Mutex(0)
        try await watch.writing(for: Self.caller, cut: { isCut.withLock { $0 = true } }) {
            written.withLock { $0 += 1 }
        }
        #expect(written.withLock { $0 } == 1)
        #expect(!isCut.withLock { $0 })
    }

    @Test("what an answer fails with is what it fails with")
    func failure() async throws {
        struct Broken: Error {}
        let watch = StandingWatch { _ in true }
        await #expect(throws: Broken.self) {
            try await watch.writing(for: Self.caller, cut: {}) { throw Broken() }
        }
    }
}
