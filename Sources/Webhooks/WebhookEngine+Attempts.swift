internal import Catalog
internal import CollimatorCore

extension WebhookEngine {
    /// One attempt, and what follows from it.
    func deliver(_ delivery: ClaimedDelivery) async throws {
        guard let permitted = try await self.permitted(delivery.type, delivery.subject, delivery.endpoint),
            let body = try await self.body(of: delivery, within: delivery.asked.limited(to: permitted))
        else { return try await self.store.withhold(delivery, now: self.milliseconds) }
        // That a study has left its view is all that an endpoint is told then: it looks at nothing.
        if delivery.type != .studyRemoved {
            try await self.decisions.note(delivery.subject, delivery.endpoint, delivery.event)
        }
        let startedAt = self.milliseconds
        let answer = try await self.answer(to: delivery, body)
        // A call that ended with this process is no fault of the receiver's: it is made again by the next one.
        if case .failed = answer { try Task.checkCancellation() }
        let outcome = AttemptOutcome(
            startedAt: startedAt,
            endedAt: self.milliseconds,
            answer: answer
        )
        try await self.store.finish(delivery, outcome, limits: self.limits, random: self.random())
    }

    private func answer(to delivery: ClaimedDelivery, _ body: [UInt8]) async throws -> WebhookAnswer {
        let message: WebhookMessage
        do {
            message = try await self.message(
                to: delivery.endpoint,
                url: delivery.url,
                id: delivery.event,
                body: body
            )
        } catch let error as CollimatorError where error.code == .conflict {
            // An attempt like any other: administrators see in it what is missing.
            return .failed(.secretUnreadable)
        }
        return await self.sender.send(message)
    }

    /// The body with no more than the policy says.
    ///
    /// Rules, or the endpoint's own wish, may ask for less than when it was written. Nil where that cannot be told any more, because the feed no longer has the event.
    private func body(of delivery: ClaimedDelivery, within policy: EventDataPolicy) async throws -> [UInt8]? {
        guard !delivery.policy.isWithin(policy) else { return delivery.body }
        guard let position = ChangeFeed.Position(eventID: delivery.event) else { return nil }
        let before = ChangeFeed.Position(beginning: position.beginning, sequence: position.sequence - 1)
        do {
            let page = try await self.feed.events(after: before, limit: 1)
            guard let event = page.events.first, event.sequence == position.sequence, event.type == delivery.type else {
                return nil
            }
            return try event.cloudEvent(policy, beginning: position.beginning)
        } catch let error as CollimatorError where error.code == .gone {
            return nil
        }
    }
}

extension ChangeFeed.Position {
    /// Where the event of this id stands; nil for what is no id of an event.
    fileprivate init?(eventID: String) {
        let parts = eventID.split(separator: "_", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "evt", let beginning = Int64(parts[1], radix: 36),
            let sequence = Int64(parts[2])
        else { return nil }
        self.init(beginning: beginning, sequence: sequence)
    }
}
