internal import Catalog
internal import CollimatorCore

extension WebhookEngine {
    /// So few that what becomes due meanwhile does not wait for long.
    private static let reviewedMax = 200

    /// Looks at some of the studies that endpoints were told of, and has the feed tell of those that have left the view of one.
    ///
    /// That is done after a change of the study, after a change of the rules, and from time to time, because rights end by
    /// themselves, too. Gives whether there are more. The feed is written first: a kill between the two has the endpoint told twice, and never not at all.
    func review() async throws -> Bool {
        let hasMore = try await self.store.beginReviews(limit: Self.sweptMax)
        let round = try await self.store.reviewRound(
            version: self.decisions.version(),
            now: self.milliseconds,
            interval: self.limits.reviewInterval
        )
        let told = try await self.store.toldToReview(in: round, limit: Self.reviewedMax)
        guard !told.isEmpty else { return hasMore }
        var looks: [Look: [ToldStudy]] = [:]
        for one in told { looks[try await self.look(at: one), default: []].append(one) }
        let gone = looks[.gone] ?? []
        try await self.tellRemovals(gone)
        try await self.store.reviewed(looks[.kept] ?? [], gone: gone, ended: looks[.ended] ?? [], in: round)
        return hasMore || told.count == Self.reviewedMax
    }

    /// What a look at a study that an endpoint was told of comes to.
    private enum Look: Hashable {
        case kept
        /// It has left the view.
        case gone
        /// There is no such study any more, and nothing that could leave a view.
        case ended
    }

    /// Whether the endpoint may hear, and may not see the study any more.
    ///
    /// One that is not called is looked at when it is called again. A study that the catalog does not have has not left a
    /// view: its deletion is told, and of one that comes back afterwards the endpoint knows what it is told then. A call that
    /// ended after the deletion has it known once more, and that is forgotten here.
    private func look(at told: ToldStudy) async throws -> Look {
        guard told.isCalled, self.decisions.isHeard(told.endpoint) else { return .kept }
        // What the endpoint asks for beyond its rights makes no view.
        let question = EndpointQuestion(
            subject: EventSubject(store: told.store, study: told.study, kept: nil),
            endpoint: told.endpoint,
            asked: .uids,
            condition: nil
        )
        // In this order: mostly the right is still there, and that is known without the disk.
        guard try await self.decisions.permitted(question) == nil else { return .kept }
        return try await self.feed.holds(told.study, in: told.store) ? .gone : .ended
    }

    /// Has the feed tell those that asked for it; of the others nobody is told, because the feed is for all.
    private func tellRemovals(_ gone: [ToldStudy]) async throws {
        guard !gone.isEmpty else { return }
        let hearers = Set(try await self.store.activeEndpoints().endpoints.filter(\.filter.asksForRemovals).map(\.id))
        try await self.feed.appendRemovals(
            gone.filter { hearers.contains($0.endpoint) }
                .map { (study: $0.study, store: $0.store, principal: .client(id: $0.endpoint)) }
        )
    }

    /// Studies were deleted: nobody is to be told any more that one has left a view.
    ///
    /// Who may be told of the deletion is; who may not, because what is kept of the study allows it to nobody, hears of the study when it
    /// comes back and may be seen.
    func end(_ events: [ChangeEvent]) async throws {
        var ended: [ToldStudy] = []
        for event in events where event.type == .studyDeleted {
            guard let store = event.store, let study = event.study else { continue }
            ended += try await self.store.told(of: study, in: store)
        }
        try await self.store.reviewed([], gone: ended, in: 0)
    }

    /// How much of an event the endpoint may have now; nil for nothing.
    ///
    /// That a study has left its view an endpoint is told as long as that is so: not where the right was given back before, and
    /// whatever else it asks of studies, for it was told of this one.
    func permitted(_ type: ChangeEvent.Kind, _ question: EndpointQuestion) async throws -> EndpointPermit? {
        guard type == .studyRemoved else {
            guard question.condition == nil || question.subject.study != nil else { return nil }
            return try await self.decisions.permitted(question)
        }
        let view = EndpointQuestion(
            subject: question.subject,
            endpoint: question.endpoint,
            asked: .uids,
            condition: nil
        )
        let isSeen = try await self.decisions.permitted(view) != nil
        return !isSeen && self.decisions.isHeard(question.endpoint) ? EndpointPermit(.uids) : nil
    }

    /// Tells the change feed of endpoints that are called no more.
    func tellEnds() async throws {
        for endpoint in try await self.store.untoldEnds() {
            try await self.feed.append(.webhookDisabled, subject: endpoint)
            try await self.store.noteEndTold(of: endpoint)
        }
    }
}
