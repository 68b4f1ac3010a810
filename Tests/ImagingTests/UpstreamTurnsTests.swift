import CollimatorCore
import Synchronization
import TestSupport
import Testing

@testable import Imaging

@Suite("Turns at the stores")
struct UpstreamTurnsTests {
    @Test("no more are under way at the same time than may be, and all get their turn")
    func width() async throws {
        let turns = UpstreamTurns(width: 3)
        let door = Gate()
        let tally = Tally()
        let works = (0..<20).map { number in
            Task {
                try await turns.run(number % 2 == 0 ? .visible : .ahead) {
                    tally.begin()
                    await door.pass()
                    tally.end(number)
                    return number
                }
            }
        }
        while turns.waiting < 17 { await Task.yield() }
        door.open()
        var done: Set<Int> = []
        for work in works { done.insert(try await work.value) }
        #expect(done == Set(0..<20) && turns.waiting == 0)
        #expect(tally.most == 3)
    }

    @Test("what somebody looks at goes before what is only made ready, whichever came first")
    func visibleFirst() async throws {
        let turns = UpstreamTurns(width: 1)
        let door = Gate()
        let (before, after) = (0, 1)
        let tally = Tally()
        let first = Task { try await turns.run(.visible) { await door.pass() } }
        await door.untilArrived(1)
        let ahead = Task { try await turns.run(.ahead) { tally.end(after) } }
        while turns.waiting < 1 { await Task.yield() }
        let visible = Task { try await turns.run(.visible) { tally.end(before) } }
        while turns.waiting < 2 { await Task.yield() }
        door.open()
        for work in [first, ahead, visible] { try await work.value }
        #expect(tally.order == [before, after])
    }

    @Test("one thing is made ready at a time, and room is left for those who look")
    func oneAhead() async throws {
        let turns = UpstreamTurns(width: 3)
        let door = Gate()
        let works = (0..<2).map { _ in Task { try await turns.run(.ahead) { await door.pass() } } }
        await door.untilArrived(1)
        while turns.waiting < 1 { await Task.yield() }
        #expect(try await turns.run(.visible) { "at once" } == "at once")
        #expect(turns.waiting == 1)
        door.open()
        for work in works { try await work.value }
    }

    @Test("a failure gives the turn back; where too many wait, the next is refused and the others are not")
    func refused() async throws {
        let turns = UpstreamTurns(width: 1)
        await #expect(throws: CollimatorError.self) {
            try await turns.run(.visible) { throw CollimatorError(.unavailable, "test: the store fails") }
        }
        let door = Gate()
        let works = (0...UpstreamTurns.waitingMax).map { _ in
            Task { try await turns.run(.visible) { await door.pass() } }
        }
        while turns.waiting < UpstreamTurns.waitingMax { await Task.yield() }
        let refusal = await #expect(throws: CollimatorError.self) { try await turns.run(.visible) {} }
        #expect(refusal?.code == .unavailable && refusal?.retryAfterSeconds != nil)
        door.open()
        for work in works { try await work.value }
    }
}

/// How many works are under way, how many were at the same time, and in which order they ended.
private final class Tally: Sendable {
    private struct State {
        var now = 0
        var most = 0
        var order: [Int] = []
    }

    private let state = Mutex(State())

    var most: Int { self.state.withLock(\.most) }
    var order: [Int] { self.state.withLock(\.order) }

    func begin() {
        self.state.withLock { state in
            state.now += 1
            state.most = max(state.most, state.now)
        }
    }

    func end(_ number: Int) {
        self.state.withLock { state in
            state.now -= 1
            state.order.append(number)
        }
    }
}
