import CollimatorCore
import HTTPTypes
import Hummingbird
import NIOCore
import Webhooks

/// Endpoints that are called when something changes: made, proved, changed and removed.
///
/// An endpoint is a client of its own and begins without any right: what it gets is for rules to say.
struct WebhooksController: Sendable {
    /// Nil where nothing is delivered.
    let engine: WebhookEngine?

    private static let root = WebhookBody.root
    private static let overlapSecondsMax = 7 * 24 * 60 * 60
    private static let overlapSecondsStandard = 24 * 60 * 60

    var endpoints: [Endpoint] {
        let one = "\(Self.root)/{webhook}"
        return [
            Endpoint(.get, Self.root, .webhooksList, handler: self.list),
            Endpoint(.post, Self.root, .webhooksManage, handler: self.create),
            Endpoint(.get, one, .webhooksList, handler: self.find),
            Endpoint(.patch, one, .webhooksManage, handler: self.change),
            Endpoint(.delete, one, .webhooksManage, handler: self.remove),
            Endpoint(.post, "\(one)/challenges", .webhooksManage, handler: self.challenge),
            Endpoint(.put, "\(one)/suspension", .webhooksManage, handler: self.suspend),
            Endpoint(.post, "\(one)/secret-rotations", .webhooksManage, handler: self.rotate),
            Endpoint(.post, "\(one)/tests", .webhooksManage, handler: self.test),
        ] + WebhookDeliveriesController(engine: self.engine).endpoints
    }

    @Sendable private func list(
        _ request: Request,
        context: CallerContext,
        target: ServiceTarget
    ) async throws -> Response {
        let page = try AccessPage(parsing: request.uri.query)
        return page.answer(
            try await self.engine.here.store.endpoints(),
            id: \.id,
            body: { WebhookBody.json($0) },
            to: request
        )
    }

    @Sendable private func find(
        _ request: Request,
        context: CallerContext,
        target: WebhookTarget
    ) async throws -> Response {
        try QueryParameters.refuseAny(request)
        return jsonAnswer(WebhookBody.json(try await self.engine.here.store.endpoint(target.id)), to: request)
    }

    @Sendable private func create(
        _ request: Request,
        context: CallerContext,
        target: ServiceTarget
    ) async throws -> Response {
        try QueryParameters.refuseAny(request)
        let engine = try self.engine.here
        let wish = try await WebhookWish(reading: request)
        let made = try await engine.create(try wish.settings(), wish.credentials)
        return createdAnswer(
            WebhookBody.json(made.endpoint, secret: made.secret),
            at: "\(Self.root)/\(made.endpoint.id)"
        )
    }

    @Sendable private func change(
        _ request: Request,
        context: CallerContext,
        target: WebhookTarget
    ) async throws -> Response {
        try QueryParameters.refuseAny(request)
        let engine = try self.engine.here
        let wish = try await WebhookWish(reading: request)
        let endpoint = try await engine.change(target.id, wish.credentials) { wish.apply(to: &$0) }
        return unstoredJSONAnswer(WebhookBody.json(endpoint))
    }

    @Sendable private func remove(
        _ request: Request,
        context: CallerContext,
        target: WebhookTarget
    ) async throws -> Response {
        try QueryParameters.refuseAny(request)
        try await self.engine.here.store.remove(target.id)
        return Response(status: .noContent, headers: [.cacheControl: "no-store"])
    }

    /// Asks the endpoint whether it wants to be called, which also takes a suspension back.
    @Sendable private func challenge(
        _ request: Request,
        context: CallerContext,
        target: WebhookTarget
    ) async throws -> Response {
        try await Self.refuseMembers(request)
        let engine = try self.engine.here
        try await engine.prove(target.id)
        return unstoredJSONAnswer(WebhookBody.json(try await engine.store.endpoint(target.id)))
    }

    @Sendable private func suspend(
        _ request: Request,
        context: CallerContext,
        target: WebhookTarget
    ) async throws -> Response {
        try await Self.refuseMembers(request)
        return unstoredJSONAnswer(WebhookBody.json(try await self.engine.here.switchOff(target.id)))
    }

    @Sendable private func rotate(
        _ request: Request,
        context: CallerContext,
        target: WebhookTarget
    ) async throws -> Response {
        try QueryParameters.refuseAny(request)
        let fault: StaticString =
            "The body is a JSON object such as {\"overlapSeconds\": 86400}, from 0 to 604800, or absent."
        let body = try await AccessBody.read(request, known: ["overlapSeconds"], isOptional: true, detail: fault)
        let overlap = try body.integer("overlapSeconds", in: 0...Self.overlapSecondsMax, fault: fault)
        let rotated = try await self.engine.here.rotate(
            target.id,
            overlap: .seconds(overlap ?? Self.overlapSecondsStandard)
        )
        return createdAnswer(
            WebhookBody.json(rotated.endpoint, secret: rotated.secret),
            at: "\(Self.root)/\(rotated.endpoint.id)"
        )
    }

    @Sendable private func test(
        _ request: Request,
        context: CallerContext,
        target: WebhookTarget
    ) async throws -> Response {
        try await Self.refuseMembers(request)
        return unstoredJSONAnswer(WebhookBody.json(try await self.engine.here.test(target.id)))
    }

    /// Nothing can be said, neither in the query nor in the body.
    static func refuseMembers(_ request: Request) async throws {
        try QueryParameters.refuseAny(request)
        _ = try await AccessBody.read(
            request,
            known: [],
            isOptional: true,
            detail: "Nothing is to be said here: the body is {} or absent."
        )
    }
}

extension WebhookEngine? {
    /// - Throws: `unavailable` where nothing is delivered.
    var here: WebhookEngine {
        get throws(CollimatorError) {
            guard let self else {
                throw CollimatorError(.unavailable, "there are no webhooks here", retryAfterSeconds: 60)
            }
            return self
        }
    }
}
