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

    /// A route for which the caller needs a permission on the target that its path names.
    init<Target: RouteTarget>(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ permission: Permission,
        offersHead: Bool = true,
        handler: @escaping @Sendable (Request, CallerContext, Target) async throws -> Response
    ) {
        self.method = method
        self.path = path
        self.access = .permission(permission)
        self.offersHead = offersHead && method == .get
        self.respond = { request, context, gate in
            let callerContext = try CallerContext(context: context)
            let target = try Target(parameters: context.parameters, stores: gate.stores)
            try gate.authorizer.authorize(callerContext.caller.principal, permission, on: target.resource)
            if let refusal = ContentCoding.refusal(of: request, context: context) { return refusal }
            return try await handler(request.watched(by: context.bodyReading), callerContext, target)
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
            return try await handler(request.watched(by: context.bodyReading), context)
        }
    }
}
