import CollimatorCore
import HTTPTypes
import Hummingbird
import NIOCore
import Webhooks

/// What was and is delivered to endpoints, the calls that were made for it, and the sending again.
struct WebhookDeliveriesController: Sendable {
    /// Nil where nothing is delivered.
    let engine: WebhookEngine?

    /// Attempts of one delivery that are shown: the last ones.
    private static let attemptsMax = 200

    var endpoints: [Endpoint] {
        let deliveries = "\(WebhookBody.root)/{webhook}/deliveries"
        let replays = "\(WebhookBody.root)/{webhook}/replays"
        return [
            Endpoint(.get, deliveries, .webhooksList, handler: self.list),
            Endpoint(.get, "\(deliveries)/{event}", .webhooksList, handler: self.find),
            Endpoint(.get, "\(deliveries)/{event}/attempts", .webhooksList, handler: self.attempts),
            Endpoint(.post, "\(deliveries)/{event}/redeliveries", .webhooksManage, handler: self.redeliver),
            Endpoint(.get, replays, .webhooksList, handler: self.replays),
            Endpoint(.post, replays, .webhooksManage, handler: self.replay),
            Endpoint(.get, "\(replays)/{replay}", .webhooksList, handler: self.findReplay),
            Endpoint(.post, "\(replays)/{replay}/cancellations", .webhooksManage, handler: self.cancelReplay),
        ]
    }

    // MARK: Deliveries

    @Sendable private func list(
        _ request: Request,
        context: CallerContext,
        target: WebhookTarget
    ) async throws -> Response {
        let wish = try DeliveryListRequest(parsing: request.uri.query)
        let store = try self.engine.here.store
        _ = try await store.endpoint(target.id)
        let found = try await store.deliveries(
            of: target.id,
            in: wish.state,
            before: wish.before,
            limit: wish.limit + 1
        )
        let items = Array(found.prefix(wish.limit))
        let next = found.count > items.count ? items.last.map { String($0.number) } : nil
        return jsonAnswer(
            .object([
                ("items", .array(items.map { WebhookBody.json($0, to: target.id) })),
                ("nextCursor", .text(next)),
            ]),
            to: request
        )
    }

    @Sendable private func find(
        _ request: Request,
        context: CallerContext,
        target: WebhookDeliveryTarget
    ) async throws -> Response {
        try QueryParameters.refuseAny(request)
        let delivery = try await self.engine.here.store.delivery(of: target.event, to: target.webhook)
        return jsonAnswer(WebhookBody.json(delivery, to: target.webhook), to: request)
    }

    @Sendable private func attempts(
        _ request: Request,
        context: CallerContext,
        target: WebhookDeliveryTarget
    ) async throws -> Response {
        try QueryParameters.refuseAny(request)
        let attempts = try await self.engine.here.store.attempts(
            of: target.event,
            to: target.webhook,
            limit: Self.attemptsMax
        )
        return jsonAnswer(Self.whole(attempts.map { WebhookBody.json($0) }), to: request)
    }

    @Sendable private func redeliver(
        _ request: Request,
        context: CallerContext,
        target: WebhookDeliveryTarget
    ) async throws -> Response {
        try await WebhooksController.refuseMembers(request)
        let delivery = try await self.engine.here.redeliver(target.event, to: target.webhook)
        let place = "\(WebhookBody.root)/\(target.webhook)/deliveries/\(target.event)"
        return Self.accepted(WebhookBody.json(delivery, to: target.webhook), at: place)
    }

    // MARK: Replays

    @Sendable private func replays(
        _ request: Request,
        context: CallerContext,
        target: WebhookTarget
    ) async throws -> Response {
        try QueryParameters.refuseAny(request)
        let store = try self.engine.here.store
        _ = try await store.endpoint(target.id)
        return jsonAnswer(Self.whole(try await store.replays(of: target.id).map { WebhookBody.json($0) }), to: request)
    }

    @Sendable private func replay(
        _ request: Request,
        context: CallerContext,
        target: WebhookTarget
    ) async throws -> Response {
        try QueryParameters.refuseAny(request)
        let engine = try self.engine.here
        let replay = try await engine.replay(try await Self.wish(request), to: target.id)
        return Self.accepted(WebhookBody.json(replay), at: WebhookBody.path(replay))
    }

    @Sendable private func findReplay(
        _ request: Request,
        context: CallerContext,
        target: WebhookReplayTarget
    ) async throws -> Response {
        try QueryParameters.refuseAny(request)
        let replay = try await self.engine.here.store.replay(target.replay, of: target.webhook)
        return jsonAnswer(WebhookBody.json(replay), to: request)
    }

    @Sendable private func cancelReplay(
        _ request: Request,
        context: CallerContext,
        target: WebhookReplayTarget
    ) async throws -> Response {
        try await WebhooksController.refuseMembers(request)
        let replay = try await self.engine.here.cancelReplay(target.replay, of: target.webhook)
        return Self.accepted(WebhookBody.json(replay), at: WebhookBody.path(replay))
    }

    private static func wish(_ request: Request) async throws -> WebhookReplay.Wish {
        let body = try await AccessBody.read(
            request,
            known: ["since", "until", "includeDelivered"],
            detail: "The body is a JSON object with since, and possibly until and includeDelivered, and nothing else."
        )
        let fault: StaticString =
            "Since and until are times such as 2026-01-05T10:41:12Z, the second not before the first."
        guard let since = try Self.time("since", in: body, fault) else {
            throw CollimatorError(.invalidInput, "a replay since no time", publicDetail: fault)
        }
        let until = try Self.time("until", in: body, fault)
        guard until.map({ $0 >= since }) ?? true else {
            throw CollimatorError(.invalidInput, "a replay that ends before it begins", publicDetail: fault)
        }
        let includes = try body.flag("includeDelivered", fault: "The includeDelivered is true or false.")
        return WebhookReplay.Wish(since: since, until: until, includesDelivered: includes ?? false)
    }

    private static func time(
        _ name: String,
        in body: AccessBody,
        _ fault: StaticString
    ) throws(CollimatorError) -> Int64? {
        try body.text(name, fault: fault).map { text throws(CollimatorError) in
            guard let time = RFC3339.milliseconds(text) else {
                throw CollimatorError(.invalidInput, "a time of a replay is none", publicDetail: fault)
            }
            return time
        }
    }

    // MARK: Answers

    /// A list that is never long.
    private static func whole(_ items: [JSONValue]) -> JSONValue {
        .object([("items", .array(items)), ("nextCursor", .null)])
    }

    private static func accepted(_ value: JSONValue, at location: String) -> Response {
        var answer = createdAnswer(value, at: location)
        answer.status = .accepted
        return answer
    }
}

/// Which deliveries are asked for.
private struct DeliveryListRequest: Sendable {
    let state: DeliveryState?
    let before: Int64?
    let limit: Int

    init(parsing query: String?) throws(CollimatorError) {
        let parameters = try QueryParameters(parsing: query)
        try parameters.refuseUnknown(
            known: ["state", "limit", "cursor"],
            detail: "The request has an unknown parameter. Known are state, limit and cursor."
        )
        self.limit =
            try parameters.integer("limit", in: AccessPage.limits, fault: "The limit is a whole number from 1 to 200.")
            ?? AccessPage.limitStandard
        self.before = try parameters.single("cursor").map { text throws(CollimatorError) in
            guard (1...18).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let number = Int64(text)
            else { throw AccessPage.foreignCursor }
            return number
        }
        self.state = try parameters.single("state").map { text throws(CollimatorError) in
            guard let state = DeliveryState.allCases.first(where: { WebhookBody.word($0) == text }) else {
                throw CollimatorError(
                    .invalidInput,
                    "there is no such state of a delivery",
                    publicDetail: "The state is waiting, underway, delivered, failed or withheld."
                )
            }
            return state
        }
    }
}
