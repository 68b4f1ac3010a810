internal import Catalog
package import Logging
internal import Synchronization
internal import Telemetry

extension WebhookEngine {
    /// Works until the task is cancelled; what is under way then is made again after its lease.
    ///
    /// Each of its parts goes on by itself: what is due is delivered also where nothing new can be written down, and neither
    /// a changed rule over many studies nor a long queue that is given up holds up a call.
    package func run(logger: Logger) async {
        let claims = self.feed.reader()
        let isBusy = Flag()
        await withDiscardingTaskGroup { group in
            group.addTask { await self.keepFanningOut(isBusy, claims, logger) }
            group.addTask { await self.keepReviewing(isBusy, claims, logger) }
            group.addTask { await self.keepSweeping(logger) }
            await self.keepDelivering(claims, in: &group, logger)
            group.cancelAll()
        }
    }

    private static let lookout = Duration.milliseconds(250)

    /// Writes down what is new in the feed.
    private func keepFanningOut(_ isBusy: Flag, _ claims: FeedReader, _ logger: Logger) async {
        let reader = self.feed.reader()
        while !Task.isCancelled {
            let taken = await allowFailure("events are written down later", logger: logger) { try await self.fanOut() }
            isBusy.set(taken ?? 0 > 0)
            if taken ?? 0 > 0 {
                claims.call()
                continue
            }
            do {
                try await reader.wait(atMost: Self.lookout)
            } catch {
                return
            }
        }
    }

    /// Takes what is due, and delivers it.
    private func keepDelivering(_ claims: FeedReader, in group: inout DiscardingTaskGroup, _ logger: Logger) async {
        let underway = Underway()
        let turns = CallTurns(total: self.limits.total, perEndpoint: self.limits.perEndpoint)
        var last = ""
        while !Task.isCancelled {
            let failures = turns.failures
            let claimed = await allowFailure("deliveries go on later", logger: logger) {
                try await self.store.claim(
                    now: self.milliseconds,
                    limit: self.limits.total + self.limits.ahead - underway.count,
                    perEndpoint: self.limits.perEndpoint,
                    lease: self.limits.lease,
                    after: last,
                    ahead: turns.ahead(taken: underway.ofEach, most: self.limits.ahead * 3 / 4)
                )
            }
            last = claimed?.last?.endpoint ?? last
            for delivery in claimed ?? [] {
                underway.begin(delivery.endpoint)
                group.addTask {
                    await allowFailure("the delivery is made again after its lease", logger: logger) {
                        try await self.deliver(delivery, in: turns, since: failures)
                    }
                    underway.end(delivery.endpoint)
                    claims.call()
                }
            }
            do {
                try await claims.wait(atMost: Self.lookout)
            } catch {
                return
            }
        }
    }

    /// Looks at what endpoints were told of, and goes on with replays.
    ///
    /// While there is something new in the feed it is given the way, but not for ever.
    private func keepReviewing(_ isBusy: Flag, _ claims: FeedReader, _ logger: Logger) async {
        var passed = 0
        while !Task.isCancelled {
            var goesOn = false
            if !isBusy.value || passed >= Self.passedMax {
                passed = 0
                let hasMore = await allowFailure("views are looked at later", logger: logger) {
                    try await self.review()
                }
                goesOn = hasMore == true && !isBusy.value
            } else {
                passed += 1
            }
            let wasReplayed = await allowFailure("replays go on later", logger: logger) { try await self.replay() }
            if wasReplayed == true {
                claims.call()
                goesOn = true
            }
            guard !goesOn else { continue }
            do {
                try await Task.sleep(for: Self.lookout)
            } catch {
                return
            }
        }
    }

    /// How often reviews let the feed pass.
    private static let passedMax = 3

    /// Gives up what is too much, and forgets what is old, once a minute and a little at a time.
    private func keepSweeping(_ logger: Logger) async {
        var sweptAt = self.milliseconds
        while !Task.isCancelled {
            if abs(self.milliseconds - sweptAt) > Self.sweeping {
                sweptAt = self.milliseconds
                await allowFailure("deliveries that are too many are given up later", logger: logger) {
                    while try await self.giveUp() >= Self.sweptMax { try await Task.sleep(for: Self.rest) }
                }
                await allowFailure("old deliveries are forgotten later", logger: logger) {
                    while try await self.dropOld() == Self.sweptMax { try await Task.sleep(for: Self.rest) }
                    while try await self.dropTold() == Self.sweptMax { try await Task.sleep(for: Self.rest) }
                }
            }
            do {
                try await Task.sleep(for: Self.lookout)
            } catch {
                return
            }
        }
    }

    /// Between two parts of a sweep: outcomes and claims are written meanwhile.
    private static let rest = Duration.milliseconds(20)

    /// Counts the deliveries that were taken and have not ended.
    private final class Underway: Sendable {
        private let deliveries = Mutex<(count: Int, ofEach: [String: Int])>((0, [:]))

        var count: Int { self.deliveries.withLock { $0.count } }
        /// By endpoint.
        var ofEach: [String: Int] { self.deliveries.withLock { $0.ofEach } }

        func begin(_ endpoint: String) {
            self.deliveries.withLock { deliveries in
                deliveries.count += 1
                deliveries.ofEach[endpoint, default: 0] += 1
            }
        }

        func end(_ endpoint: String) {
            self.deliveries.withLock { deliveries in
                deliveries.count -= 1
                let left = (deliveries.ofEach[endpoint] ?? 1) - 1
                deliveries.ofEach[endpoint] = left > 0 ? left : nil
            }
        }
    }

    private final class Flag: Sendable {
        private let isSet = Mutex(false)

        var value: Bool { self.isSet.withLock { $0 } }
        func set(_ value: Bool) { self.isSet.withLock { $0 = value } }
    }
}
