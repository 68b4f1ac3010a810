import HTTPTypes
import Hummingbird

/// Puts the port back into the `Host` of clients that leave it out on this machine, so that URLs in answers lead here.
///
/// On loopback no proxy stands between; elsewhere a name without a port may well be that of a proxy.
struct OwnPort: RouterMiddleware {
    typealias Context = GatewayContext

    func handle(
        _ request: Request,
        context: GatewayContext,
        next: (Request, GatewayContext) async throws -> Response
    ) async throws -> Response {
        guard let authority = request.head.authority, let port = context.localPort, port != 80,
            Self.loopback.contains(authority)
        else { return try await next(request, context) }
        var head = request.head
        head.authority = "\(authority):\(port)"
        return try await next(Request(head: head, body: request.body), context)
    }

    private static let loopback: Set<String> = ["127.0.0.1", "localhost", "[::1]"]
}
