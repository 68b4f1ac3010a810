import AsyncHTTPClient
import Synchronization
import Telemetry
import Webhooks

/// Clients of calls, kept so that a call finds the connection of the one before it.
///
/// One is for an address that was checked and never for a name alone: a name that has another address now leads to another
/// client, and no connection leads on to where the name led before. One that nobody uses any more, that is old, or that is
/// one too many is shut down as soon as no call is under way with it.
final class WebhookClients: Sendable {
    private let limits: Limits
    private let state = Mutex(State())

    init(limits: Limits = Limits()) {
        self.limits = limits
    }

    struct Limits: Hashable, Sendable {
        /// Clients that are kept while no call is under way with them: each has its trust roots in memory.
        var kept = 64
        /// How long one is kept without a call.
        var idle = Duration.seconds(30)
        /// How long one is used: files with certificates are read by each new one.
        var lifetime = Duration.seconds(300)
    }

    /// Everything that a connection depends on.
    struct Key: Hashable, Sendable {
        let host: String
        let port: Int
        let isEncrypted: Bool
        /// The address that was checked for the call; nil where the proxy resolves the name.
        let address: NetworkAddress?
        /// Nil where none is between.
        let proxy: WebhookProxy?
        /// A digest of the certificate that is shown, and of its key; nil where none is.
        let certificate: [UInt8]?
        /// How long a connection may take.
        var connect: Duration
    }

    /// What came of a call with a client that others may have used, too.
    struct Lent<Answer: Sendable>: Sendable {
        let answer: Answer
        /// Whether there was a call before, so that there may have been a connection that was kept.
        let wasUsed: Bool
        /// Whether there may have been a connection under way for another call.
        let wasShared: Bool
    }

    /// A client for one call.
    private struct Loan: Sendable {
        let client: HTTPClient
        let key: Key
        let number: Int
        /// How many calls there were with the client, this one among them.
        let count: Int
        /// Whether a call before may still have a connection under way.
        let isBehindOthers: Bool
    }

    private struct Entry {
        let client: HTTPClient
        let number: Int
        let madeAt: ContinuousClock.Instant
        var usedAt: ContinuousClock.Instant
        var calls = 0
        /// How many calls there were, with those that have ended.
        var count = 0
    }

    private struct State {
        var kept: [Key: Entry] = [:]
        /// Those that are too old for another call, by number, until the last call with each has ended.
        var leaving: [Int: Entry] = [:]
        var lastNumber = 0
        /// What shuts down clients that nobody uses any more, by number.
        var endings: [Int: Task<Void, Never>] = [:]
        var isClosed = false
    }

    /// Which connections of all the clients were used before.
    let uses = ConnectionUses()

    /// How many are kept, those in use among them.
    var count: Int { self.state.withLock { $0.kept.count + $0.leaving.count } }

    /// How many shut-downs have begun and not ended.
    var endingCount: Int { self.state.withLock { $0.endings.count } }

    /// Runs a call with the client of the key.
    func withClient<Answer: Sendable>(
        _ key: Key,
        configuration: () throws -> HTTPClient.Configuration,
        _ call: (HTTPClient) async -> Answer
    ) async throws -> Lent<Answer> {
        await self.waitForRoom()
        let (loan, old) = try self.borrow(key, configuration)
        self.end(old)
        let answer = await call(loan.client)
        let (free, wasShared) = self.giveBack(loan)
        self.end(free)
        return Lent(answer: answer, wasUsed: loan.count > 1, wasShared: wasShared)
    }

    /// Runs a call with a client of its own, whose connection nobody has used.
    func withNewClient<Answer: Sendable>(
        configuration: HTTPClient.Configuration,
        _ call: (HTTPClient) async -> Answer
    ) async -> Answer {
        await self.waitForRoom()
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let answer = await call(client)
        self.end([client])
        return answer
    }

    /// Begins a call; gives the clients, too, that are to be shut down now.
    private func borrow(
        _ key: Key,
        _ configuration: () throws -> HTTPClient.Configuration
    ) throws -> (loan: Loan, old: [HTTPClient]) {
        let now = ContinuousClock.now
        return try self.state.withLock { state in
            var free: [HTTPClient] = []
            if let old = state.kept[key], now - old.madeAt > self.limits.lifetime {
                state.kept[key] = nil
                if old.calls > 0 { state.leaving[old.number] = old } else { free.append(old.client) }
            }
            var entry: Entry
            if let kept = state.kept[key] {
                entry = kept
            } else {
                let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: try configuration())
                state.lastNumber += 1
                entry = Entry(client: client, number: state.lastNumber, madeAt: now, usedAt: now)
            }
            let isBehindOthers = entry.calls > 0 || entry.count > 0 && now - entry.usedAt < key.connect
            entry.calls += 1
            entry.count += 1
            state.kept[key] = entry
            let loan = Loan(
                client: entry.client,
                key: key,
                number: entry.number,
                count: entry.count,
                isBehindOthers: isBehindOthers
            )
            return (loan, free)
        }
    }

    /// Ends a call; gives the clients that are to be shut down now.
    private func giveBack(_ loan: Loan) -> (free: [HTTPClient], wasShared: Bool) {
        let now = ContinuousClock.now
        return self.state.withLock { state in
            if var entry = state.leaving[loan.number] {
                entry.calls -= 1
                state.leaving[loan.number] = entry.calls > 0 ? entry : nil
                let wasShared = loan.isBehindOthers || entry.count > loan.count
                return (entry.calls > 0 ? [] : [entry.client], wasShared)
            }
            guard var entry = state.kept[loan.key], entry.number == loan.number else { return ([], false) }
            let wasShared = loan.isBehindOthers || entry.count > loan.count
            entry.calls -= 1
            entry.usedAt = now
            state.kept[loan.key] = entry
            guard entry.calls == 0, state.isClosed || state.kept.count > self.limits.kept else {
                return ([], wasShared)
            }
            return (self.surplus(now, &state), wasShared)
        }
    }

    /// Takes out what is not in use and too old, not used for long, or one too many; the lock is held.
    private func surplus(_ now: ContinuousClock.Instant, _ state: inout State) -> [HTTPClient] {
        var free = state.kept.filter { $0.value.calls == 0 }.sorted { $0.value.usedAt < $1.value.usedAt }[...]
        var surplus: [HTTPClient] = []
        while let (key, entry) = free.first {
            free.removeFirst()
            // Those behind it were used later, but may be older.
            let isTooMany = state.isClosed || free.count >= self.limits.kept
            guard isTooMany || now - entry.usedAt > self.limits.idle || now - entry.madeAt > self.limits.lifetime else {
                continue
            }
            state.kept[key] = nil
            surplus.append(entry.client)
        }
        return surplus
    }

    /// Shuts down what has not been used for long.
    func retire(now: ContinuousClock.Instant = .now) {
        self.end(self.state.withLock { self.surplus(now, &$0) })
    }

    /// Does so from time to time until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            do {
                try await Task.sleep(for: self.limits.idle)
            } catch {
                return
            }
            self.retire()
        }
    }

    /// Shuts down all that are not in use, and returns when that is done; from now on each is when its calls have ended.
    func close() async {
        self.end(
            self.state.withLock { state in
                state.isClosed = true
                return self.surplus(.now, &state)
            }
        )
        while let ending = self.state.withLock({ $0.endings.values.first }) { await ending.value }
    }

    /// Where very many clients are ending, a call waits for one of them: each holds connections and certificates till then.
    private func waitForRoom() async {
        while let ending = self.state.withLock({ state in
            state.endings.count < Self.endingsMax ? nil : state.endings.min { $0.key < $1.key }?.value
        }) {
            await ending.value
        }
    }

    /// The most shut-downs that go on beside calls.
    private static let endingsMax = 64

    /// Shuts clients down beside what goes on: a receiver may take seconds to end its connections, and no call waits for that.
    private func end(_ clients: [HTTPClient]) {
        guard !clients.isEmpty else { return }
        self.state.withLock { state in
            state.lastNumber += 1
            let number = state.lastNumber
            state.endings[number] = Task {
                for client in clients {
                    await allowFailure("the connections of a client close later") { try await client.shutdown() }
                }
                // It is not done before it is noted: the lock is still held where it was begun.
                self.state.withLock { $0.endings[number] = nil }
            }
        }
    }
}
