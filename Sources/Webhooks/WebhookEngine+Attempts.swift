internal import Catalog
internal import CollimatorCore

extension WebhookEngine {
    /// One attempt, and what follows from it.
    ///
    /// Where there are turns the call is made when it is its; what may be said is decided before, so that nobody waits for what
    /// is not sent, and again where the turn came later.
    ///
    /// `failures` is how many calls had failed when the delivery was taken.
    func deliver(_ delivery: ClaimedDelivery, in turns: CallTurns? = nil, since failures: Int = .max) async throws {
        let planned = try await self.unlessUnmade(delivery) { try await self.planned(delivery) }
        guard let call = planned else { return try await self.store.withhold(delivery, now: self.milliseconds) }
        guard let turns else {
            let attempt = try await self.unlessUnmade(delivery) { try await self.make(call, of: delivery) }
            return try await self.write(attempt, of: delivery)
        }
        let turn = await turns.begin(delivery.endpoint, since: failures)
        guard turn != .never else {
            try Task.checkCancellation()
            return try await self.store.giveBack(delivery, dueAt: self.milliseconds)
        }
        let attempt: Attempt
        do {
            attempt = try await self.unlessUnmade(delivery) { try await self.make(call, of: delivery, in: turn) }
        } catch {
            turns.end(delivery.endpoint, .unmade)
            throw error
        }
        // The next call need not wait until this one is written down, unless that says that there is none for now.
        guard attempt.ending == .failed else {
            turns.end(delivery.endpoint, attempt.ending)
            return try await self.write(attempt, of: delivery)
        }
        defer { turns.end(delivery.endpoint, .failed) }
        try await self.write(attempt, of: delivery)
    }

    /// Where something of ours is missing, so that no call is made, the delivery rests for a while and not for its whole lease.
    private func unlessUnmade<Answer: Sendable>(
        _ delivery: ClaimedDelivery,
        _ body: () async throws -> Answer
    ) async throws -> Answer {
        do {
            return try await body()
        } catch {
            try Task.checkCancellation()
            try await self.store.rest(delivery, until: self.milliseconds + Self.unmadeRest)
            throw error
        }
    }

    /// How long that is, in milliseconds.
    static let unmadeRest: Int64 = 5_000

    /// What came of a delivery that was taken.
    private enum Attempt: Sendable {
        case made(AttemptOutcome)
        case withheld
        case givenBack

        var ending: CallTurns.Ending {
            guard case .made(let outcome) = self else { return .unmade }
            guard outcome.isDelivered else { return .failed }
            return outcome.endedAt - outcome.startedAt <= CallTurns.quickMax ? .quick : .slow
        }
    }

    private func write(_ attempt: Attempt, of delivery: ClaimedDelivery) async throws {
        switch attempt {
        case .made(let outcome):
            try await self.store.finish(delivery, outcome, limits: self.limits, random: self.random())
        case .withheld: try await self.store.withhold(delivery, now: self.milliseconds)
        case .givenBack: try await self.store.giveBack(delivery, dueAt: self.milliseconds)
        }
    }

    /// A call that may be made.
    private struct Planned: Sendable {
        let question: EndpointQuestion
        let permit: EndpointPermit
        let body: [UInt8]
    }

    /// The call with no more than the endpoint may have and asks for now; nil for none.
    private func planned(_ delivery: ClaimedDelivery) async throws -> Planned? {
        let asked = try await self.store.asked(of: delivery.endpoint)
        let question = EndpointQuestion(
            subject: delivery.subject,
            endpoint: delivery.endpoint,
            asked: asked.policy,
            condition: asked.condition
        )
        guard let permit = try await self.permitted(delivery.type, question),
            let body = try await self.body(of: delivery, within: asked.policy.limited(to: permit.policy))
        else { return nil }
        return Planned(question: question, permit: permit, body: body)
    }

    /// The call of a delivery whose turn it is; where that came late rights, and the endpoint, may be others by now.
    private func make(
        _ call: Planned,
        of delivery: ClaimedDelivery,
        in turn: CallTurns.Turn
    ) async throws -> Attempt {
        // So that it ends before its lease does.
        guard abs(self.milliseconds - delivery.claimedAt) <= self.limits.turnMax.components.seconds * 1_000 else {
            return .givenBack
        }
        guard turn != .atOnce else { return try await self.make(call, of: delivery) }
        guard try await self.store.isCalled(delivery.endpoint, at: delivery.url) else { return .givenBack }
        guard let call = try await self.planned(delivery) else { return .withheld }
        return try await self.make(call, of: delivery)
    }

    private func make(_ call: Planned, of delivery: ClaimedDelivery) async throws -> Attempt {
        guard let message = try await self.message(call, of: delivery) else {
            // An attempt like any other: administrators see in it what is missing.
            let now = self.milliseconds
            return .made(AttemptOutcome(startedAt: now, endedAt: now, answer: .failed(.secretUnreadable)))
        }
        // That a study has left its view is all that an endpoint is told then: it looks at nothing.
        if delivery.type != .studyRemoved {
            try await self.decisions.note(call.question, delivery.event, call.permit)
        }
        let startedAt = self.milliseconds
        let answer = await self.sender.send(message)
        // A call that ended with this process is no fault of the receiver's: it is made again by the next one.
        if case .failed = answer { try Task.checkCancellation() }
        return .made(AttemptOutcome(startedAt: startedAt, endedAt: self.milliseconds, answer: answer))
    }

    /// Nil where the endpoint's secret, or what else its calls carry, cannot be read.
    private func message(_ call: Planned, of delivery: ClaimedDelivery) async throws -> WebhookMessage? {
        do {
            return try await self.message(
                to: delivery.endpoint,
                url: delivery.url,
                id: delivery.event,
                body: call.body
            )
        } catch let error as CollimatorError where error.code == .conflict {
            return nil
        }
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
