import CollimatorCore
import Synchronization
import TestSupport
import Testing

@testable import HealthcareAPI

@Suite("a shared access token")
struct SharedAccessTokenTests {
    private let time = FakeTiming()

    /// Counts flights; each gives `token-1`, `token-2` and so on, or what the closure throws.
    private func source(
        _ flight: @escaping @Sendable (Int) async throws(CredentialError) -> Duration
    ) -> (shared: SharedAccessToken, flights: Flights) {
        let flights = Flights()
        let time = self.time
        let shared = SharedAccessToken(timing: time.timing) { () async throws(CredentialError) in
            let number = flights.count.withLock { count in
                count += 1
                return count
            }
            let lifetime = try await flight(number)
            guard let token = AccessToken(secret: "token-\(number)", expiresAt: time.now + lifetime) else {
                throw CredentialError(.invalidAnswer)
            }
            return token
        }
        return (shared, flights)
    }

    private final class Flights: Sendable {
        let count = Mutex(0)
        var value: Int { self.count.withLock { $0 } }
    }

    @Test("many users that come at once share one flight")
    func singleFlight() async throws {
        let gate = Gate()
        let (shared, flights) = self.source { _ async throws(CredentialError) in
            await gate.pass()
            return .seconds(3_600)
        }
        let secrets = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<100 { group.addTask { try await shared.token(refreshing: false).secret } }
            await gate.untilArrived(1)
            gate.open()
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }

        #expect(secrets == ["token-1"])
        #expect(flights.value == 1)
    }

    @Test("a token is used until shortly before it expires, then refreshed in the background of a use")
    func refreshedAhead() async throws {
        let gate = Gate()
        let (shared, flights) = self.source { number async throws(CredentialError) in
            if number > 1 { await gate.pass() }
            return .seconds(3_600)
        }
        #expect(try await shared.token(refreshing: false).secret == "token-1")

        self.time.advance(by: .seconds(3_600 - 226))
        #expect(try await shared.token(refreshing: false).secret == "token-1")
        #expect(flights.value == 1)

        self.time.advance(by: .seconds(2))
        // The new one is being fetched and is not waited for.
        #expect(try await shared.token(refreshing: false).secret == "token-1")
        await gate.untilArrived(1)
        #expect(try await shared.token(refreshing: false).secret == "token-1")
        #expect(flights.value == 2)

        gate.open()
        while try await shared.token(refreshing: false).secret != "token-2" { await Task.yield() }
        #expect(flights.value == 2)
    }

    @Test("an expired token is not given out")
    func expired() async throws {
        let (shared, flights) = self.source { _ async throws(CredentialError) in .seconds(3_600) }
        _ = try await shared.token(refreshing: false)
        self.time.advance(by: .seconds(3_595))

        #expect(try await shared.token(refreshing: false).secret == "token-2")
        #expect(flights.value == 2)
    }

    @Test("a token that the upstream refused is fetched anew, once for all who were refused")
    func refused() async throws {
        let (shared, flights) = self.source { _ async throws(CredentialError) in .seconds(3_600) }
        _ = try await shared.token(refreshing: false)
        self.time.advance(by: .seconds(60))

        #expect(try await shared.token(refreshing: true).secret == "token-2")
        #expect(try await shared.token(refreshing: true).secret == "token-2")
        #expect(try await shared.token(refreshing: false).secret == "token-2")
        #expect(flights.value == 2)
    }

    @Test("a leader that is cancelled stops waiting and harms no follower")
    func cancelledLeader() async throws {
        let gate = Gate()
        let (shared, flights) = self.source { _ async throws(CredentialError) in
            await gate.pass()
            return .seconds(3_600)
        }
        let leader = Task { try await shared.token(refreshing: false).secret }
        await gate.untilArrived(1)
        let follower = Task { try await shared.token(refreshing: false).secret }
        leader.cancel()
        // The gate is still shut: only the cancellation can have ended the wait.
        let ended = await leader.result
        gate.open()

        #expect(throws: CredentialError(.cancelled)) { try ended.get() }
        #expect(try await follower.value == "token-1")
        #expect(flights.value == 1)
    }

    @Test("whoever was cancelled before it asked does not wait")
    func cancelledBefore() async throws {
        let gate = Gate()
        let (shared, _) = self.source { _ async throws(CredentialError) in
            await gate.pass()
            return .seconds(3_600)
        }
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await shared.token(refreshing: false).secret
        }
        task.cancel()
        let ended = await task.result
        gate.open()

        #expect(throws: CredentialError(.cancelled)) { try ended.get() }
        #expect(try await shared.token(refreshing: false).secret == "token-1")
    }

    @Test("a failed flight is told to all who waited, and the next one starts afresh")
    func failed() async throws {
        let gate = Gate()
        let (shared, flights) = self.source { number async throws(CredentialError) in
            await gate.pass()
            guard number > 1 else { throw CredentialError(.endpointFault, status: 500) }
            return .seconds(3_600)
        }
        let first = Task { try await shared.token(refreshing: false).secret }
        let second = Task { try await shared.token(refreshing: false).secret }
        await gate.untilArrived(1)
        gate.open()
        for result in [await first.result, await second.result] {
            #expect(throws: CredentialError(.endpointFault, status: 500)) { try result.get() }
        }
        // Who comes right after is told the same without another flight.
        await #expect(throws: CredentialError(.endpointFault, status: 500)) {
            try await shared.token(refreshing: false)
        }
        #expect(flights.value == 1)

        self.time.advance(by: .seconds(2))
        #expect(try await shared.token(refreshing: false).secret == "token-2")
    }

    @Test("a refresh ahead that fails leaves the token that is still good, and pauses")
    func failedAhead() async throws {
        let landed = Gate()
        landed.open()
        let (shared, flights) = self.source { number async throws(CredentialError) in
            guard number == 1 else {
                await landed.pass()
                throw CredentialError(.unreachable)
            }
            return .seconds(3_600)
        }
        _ = try await shared.token(refreshing: false)
        self.time.advance(by: .seconds(3_400))
        for _ in 0..<5 {
            #expect(try await shared.token(refreshing: false).secret == "token-1")
            await landed.untilArrived(1)
            for _ in 0..<100 { await Task.yield() }
        }
        #expect(flights.value == 2)

        self.time.advance(by: .seconds(11))
        #expect(try await shared.token(refreshing: false).secret == "token-1")
        await landed.untilArrived(2)
        #expect(flights.value == 3)
    }

    @Test("a token that lives shortly is not fetched for every use")
    func shortLived() async throws {
        let (shared, flights) = self.source { _ async throws(CredentialError) in .seconds(60) }
        for _ in 0..<20 { _ = try await shared.token(refreshing: false) }

        #expect(flights.value == 1)
    }

    @Test("printing a token shows nothing of it")
    func printing() throws {
        let token = try self.time.token("hunter2")
        var dumped = ""
        dump(token, to: &dumped)

        #expect(!"\(token)\(String(reflecting: token))\(dumped)".contains("hunter2"))
        #expect(token.authorization == "Bearer hunter2")
    }

    @Test("what could not stand in a header is no token", arguments: ["", "a b", "a\r\nX: y", "é", "a\u{0}"])
    func invalidToken(secret: String) {
        #expect(AccessToken(secret: secret, expiresAt: .now) == nil)
    }
}
