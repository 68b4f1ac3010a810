package import Catalog
package import CollimatorCore
internal import Cryptography
internal import FoundationEssentials
package import Logging
internal import Synchronization
internal import Telemetry

/// Turns events into deliveries, and deliveries into signed calls, at least once each.
package struct WebhookEngine: Sendable {
    let store: WebhookStore
    let feed: ChangeFeed
    let sender: WebhookSender
    let clock: WallClock
    let limits: WebhookLimits
    /// A number from 0 up to 1.
    let random: @Sendable () -> Double
    let decisions: Decisions

    /// What an endpoint may have, asked when a delivery is written and again before each attempt.
    package struct Decisions: Sendable {
        package var isVisible: @Sendable (_ event: ChangeEvent, _ endpoint: WebhookEndpoint) -> Bool
        package var mayReceive: @Sendable (_ delivery: ClaimedDelivery) -> Bool

        package init(
            isVisible: @escaping @Sendable (_ event: ChangeEvent, _ endpoint: WebhookEndpoint) -> Bool,
            mayReceive: @escaping @Sendable (_ delivery: ClaimedDelivery) -> Bool
        ) {
            self.isVisible = isVisible
            self.mayReceive = mayReceive
        }
    }

    package init(
        store: WebhookStore,
        feed: ChangeFeed,
        sender: WebhookSender,
        clock: WallClock,
        decisions: Decisions,
        limits: WebhookLimits = WebhookLimits(),
        random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) }
    ) {
        self.store = store
        self.feed = feed
        self.sender = sender
        self.clock = clock
        self.decisions = decisions
        self.limits = limits
        self.random = random
    }

    private static let pageMax = 500

    var milliseconds: Int64 { Int64(self.clock.now().timeIntervalSince1970 * 1_000) }

    /// Writes deliveries of what is new in the feed; gives how many.
    ///
    /// The first time, and where the feed has moved on beyond what is kept, it begins at the feed's end.
    @discardableResult
    package func fanOut() async throws -> Int {
        let cursor = try await self.store.cursor()
        guard cursor.beginning != 0 else {
            try await self.store.begin(at: try await self.feed.end())
            return 0
        }
        do {
            let page = try await self.feed.events(after: cursor, limit: Self.pageMax)
            guard !page.events.isEmpty else { return 0 }
            return try await self.store.fanOut(page, now: self.milliseconds, isVisible: self.decisions.isVisible)
        } catch let error as CollimatorError where error.code == .gone {
            try await self.store.begin(at: try await self.feed.end())
            return 0
        }
    }

    /// Makes the attempts that are due now, and returns when all of them have ended; gives how many.
    @discardableResult
    package func work() async throws -> Int {
        let claimed = try await self.store.claim(
            now: self.milliseconds,
            limit: self.limits.total,
            perEndpoint: self.limits.perEndpoint,
            lease: self.limits.lease
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            for delivery in claimed { group.addTask { try await self.deliver(delivery) } }
            try await group.waitForAll()
        }
        return claimed.count
    }

    /// Works until the task is cancelled; what is under way then is made again after its lease.
    package func run(logger: Logger) async {
        let reader = self.feed.reader()
        let underway = Underway()
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                let claimed = await allowFailure("deliveries go on later", logger: logger) {
                    while try await self.fanOut() > 0 {}
                    return try await self.store.claim(
                        now: self.milliseconds,
                        limit: self.limits.total - underway.count,
                        perEndpoint: self.limits.perEndpoint,
                        lease: self.limits.lease
                    )
                }
                for delivery in claimed ?? [] {
                    underway.begin()
                    group.addTask {
                        await allowFailure("the delivery is made again after its lease", logger: logger) {
                            try await self.deliver(delivery)
                        }
                        underway.end()
                        reader.call()
                    }
                }
                do {
                    try await reader.wait(atMost: Self.lookout)
                } catch {
                    break
                }
            }
            group.cancelAll()
        }
    }

    private static let lookout = Duration.milliseconds(250)

    /// Counts the calls that have not ended.
    private final class Underway: Sendable {
        private let calls = Mutex(0)

        var count: Int { self.calls.withLock { $0 } }
        func begin() { self.calls.withLock { $0 += 1 } }
        func end() { self.calls.withLock { $0 -= 1 } }
    }

    /// One attempt, and what follows from it.
    func deliver(_ delivery: ClaimedDelivery) async throws {
        guard self.decisions.mayReceive(delivery) else { return try await self.store.withhold(delivery) }
        let startedAt = self.milliseconds
        let message = try await self.message(
            to: delivery.endpoint,
            url: delivery.url,
            id: delivery.event,
            body: delivery.body
        )
        let answer = await self.sender.send(message)
        let outcome = AttemptOutcome(
            startedAt: startedAt,
            endedAt: self.milliseconds,
            answer: answer
        )
        let state = try await self.store.finish(delivery, outcome, limits: self.limits, random: self.random())
        if state != nil { try await self.feed.append(.webhookDisabled, subject: delivery.endpoint) }
    }

    private func message(
        to endpoint: String,
        url: String,
        id: String,
        body: [UInt8]
    ) async throws -> WebhookMessage {
        let now = self.milliseconds
        let signatures = try await self.store.secrets(of: endpoint, now: now).map { secret in
            try secret.signature(id: id, seconds: now / 1_000, body: body)
        }
        return WebhookMessage(
            url: url,
            headers: [
                "content-type": "application/cloudevents+json", "webhook-id": id, "webhook-timestamp": "\(now / 1_000)",
                "webhook-signature": signatures.joined(separator: " "),
            ],
            body: body
        )
    }

    /// Asks the endpoint to give a number back that nobody can guess, signed like every message; it is active where it
    /// does, and gets nothing before.
    ///
    /// - Throws: `unprocessable` where it does not.
    package func prove(_ id: String) async throws {
        let endpoint = try await self.store.endpoint(id)
        let challenge = Base64URL.encode(SecureRandom.bytes(Self.challengeBytes))
        let body = Array(#"{"type":"webhook.challenge","challenge":"\#(challenge)"}"#.utf8)
        let message = try await self.message(to: id, url: endpoint.url, id: "chl_\(challenge)", body: body)
        guard case .answered(let status, _, let answer) = await self.sender.send(message), (200...299).contains(status),
            Self.isEcho(of: challenge, answer)
        else {
            throw CollimatorError(
                .unprocessable,
                "an endpoint did not give the challenge back",
                publicDetail: "The endpoint did not answer the challenge with the challenge."
            )
        }
        try await self.store.set(.active, of: id)
    }

    private static let challengeBytes = 24

    /// The challenge alone, or as the one member of that name in JSON.
    private static func isEcho(of challenge: String, _ answer: [UInt8]) -> Bool {
        struct Echo: Decodable { let challenge: String }
        if constantTimeEquals(answer, Array(challenge.utf8)) { return true }
        do {
            let echo = try JSONDecoder().decode(Echo.self, from: Data(answer))
            return constantTimeEquals(Array(echo.challenge.utf8), Array(challenge.utf8))
        } catch {
            return false
        }
    }
}
