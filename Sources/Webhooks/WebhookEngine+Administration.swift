internal import Catalog
internal import CollimatorCore
internal import Cryptography
internal import FoundationEssentials

extension WebhookEngine {
    /// Writes an endpoint down, and gives its secret this once; it gets nothing before it is proved.
    ///
    /// - Throws: `invalid-input` for an address that may not be called or a filter that cannot be.
    package func create(
        _ settings: WebhookSettings,
        _ wish: CredentialsWish = CredentialsWish()
    ) async throws -> (endpoint: WebhookEndpoint, secret: WebhookSecret) {
        let (wish, summary) = try self.checked(wish)
        return try await self.store.create(
            try self.checked(settings),
            wish.applied(to: CallCredentials(), isElsewhere: false),
            summary,
            now: self.milliseconds
        )
    }

    /// Changes the settings; with another address the endpoint has to be proved again, and its credentials given again.
    ///
    /// - Throws: as ``create(_:)``, and `not-found` where there is no such endpoint.
    package func change(
        _ id: String,
        _ wish: CredentialsWish = CredentialsWish(),
        _ change: @Sendable (inout WebhookSettings) -> Void
    ) async throws -> WebhookEndpoint {
        let (wish, summary) = try self.checked(wish)
        return try await self.store.change(id, wish, summary) { settings in
            var settings = settings
            change(&settings)
            return try self.checked(settings)
        }
    }

    /// With the names of headers in small letters, and what is shown of the certificate.
    private func checked(
        _ wish: CredentialsWish
    ) throws(CollimatorError) -> (wish: CredentialsWish, summary: CertificateSummary?) {
        var wish = wish
        if let headers = wish.headers { wish.headers = try CallHeaders.checked(headers) }
        guard case .this(let certificate) = wish.certificate else { return (wish, nil) }
        guard let summary = self.sender.summary(certificate) else {
            throw CollimatorError(
                .invalidInput,
                "a client certificate cannot be used",
                publicDetail: "The clientCertificate is a certificate and its own key, both in PEM and not encrypted."
            )
        }
        return (wish, summary)
    }

    /// With the address in its one form.
    private func checked(_ settings: WebhookSettings) throws -> WebhookSettings {
        var settings = settings
        settings.url = try WebhookURL(settings.url, policy: self.addresses).text
        return settings
    }

    /// Switches the endpoint off: what waits is kept, and what comes meanwhile is not written down for it.
    package func switchOff(_ id: String) async throws -> WebhookEndpoint {
        try await self.store.set(.off, of: id)
        return try await self.store.endpoint(id)
    }

    /// Gives the endpoint another secret; the one before signs beside it for the overlap.
    package func rotate(
        _ id: String,
        overlap: Duration
    ) async throws -> (endpoint: WebhookEndpoint, secret: WebhookSecret) {
        let secret = try await self.store.rotate(id, now: self.milliseconds, overlap: overlap)
        return (try await self.store.endpoint(id), secret)
    }

    /// Asks the endpoint to give a number back that nobody can guess, signed like every message; it is active where it
    /// does, and gets nothing before.
    ///
    /// - Throws: `unprocessable` where it does not, `rate-limited` where it was asked a moment ago.
    package func prove(_ id: String) async throws {
        let endpoint = try await self.store.endpoint(id)
        try await self.store.noteChallenge(of: id, now: self.milliseconds, interval: self.limits.challengeInterval)
        let challenge = Base64URL.encode(SecureRandom.bytes(Self.challengeBytes))
        let message = try await self.message(of: .challenge(challenge), to: endpoint)
        guard case .answered(let status, _, let answer) = await self.sender.send(message), (200...299).contains(status),
            Self.isEcho(of: challenge, answer)
        else {
            throw CollimatorError(
                .unprocessable,
                "an endpoint did not give the challenge back",
                publicDetail: "The endpoint did not answer the challenge with the challenge."
            )
        }
        // It may have been moved meanwhile, to an address that has not answered, or switched off.
        try await self.store.set(.active, of: id, asSeen: endpoint)
    }

    private static let challengeBytes = 24

    /// The challenge alone, or as the only member of a JSON object: who sends back whatever comes has agreed to nothing.
    private static func isEcho(of challenge: String, _ answer: [UInt8]) -> Bool {
        if constantTimeEquals(answer, Array(challenge.utf8)) { return true }
        guard case .object(let members)? = StrictJSON(parsing: answer), members.count == 1,
            let text = members["challenge"]?.text
        else { return false }
        return constantTimeEquals(Array(text.utf8), Array(challenge.utf8))
    }

    /// What came of a message that was sent as a test.
    package struct TestOutcome: Hashable, Sendable {
        /// What the receiver answered; nil where it did not.
        package let status: Int?
        /// Why it did not answer.
        package let failure: String?
        package let milliseconds: Int64
    }

    /// Sends a signed message that says nothing, now and once.
    ///
    /// - Throws: `conflict` for an endpoint that is not active: what has not agreed to it is not called.
    package func test(_ id: String) async throws -> TestOutcome {
        let endpoint = try await self.active(id)
        let message = try await self.message(of: .test, to: endpoint)
        let startedAt = self.milliseconds
        let answer = await self.sender.send(message)
        let milliseconds = max(0, self.milliseconds - startedAt)
        switch answer {
        case .answered(let status, _, _):
            return TestOutcome(status: status, failure: nil, milliseconds: milliseconds)
        case .failed(let failure):
            return TestOutcome(status: nil, failure: failure.rawValue, milliseconds: milliseconds)
        }
    }

    /// Has one delivery made again.
    ///
    /// - Throws: `not-found` where there is none, `conflict` while it is under way and where the endpoint is not active.
    package func redeliver(_ event: String, to id: String) async throws -> WebhookDelivery {
        _ = try await self.store.delivery(of: event, to: id)
        _ = try await self.active(id)
        try await self.store.redeliver(event, to: id, now: self.milliseconds)
        return try await self.store.delivery(of: event, to: id)
    }

    /// Has what the feed told since a time delivered again, as a job that ``run(logger:)`` works off.
    ///
    /// - Throws: `conflict` while another one runs and where the endpoint is not active.
    package func replay(_ wish: WebhookReplay.Wish, to id: String) async throws -> WebhookReplay {
        _ = try await self.active(id)
        let stretch = try await self.feed.stretch(since: wish.since)
        return try await self.store.begin(wish, of: id, in: stretch, now: self.milliseconds)
    }

    /// Ends a replay where it is.
    package func cancelReplay(_ replay: String, of id: String) async throws -> WebhookReplay {
        try await self.store.cancelReplay(replay, of: id, now: self.milliseconds)
    }

    private func active(_ id: String) async throws -> WebhookEndpoint {
        let endpoint = try await self.store.endpoint(id)
        guard endpoint.state == .active else {
            throw CollimatorError(
                .conflict,
                "an endpoint is not active",
                publicDetail: "The endpoint is not active: it has to answer the challenge first."
            )
        }
        return endpoint
    }

    /// Goes on with every replay that can go on, by a page each; gives whether there was one.
    func replay() async throws -> Bool {
        let replays = try await self.store.replaysToGoOn(waitingMax: self.limits.replayWaitingMax)
        for replay in replays { try await self.goOn(replay) }
        return !replays.isEmpty
    }

    private static let replayPageMax = 200

    private func goOn(_ replay: WebhookReplay) async throws {
        var isComplete = replay.isComplete
        let page: ChangeFeed.Page
        do {
            page = try await self.feed.events(after: replay.position, limit: Self.replayPageMax)
        } catch let error as CollimatorError where error.code == .gone {
            // What was to come next is no longer kept: the oldest that is, is next.
            page = try await self.feed.events(after: nil, limit: Self.replayPageMax)
            isComplete = false
        }
        let events = page.events.filter { event in
            event.sequence <= replay.endSequence && page.next.beginning == replay.position.beginning
                && replay.wish.contains(event.milliseconds)
        }
        let endpoint = try await self.store.endpoint(replay.endpoint)
        var wanted = ChangeFeed.Page(events: events, next: page.next)
        let deliveries = try await self.deliveries(of: &wanted, to: EventAudience([endpoint]), limit: .max)
        try await self.store.goOn(
            replay,
            with: deliveries,
            to: page.next,
            isComplete: isComplete,
            now: self.milliseconds
        )
    }
}

extension WebhookEngine {
    /// A message that is not about an event of the feed.
    private enum Notice {
        case challenge(String)
        case test
    }

    private func message(of notice: Notice, to endpoint: WebhookEndpoint) async throws -> WebhookMessage {
        let number = Base64URL.encode(SecureRandom.bytes(Self.challengeBytes))
        let id: String
        var members: [(String, String)]
        switch notice {
        case .challenge(let challenge):
            id = "chl_\(number)"
            members = [("type", "webhook.challenge"), ("challenge", challenge)]
        case .test:
            id = "tst_\(number)"
            members = [("type", "webhook.test")]
        }
        let time = self.clock.now().formatted(Date.ISO8601FormatStyle())
        members += [
            ("specversion", "1.0"), ("id", id), ("source", "/api/v1/webhooks/\(endpoint.id)"), ("time", time),
        ]
        let body = members.sorted { $0.0 < $1.0 }.map { "\(StrictJSON.quoted($0)):\(StrictJSON.quoted($1))" }
        return try await self.message(
            to: endpoint.id,
            url: endpoint.url,
            id: id,
            body: Array("{\(body.joined(separator: ","))}".utf8)
        )
    }
}
