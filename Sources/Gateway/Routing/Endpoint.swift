import AccessControl
package import CollimatorCore
package import HTTPTypes
import Hummingbird
import Identity

/// One route of the gateway: what it answers to, what a caller needs for it, and the handler.
///
/// Every route is such a value and stands in one table (``EndpointTable``); from the table come the router, 405 with
/// `Allow`, HEAD, the permission check, and the tests that walk every route. A guarded handler is reached only with a
/// caller, a parsed target and a decision of the authorizer that allows it, in this order: identity, shape, right.
package struct Endpoint: Sendable {
    package let method: HTTPRequest.Method
    /// The route template, such as `/api/v1/stores/{store}`.
    package let path: String
    package let access: Access
    /// Whether a GET is also offered as HEAD.
    package let offersHead: Bool
    let respond: @Sendable (Request, GatewayContext, AccessGate) async throws -> Response

    /// What a caller needs.
    package enum Access: Hashable, Sendable {
        /// Nothing, not even an identity.
        case open
        /// An identity that holds this permission on the route's target.
        case permission(Permission)
    }

    /// How what a request that was answered well asks for is found another time; nil where it is not to be.
    ///
    /// It is a matter of the text of the target alone: neither fields nor caller of this request may enter into it.
    typealias AtHand<Target> = @Sendable (Request, CallerContext, Target) -> AnswersAtHand.Find?

    /// A route for which the caller needs a permission on the target that its path names.
    ///
    /// Where `reach` is not said the permission is needed on all of it: a handler that can leave out what a caller may not
    /// see says so. A brief one only hands out what lies in memory, and leaves everything else to tasks of their own: it is
    /// answered on the thread of its connection, and where it says what lies `atHand` also without the way through the server
    /// (``QuickAnswers``). What `endsWithClient` is of use to nobody but its client, and cancelled where that goes.
    init<Target: RouteTarget>(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ permission: Permission,
        reach: AccessGate.Reach = .whole,
        offersHead: Bool = true,
        isBrief: Bool = false,
        endsWithClient: Bool = false,
        atHand: AtHand<Target>? = nil,
        handler: @escaping @Sendable (Request, CallerContext, Target) async throws -> Response
    ) {
        self.method = method
        self.path = path
        self.access = .permission(permission)
        self.offersHead = offersHead && method == .get
        let audited = AuditedEndpoint(permission: permission, route: "\(method.rawValue) \(path)")
        self.respond = { request, context, gate in
            var callerContext = try CallerContext(context: context)
            let target = try Target(parameters: context.parameters, stores: gate.stores)
            let caller = callerContext.caller
            var entry = gate.audit.entry(for: request, context, by: caller, audited, on: target.resource)
            callerContext.part = try await entry.deciding {
                try await gate.decide(caller, permission, on: target.resource, reach)
            }
            callerContext.judge = gate.judge
            callerContext.gate = gate
            callerContext.touched = entry.touched
            if let refusal = ContentCoding.refusal(of: request, context: context) { return refusal }
            let watched = request.watched(by: context.bodyReading)
            let response = try await entry.answering { [callerContext] in
                try await withTaskExecutorPreference(isBrief ? nil : globalConcurrentExecutor) {
                    guard endsWithClient else { return try await handler(watched, callerContext, target) }
                    return try await whileClientWaits(on: context.channel) {
                        try await handler(watched, callerContext, target)
                    }
                }
            }
            if let atHand, response.status == .ok, let text = request.head.path {
                gate.answersAtHand.remember(text) {
                    atHand(request, callerContext, target).map { find in
                        AnswersAtHand.Known(
                            endpoint: audited,
                            route: context.endpointPath ?? "none",
                            resource: target.resource,
                            reach: reach,
                            find: find
                        )
                    }
                }
            }
            return gate.standing.watching(response, for: caller, on: context.channel)
        }
    }

    /// A route that needs no caller.
    ///
    /// The list of these is closed: health, readiness, signing in and out, and the files of the web page.
    init(
        open method: HTTPRequest.Method,
        _ path: String,
        handler: @escaping @Sendable (Request, GatewayContext) async throws -> Response
    ) {
        self.method = method
        self.path = path
        self.access = .open
        self.offersHead = method == .get
        self.respond = { request, context, _ in
            if let refusal = ContentCoding.refusal(of: request, context: context) { return refusal }
            return try await withTaskExecutorPreference(globalConcurrentExecutor) {
                try await handler(request.watched(by: context.bodyReading), context)
            }
        }
    }
}
