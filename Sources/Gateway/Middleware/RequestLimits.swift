import CollimatorCore
import Hummingbird

/// Refuses a request whose target is longer than any of ours can be, before anything is parsed.
struct RequestLimits: RouterMiddleware {
    typealias Context = GatewayContext

    let limits: GatewayLimits

    func handle(
        _ request: Request,
        context: GatewayContext,
        next: (Request, GatewayContext) async throws -> Response
    ) async throws -> Response {
        guard request.uri.string.utf8.count <= self.limits.targetBytesMax else {
            throw CollimatorError(
                .headersTooLarge,
                "the request target is too long",
                publicDetail: "The path and query are longer than this service accepts."
            )
        }
        return try await next(request, context)
    }
}
