import CollimatorCore
import HTTPTypes
import Hummingbird
import Identity

/// Asks who calls, on every path but a closed list of open routes.
///
/// It is middleware of the root, so that an unknown path too is 401 without a caller: who may not call learns nothing
/// about what is there. The open routes are told by the matched route, never by the raw path. Where a request has an
/// `Authorization` header that one decides; else the cookie of a browser's session does, but below `/v1`.
struct Authentication: RouterMiddleware {
    typealias Context = GatewayContext

    let authenticator: Authenticator
    let signIns: SignIns
    let browser: BrowserAccess
    let openPaths: Set<String>

    func handle(
        _ request: Request,
        context: GatewayContext,
        next: (Request, GatewayContext) async throws -> Response
    ) async throws -> Response {
        if let path = context.endpointPath, self.openPaths.contains(path) {
            return try await next(request, context)
        }
        let authorization = request.headers[values: .authorization]
        // Browsers have no business among the paths of the Healthcare API: there a cookie is not looked at, wherever it
        // comes from.
        let isForBrowsers = ErrorForm(route: context.endpointPath, path: request.uri.path) == .problem
        if authorization.isEmpty, isForBrowsers, let secret = self.browser.cookie.secret(in: request.headers) {
            return try await self.handle(request, session: secret, context: context, next: next)
        }
        var context = context
        context.caller = try self.authenticator.authenticate(authorization: authorization)
        return try await next(request, context)
    }

    private func handle(
        _ request: Request,
        session: String,
        context: GatewayContext,
        next: (Request, GatewayContext) async throws -> Response
    ) async throws -> Response {
        // A cookie that is no session is no caller: 401 wherever it is shown, before anything else is said.
        var context = context
        context.caller = try self.signIns.authenticate(session: session)
        try self.browser.admit(request, localPort: context.localPort)
        var response = try await next(request, context)
        // A browser may open any answer as a page of this origin, also a document that somebody stored: nothing in it
        // may run or be taken for another type.
        response.headers[.contentSecurityPolicy] = "default-src 'none'; sandbox"
        response.headers[.xContentTypeOptions] = "nosniff"
        response.headers[.crossOriginResourcePolicy] = "same-origin"
        return response
    }
}
