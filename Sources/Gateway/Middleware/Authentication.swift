import CollimatorCore
import HTTPTypes
import Hummingbird
import Identity

/// Asks who calls, on every path but a closed list of open routes.
///
/// It is middleware of the root, so that an unknown path too is 401 without a caller: who may not call learns nothing
/// about what is there. The open routes are told by the matched route, never by the raw path.
struct Authentication: RouterMiddleware {
    typealias Context = GatewayContext

    let authenticator: Authenticator
    let openPaths: Set<String>

    func handle(
        _ request: Request,
        context: GatewayContext,
        next: (Request, GatewayContext) async throws -> Response
    ) async throws -> Response {
        if let path = context.endpointPath, self.openPaths.contains(path) {
            return try await next(request, context)
        }
        var context = context
        context.caller = try self.authenticator.authenticate(authorization: request.headers[values: .authorization])
        return try await next(request, context)
    }
}
