import Catalog
import CollimatorCore
import Logging
import Synchronization
import Testing

@testable import Webhooks

@Suite("Turns of calls")
struct TurnTests {
    /// Wants a call, and returns when it waits for it.
    private static func waiter(_ turns: CallTurns, _ endpoint: String) async -> Task<CallTurns.Turn, Never> {
        let before = turns.waiting(endpoint)
        let task = Task { await turns.begin(endpoint) }
        while turns.waiting(endpoint) == before { await Task.yield() }
        return task
    }

    @Test("of an endpoint no more calls begin than may, and the next one when one ends")
    func perEndpoint() async {
        let turns = CallTurns(total: 10, perEndpoint: 2)
        for _ in 0..<2 { #expect(await turns.begin("a") == .atOnce) }
        let third = await Self.waiter(turns, "a")
        #expect(await turns.begin("b") == .atOnce, "the others do not notice")
        turns.end("a", .quick)
        #expect(await third.value == .afterWait)
        let fourth = await Self.waiter(turns, "a")
        turns.end("a", .unmade)
        #expect(await fourth.value == .afterWait)
    }

    @Test("case 65: where all calls there may be are made, endpoints take turns")
    func total() async {
        let turns = CallTurns(total: 1, perEndpoint: 8)
        #expect(await turns.begin("a") == .atOnce)
        var waiters: [(String, Task<CallTurns.Turn, Never>)] = []
        for endpoint in ["a", "a", "a", "b", "c"] { waiters.append((endpoint, await Self.waiter(turns, endpoint))) }
        var (running, order) = ("a", "")
        for _ in waiters.indices {
            let before = ["a", "b", "c"].map { turns.waiting($0) }
            turns.end(running, .quick)
            let after = ["a", "b", "c"].map { turns.waiting($0) }
            running = zip(["a", "b", "c"], zip(before, after)).first { $0.1.0 > $0.1.1 }?.0 ?? ""
            order += running
        }
        #expect(order == "abcaa")
        for (_, waiter) in waiters { #expect(await waiter.value == .afterWait) }
    }

    @Test("quick answers have more taken ahead, a slow one half as much, and a failure sends back what waits")
    func ahead() async {
        let turns = CallTurns(total: 10, perEndpoint: 1)
        #expect(turns.ahead.isEmpty)
        for _ in 0..<300 {
            #expect(await turns.begin("a") == .atOnce)
            turns.end("a", .quick)
        }
        #expect(turns.ahead == ["a": CallTurns.aheadMax])
        #expect(await turns.begin("a") == .atOnce)
        turns.end("a", .slow)
        #expect(turns.ahead == ["a": CallTurns.aheadMax / 2])
        #expect(await turns.begin("a") == .atOnce)
        var waiters: [Task<CallTurns.Turn, Never>] = []
        for _ in 0..<3 { waiters.append(await Self.waiter(turns, "a")) }
        turns.end("a", .failed)
        for waiter in waiters { #expect(await waiter.value == .never) }
        #expect(turns.ahead.isEmpty)
        #expect(await turns.begin("a") == .atOnce)
    }

    @Test("what was taken before a failure of its endpoint goes back, also where it comes later, and nobody else's")
    func afterFailure() async {
        let turns = CallTurns(total: 10, perEndpoint: 8)
        let before = turns.failures
        #expect(await turns.begin("a", since: before) == .atOnce)
        turns.end("a", .failed)
        for _ in 0..<3 { #expect(await turns.begin("a", since: before) == .never) }
        #expect(await turns.begin("b", since: before) == .atOnce)
        #expect(await turns.begin("a", since: turns.failures) == .atOnce)
    }

    @Test("of all endpoints together no more is taken ahead than may be, whatever each of them has already")
    func aheadOfAll() async {
        let turns = CallTurns(total: 10, perEndpoint: 8)
        for (endpoint, count) in [("a", 300), ("b", 300), ("c", 300), ("d", 10)] {
            for _ in 0..<count {
                #expect(await turns.begin(endpoint) == .atOnce)
                turns.end(endpoint, .quick)
            }
        }
        #expect(turns.ahead(taken: [:], most: 1_000) == ["a": 256, "b": 256, "c": 256, "d": 10])
        #expect(turns.ahead(taken: [:], most: 310) == ["a": 100, "b": 100, "c": 100, "d": 10])
        // Those that hang keep what they have, and no more.
        #expect(turns.ahead(taken: ["a": 264, "b": 8, "x": 8], most: 266) == ["a": 256, "b": 3, "c": 4, "d": 3])
        #expect(turns.ahead(taken: ["a": 264], most: 100) == ["a": 256])
        #expect(turns.ahead(taken: ["a": 264, "d": 18], most: 266) == ["a": 256, "d": 10])
    }

    @Test("after a slow answer no more waits than is still taken ahead, and the next call begins")
    func slow() async {
        let turns = CallTurns(total: 10, perEndpoint: 1)
        for _ in 0..<2 {
            #expect(await turns.begin("a") == .atOnce)
            turns.end("a", .quick)
        }
        #expect(await turns.begin("a") == .atOnce)
        var waiters: [Task<CallTurns.Turn, Never>] = []
        for _ in 0..<4 { waiters.append(await Self.waiter(turns, "a")) }
        turns.end("a", .slow)
        // One of the two that were taken ahead is still, and one is called.
        #expect(turns.waiting("a") == 1)
        #expect(await waiters[0].value == .afterWait)
        for waiter in waiters[2...] { #expect(await waiter.value == .never) }
        turns.end("a", .quick)
        #expect(await waiters[1].value == .afterWait)
    }

    @Test("who is cancelled waits no more, and takes nobody's turn")
    func cancelled() async {
        let turns = CallTurns(total: 1, perEndpoint: 1)
        #expect(await turns.begin("a") == .atOnce)
        let (first, second) = (await Self.waiter(turns, "a"), await Self.waiter(turns, "a"))
        first.cancel()
        #expect(await first.value == .never)
        turns.end("a", .quick)
        #expect(await second.value == .afterWait)
        let late = Task { () -> CallTurns.Turn in
            withUnsafeCurrentTask { $0?.cancel() }
            return await turns.begin("b")
        }
        #expect(await late.value == .never)
        turns.end("a", .quick)
        #expect(await turns.begin("b") == .atOnce)
    }

    /// A delivery that was taken and waits for its turn, until `ending` of the call before it.
    private static func held(
        _ rig: Rig,
        _ ending: CallTurns.Ending = .quick,
        policy: EventDataPolicy = .uids,
        meanwhile: (WebhookEndpoint) async throws -> Void
    ) async throws {
        let endpoint = try await rig.endpoint("https://a.example/") { $0.policy = policy }.endpoint
        try await rig.store("1.2.1", modality: nil)
        while try await rig.engine.fanOut() > 0 {}
        let claimed = try #require(try await rig.claim().first)
        let turns = CallTurns(total: 8, perEndpoint: 1)
        #expect(await turns.begin(endpoint.id) == .atOnce)
        let delivery = Task { try await rig.engine.deliver(claimed, in: turns) }
        while turns.waiting(endpoint.id) == 0 { await Task.yield() }
        try await meanwhile(endpoint)
        #expect(rig.forbidden.notes.isEmpty, "nobody is told before the call is made")
        turns.end(endpoint.id, ending)
        try await delivery.value
        #expect(rig.forbidden.notes.count == rig.receiver.messages.count)
        #expect(await turns.begin(endpoint.id) == .atOnce, "the turn was given back")
    }

    @Test("a delivery that had to wait is called when it is its turn")
    func late() async throws {
        try await Rig.run { rig in
            try await Self.held(rig) { _ in }
            #expect(rig.receiver.messages.count == 1)
            #expect(try await rig.webhooks.count(.delivered) == 1)
        }
    }

    @Test("what an endpoint may not have any more when its turn comes is not sent")
    func forbidden() async throws {
        try await Rig.run { rig in
            try await Self.held(rig) { _ in rig.forbid("1.2.1") }
            #expect(rig.receiver.messages.isEmpty)
            #expect(try await rig.webhooks.count(.withheld) == 1)
        }
    }

    @Test("an endpoint that asks for less while a delivery waits for its turn gets no more", arguments: [true, false])
    func narrowed(isNarrowed: Bool) async throws {
        try await Rig.run { rig in
            try await Self.held(rig, policy: .orders) { endpoint in
                guard isNarrowed else { return }
                _ = try await rig.engine.change(endpoint.id) { $0.policy = .uids }
            }
            #expect(rig.receiver.messages.count == 1)
            let body = String(decoding: try #require(rig.receiver.messages.first).body, as: UTF8.self)
            #expect(body.contains("A-1") != isNarrowed)
        }
    }

    @Test("what comes in line when its endpoint has failed already is not called, and not counted as a failure")
    func failedBefore() async throws {
        try await Rig.run { rig in
            let endpoint = try await rig.endpoint("https://a.example/").endpoint
            for index in 0..<10 { try await rig.store("1.2.\(index + 1)", modality: nil) }
            while try await rig.engine.fanOut() > 0 {}
            let turns = CallTurns(total: 256, perEndpoint: 8)
            let failures = turns.failures
            let claimed = try await rig.claim()
            try #require(claimed.count == 8)
            rig.receiver.answers { _ in .answered(status: 429, retryAfter: .seconds(60)) }
            for delivery in claimed { try await rig.engine.deliver(delivery, in: turns, since: failures) }
            #expect(rig.receiver.messages.count == 1)
            #expect(try await rig.webhooks.endpoint(endpoint.id).failures == 1)
            #expect(try await rig.claim().isEmpty)
            // What is taken when it may be called again is called.
            rig.clock.pass(61)
            rig.receiver.answers { _ in .answered(status: 200) }
            let next = turns.failures
            for delivery in try await rig.claim() { try await rig.engine.deliver(delivery, in: turns, since: next) }
            #expect(rig.receiver.messages.count == 9)
        }
    }

    @Test("what waited while its endpoint failed goes back, as if nobody had taken it")
    func failed() async throws {
        try await Rig.run { rig in
            try await Self.held(rig, .failed) { _ in }
            #expect(rig.receiver.messages.isEmpty)
            #expect(try await rig.webhooks.count(.waiting) == 1)
            #expect(try await rig.claim().first?.attempts == 0)
        }
    }

    @Test("what waited for so long that its lease may end goes back")
    func tooLate() async throws {
        try await Rig.run { rig in
            try await Self.held(rig) { _ in rig.clock.pass(6) }
            #expect(rig.receiver.messages.isEmpty)
            #expect(try await rig.claim().count == 1)
        }
    }

    @Test("what was taken long ago is not called, also where it has no turn to wait for")
    func takenLongAgo() async throws {
        try await Rig.run { rig in
            _ = try await rig.endpoint("https://a.example/")
            for index in 0..<2 { try await rig.store("1.2.\(index + 1)", modality: nil) }
            while try await rig.engine.fanOut() > 0 {}
            let turns = CallTurns(total: 8, perEndpoint: 1)
            let claimed = try await rig.claim()
            rig.clock.pass(4)
            try await rig.engine.deliver(try #require(claimed.first), in: turns)
            #expect(rig.receiver.messages.count == 1)
            // The time of the lease has run since.
            rig.clock.pass(2)
            try await rig.engine.deliver(try #require(claimed.last), in: turns)
            #expect(rig.receiver.messages.count == 1)
            #expect(try await rig.claim().map(\.id) == [claimed.last?.id])
        }
    }

    @Test("an endpoint that is switched off or moved while a delivery waits for its turn is not called")
    func changed() async throws {
        for isMoved in [true, false] {
            try await Rig.run { rig in
                try await Self.held(rig) { endpoint in
                    if isMoved {
                        _ = try await rig.engine.change(endpoint.id) { $0.url = "https://b.example/" }
                    } else {
                        _ = try await rig.engine.switchOff(endpoint.id)
                    }
                }
                #expect(rig.receiver.messages.isEmpty)
                #expect(try await rig.webhooks.count(.waiting) == 1)
            }
        }
    }

    @Test("an endpoint that answers quickly gets each message once, and no more at a time than it may")
    func running() async throws {
        try await Rig.run { rig in
            for name in ["a", "b"] { _ = try await rig.endpoint("https://\(name).example/") }
            let (arrived, continuation) = AsyncStream<String>.makeStream()
            let underway = Mutex<[String: Int]>([:])
            let most = Mutex(0)
            var limits = WebhookLimits()
            limits.perEndpoint = 2
            let engine = rig.engine(limits) { message in
                let count = underway.withLock { underway in
                    underway[message.url, default: 0] += 1
                    return underway[message.url] ?? 0
                }
                most.withLock { $0 = max($0, count) }
                await Task.yield()
                underway.withLock { $0[message.url, default: 0] -= 1 }
                continuation.yield("\(message.url) \(message.headers["webhook-id"] ?? "")")
                return .answered(status: 200)
            }
            for index in 0..<100 { try await rig.store("1.2.\(index + 1)", modality: nil) }
            let running = Task { await engine.run(logger: Logger(label: "test")) }
            var calls: Set<String> = []
            for await call in arrived.prefix(200) { calls.insert(call) }
            running.cancel()
            await running.value
            #expect(calls.count == 200 && most.withLock { $0 } <= 2)
            #expect(try await rig.webhooks.count(.waiting) == 0)
        }
    }

    @Test("endpoints that answered quickly and then hang leave room for another one", .timeLimit(.minutes(1)))
    func hanging() async throws {
        try await Rig.run { rig in
            for name in ["a", "b"] { _ = try await rig.endpoint("https://\(name).example/") }
            let (arrived, continuation) = AsyncStream<String>.makeStream()
            let counts = Mutex<[String: Int]>([:])
            var limits = WebhookLimits()
            (limits.perEndpoint, limits.total, limits.ahead) = (1, 4, 8)
            let engine = rig.engine(limits) { message in
                let count = counts.withLock { counts in
                    counts[message.url, default: 0] += 1
                    return counts[message.url] ?? 0
                }
                guard count > 20 else { return .answered(status: 200) }
                continuation.yield(message.url)
                do {
                    try await Task.sleep(for: .seconds(3_600))
                } catch {
                    // The engine has ended.
                }
                return .failed(.timeout)
            }
            for index in 0..<60 { try await rig.store("1.2.\(index + 1)", modality: nil) }
            let running = Task { await engine.run(logger: Logger(label: "test")) }
            var calls = arrived.makeAsyncIterator()
            for _ in 0..<2 { _ = await calls.next() }
            counts.withLock { $0["https://c.example/"] = 20 }
            _ = try await rig.endpoint("https://c.example/")
            try await rig.store("1.3.1", modality: nil)
            #expect(await calls.next() == "https://c.example/")
            running.cancel()
            await running.value
        }
    }
}
