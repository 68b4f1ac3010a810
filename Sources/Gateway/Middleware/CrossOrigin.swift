import HTTPTypes
import Hummingbird

/// Lets pages of listed origins read answers (Fetch standard §3.2), errors too.
///
/// Only exact origins can be listed. Nothing is allowed with credentials: a page of another origin shows a token of its
/// own, and the cookie of ours is never sent for it.
struct CrossOriginHeaders: RouterMiddleware {
    typealias Context = GatewayContext

    let origins: Set<String>

    func handle(
        _ request: Request,
        context: GatewayContext,
        next: (Request, GatewayContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        guard !self.origins.isEmpty else { return response }
        // Also where the origin is another one: a cache must not give it this answer for ours.
        let vary = response.headers[.vary]
        let isNamed = vary?.split(separator: ",").contains { $0.filter { $0 != " " }.lowercased() == "origin" } ?? false
        if !isNamed { response.headers[.vary] = [vary, "Origin"].compactMap { $0 }.joined(separator: ", ") }
        guard let origin = request.headers[.origin], self.origins.contains(origin) else { return response }
        response.headers[.accessControlAllowOrigin] = origin
        response.headers[.accessControlExposeHeaders] = Self.exposed
        return response
    }

    private static let exposed = [
        "ETag", "Link", "Location", "Retry-After", "Request-Id", "Warning", "Content-Disposition", "Content-Length",
        "Idempotency-Replayed", "Collimator-Rendition", "Content-Range",
    ].joined(separator: ", ")
}

/// Answers what a browser asks before it sends a request of another origin (Fetch standard §3.2.2).
///
/// It stands before the authentication, because a browser shows no credential with it; and it says no more than which
/// methods a path has, which the description of the interface says as well. What it does not answer goes on like any
/// other request.
struct Preflight: RouterMiddleware {
    typealias Context = GatewayContext

    let origins: Set<String>
    /// The methods of each route template, as the router writes it.
    let methods: [String: String]

    /// How long a browser may keep the answer, in seconds.
    static let keptForSeconds = 600

    func handle(
        _ request: Request,
        context: GatewayContext,
        next: (Request, GatewayContext) async throws -> Response
    ) async throws -> Response {
        guard request.method == .options, request.headers[.accessControlRequestMethod] != nil,
            let origin = request.headers[.origin], self.origins.contains(origin),
            let path = context.endpointPath, let methods = self.methods[path]
        else { return try await next(request, context) }
        return Response(
            status: .noContent,
            headers: [
                .accessControlAllowMethods: methods,
                .accessControlAllowHeaders: Self.headers,
                .accessControlMaxAge: String(Self.keptForSeconds),
                .vary: "Access-Control-Request-Method, Access-Control-Request-Headers",
                .cacheControl: "no-store",
            ]
        )
    }

    private static let headers = [
        "Accept", "Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "Last-Event-ID",
        "If-Range", "Range",
    ].joined(separator: ", ")
}

/// What may be listed as an allowed origin.
package enum WebOrigin {
    /// Whether the text is an origin as browsers write it: scheme, host and a port that is not the scheme's own.
    ///
    /// `*` and `null` are none: they would let in pages that nobody chose.
    package static func isValid(_ text: String) -> Bool {
        let schemes = ["http://", "https://"]
        guard let scheme = schemes.first(where: { text.hasPrefix($0) }) else { return false }
        let parts = text.dropFirst(scheme.count).split(separator: ":", omittingEmptySubsequences: false)
        guard let host = parts.first, (1...253).contains(host.utf8.count), parts.count <= 2,
            host.utf8.allSatisfy(Self.isHostByte)
        else { return false }
        guard parts.count == 2 else { return true }
        guard let port = UInt16(parts[1]), String(port) == parts[1] else { return false }
        return port > 0 && port != (scheme == "https://" ? 443 : 80)
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
            UInt8(ascii: "."):
            true
        default: false
        }
    }
}
