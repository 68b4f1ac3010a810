import Synchronization
import TestSupport
import Testing

@testable import Imaging

@Suite("Work that many wait for")
struct FlightsTests {
    @Test("whoever leaves harms none of the others", arguments: [Flights<Int, Int>.Unwaited.goesOn, .ends])
    func leaving(unwaited: Flights<Int, Int>.Unwaited) async throws {
        let flights = Flights<Int, Int>(unwaited)
        let door = Gate()
        let leader = Task { try await flights.value(1) { await Self.passed(door) } }
        await door.untilArrived(1)
        let followers = (0..<5).map { _ in Task { try await flights.value(1) { -1 } } }
        while flights.waiters(1) < 6 { await Task.yield() }
        leader.cancel()
        await #expect(throws: CancellationError.self) { try await leader.value }
        #expect(flights.waiters(1) == 5)
        door.open()
        for follower in followers { #expect(try await follower.value == 7) }
        #expect(flights.count == 0)
    }

    @Test("work that nobody waits for is cancelled where that is wanted; what comes of it later harms no other")
    func ending() async throws {
        let flights = Flights<Int, Int>(.ends)
        let (first, second) = (Gate(), Gate())
        let ended = Ending()
        let only = Task {
            try await flights.value(1) {
                await first.pass()
                ended.note(wasCancelled: Task.isCancelled)
                return 1
            }
        }
        await first.untilArrived(1)
        only.cancel()
        await #expect(throws: CancellationError.self) { try await only.value }
        #expect(flights.count == 0)
        // Another begins while the first has not come to its end.
        let next = Task { try await flights.value(1) { await Self.passed(second) } }
        await second.untilArrived(1)
        first.open()
        while ended.wasCancelled == nil { await Task.yield() }
        for _ in 0..<100 { await Task.yield() }
        #expect(ended.wasCancelled == true)
        #expect(flights.count == 1 && flights.waiters(1) == 1)
        second.open()
        #expect(try await next.value == 7)
    }

    @Test("work that nobody waits for goes on where that is wanted, and is joined by who comes then")
    func going() async throws {
        let flights = Flights<Int, Int>()
        let door = Gate()
        let only = Task { try await flights.value(1) { await Self.passed(door) } }
        await door.untilArrived(1)
        only.cancel()
        await #expect(throws: CancellationError.self) { try await only.value }
        let next = Task { try await flights.value(1) { -1 } }
        while flights.waiters(1) < 1 { await Task.yield() }
        door.open()
        #expect(try await next.value == 7)
    }

    @Test("a failure reaches all who wait, and nobody who comes afterwards")
    func failing() async throws {
        let flights = Flights<Int, Int>(.ends)
        let door = Gate()
        let waiters = (0..<3).map { _ in
            Task {
                try await flights.value(1) {
                    await door.pass()
                    throw Fault()
                }
            }
        }
        while flights.waiters(1) < 3 { await Task.yield() }
        door.open()
        for waiter in waiters { await #expect(throws: Fault.self) { try await waiter.value } }
        #expect(try await flights.value(1) { 5 } == 5)
    }

    private struct Fault: Error {}

    /// What became of a piece of work.
    private final class Ending: Sendable {
        private let state = Mutex<Bool?>(nil)

        var wasCancelled: Bool? { self.state.withLock { $0 } }

        func note(wasCancelled: Bool) { self.state.withLock { $0 = wasCancelled } }
    }

    private static func passed(_ door: Gate) async -> Int {
        await door.pass()
        return 7
    }
}
