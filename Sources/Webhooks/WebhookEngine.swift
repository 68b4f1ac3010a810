package import Catalog
package import CollimatorCore
internal import FoundationEssentials

/// Turns events into deliveries, and deliveries into signed calls, at least once each.
package struct WebhookEngine: Sendable {
    package let store: WebhookStore
    let feed: ChangeFeed
    let sender: WebhookSender
    /// Where endpoints may be.
    let addresses: AddressPolicy
    let clock: WallClock
    let limits: WebhookLimits
    /// A number from 0 up to 1.
    let random: @Sendable () -> Double
    let decisions: Decisions

    /// What an endpoint may have, asked when a delivery is written and again before each attempt.
    package struct Decisions: Sendable {
        /// How much of an event an endpoint may have now, and whether it asks for it; nil for nothing.
        package var permitted: @Sendable (_ question: EndpointQuestion) async throws -> EndpointPermit?
        /// Whether the endpoint may hear anything at all.
        package var isHeard: @Sendable (_ endpoint: String) -> Bool
        /// The version of the rules: another one has endpoints' views looked at again.
        package var version: @Sendable () -> Int
        /// Writes down, before it is sent, that the endpoint is told of the event; what cannot be written is not sent.
        package var note: Note

        /// What is written down is what was asked, the id of the message, and what the answer was.
        package typealias Note =
            @Sendable (_ question: EndpointQuestion, _ message: String, _ permit: EndpointPermit) async throws -> Void

        package init(
            isHeard: @escaping @Sendable (_ endpoint: String) -> Bool = { _ in true },
            version: @escaping @Sendable () -> Int = { 0 },
            note: @escaping Note = { _, _, _ in },
            permitted: @escaping @Sendable (_ question: EndpointQuestion) async throws -> EndpointPermit?
        ) {
            self.permitted = permitted
            self.isHeard = isHeard
            self.version = version
            self.note = note
        }
    }

    package init(
        store: WebhookStore,
        feed: ChangeFeed,
        sender: WebhookSender,
        addresses: AddressPolicy,
        clock: WallClock,
        decisions: Decisions,
        limits: WebhookLimits = WebhookLimits(),
        random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) }
    ) {
        self.store = store
        self.feed = feed
        self.sender = sender
        self.addresses = addresses
        self.clock = clock
        self.decisions = decisions
        self.limits = limits
        self.random = random
    }

    private static let pageMax = 500
    /// Deliveries of one transaction, about: where many endpoints want them fewer events are taken at a time.
    private static let deliveriesMax = 20_000

    var milliseconds: Int64 { Int64(self.clock.now().timeIntervalSince1970 * 1_000) }

    /// Writes deliveries of what is new in the feed; gives how many.
    ///
    /// The first time it begins at the feed's end; where the feed has moved on beyond what is kept, at the oldest that is.
    @discardableResult
    package func fanOut() async throws -> Int {
        let cursor = try await self.store.cursor()
        guard cursor.beginning != 0 else {
            try await self.store.begin(at: try await self.feed.end())
            return 0
        }
        try await self.tellEnds()
        // Mostly there is nothing new, and then it is not asked who all would have it.
        guard try await self.feed.end() != cursor else { return 0 }
        let audience = try await self.store.activeEndpoints()
        var page: ChangeFeed.Page
        do {
            page = try await self.feed.events(after: cursor, limit: Self.pageMax)
        } catch let error as CollimatorError where error.code == .gone {
            // What is still kept is not lost with what is not.
            page = try await self.feed.events(after: nil, limit: Self.pageMax)
        }
        guard !page.events.isEmpty || page.next != cursor else { return 0 }
        let deliveries = try await self.deliveries(of: &page, to: audience, limit: Self.deliveriesMax)
        try await self.end(page.events)
        _ = try await self.store.fanOut(deliveries, of: page.events, to: page.next, now: self.milliseconds)
        return page.events.count
    }

    /// What the endpoints asked for of the page and may have; the page ends with the event that fills the limit.
    func deliveries(
        of page: inout ChangeFeed.Page,
        to audience: EventAudience,
        limit: Int
    ) async throws -> [NewDelivery] {
        var deliveries: [NewDelivery] = []
        for (index, event) in page.events.enumerated() {
            if index > 0, deliveries.count >= limit {
                let last = page.events[index - 1].sequence
                page = ChangeFeed.Page(
                    events: Array(page.events[..<index]),
                    next: ChangeFeed.Position(beginning: page.next.beginning, sequence: last)
                )
                return deliveries
            }
            // One body for all that get as much.
            var bodies: [EventDataPolicy: [UInt8]] = [:]
            let subject = EventSubject(
                store: event.store,
                study: event.study,
                kept: event.type == .studyDeleted ? event.attributes : nil,
                isOfAudit: event.type == .accessEmergency
            )
            for endpoint in audience.hearers(of: event) {
                let question = EndpointQuestion(
                    subject: subject,
                    endpoint: endpoint.id,
                    asked: endpoint.settings.policy,
                    condition: endpoint.filter.condition
                )
                guard let permit = try await self.permitted(event.type, question) else { continue }
                let policy = endpoint.settings.policy.limited(to: permit.policy)
                let body = try bodies[policy] ?? event.cloudEvent(policy, beginning: page.next.beginning)
                bodies[policy] = body
                deliveries.append(NewDelivery(endpoint: endpoint.id, event: event, policy: policy, body: body))
            }
        }
        return deliveries
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

    /// For the start of a process: what one that was killed had under way is made again at once.
    package func takeUp() async throws {
        try await self.store.release(now: self.milliseconds)
    }

    /// A minute, in milliseconds.
    static let sweeping: Int64 = 60_000
    static let sweptMax = 1_000

    /// Forgets deliveries that have ended long ago; gives how many.
    @discardableResult
    func dropOld() async throws -> Int {
        let time = self.milliseconds - self.limits.retention.components.seconds * 1_000
        return try await self.store.dropEnded(before: time, limit: Self.sweptMax)
    }

    /// Forgets what endpoints were told of where that is more than is kept; gives how much.
    func dropTold() async throws -> Int {
        try await self.store.dropTold(beyond: self.limits.toldMax, limit: Self.sweptMax)
    }

    /// Gives up what is too much, and what has waited too long for endpoints that are not called; gives how many.
    @discardableResult
    func giveUp() async throws -> Int {
        let now = self.milliseconds
        let time = now - self.limits.retention.components.seconds * 1_000
        let excess = try await self.store.giveUpExcess(
            waitingMax: self.limits.waitingMax,
            now: now,
            limit: Self.sweptMax
        )
        return excess + (try await self.store.giveUpOld(before: time, now: now, limit: Self.sweptMax))
    }

    /// Signed with every secret that is good now, and with the endpoint's own headers where it is still at the address.
    func message(
        to endpoint: String,
        url: String,
        id: String,
        body: [UInt8]
    ) async throws -> WebhookMessage {
        let now = self.milliseconds
        let (secrets, credentials) = try await self.store.equipment(of: endpoint, at: url, now: now)
        let signatures = try secrets.map { try $0.signature(id: id, seconds: now / 1_000, body: body) }
        let headers = [
            "content-type": "application/cloudevents+json", "webhook-id": id, "webhook-timestamp": "\(now / 1_000)",
            "webhook-signature": signatures.joined(separator: " "),
        ]
        return WebhookMessage(
            url: url,
            headers: headers.merging(credentials.headers) { own, _ in own },
            body: body,
            certificate: credentials.certificate
        )
    }
}
