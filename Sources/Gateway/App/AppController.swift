import CollimatorCore
import HTTPTypes
import Hummingbird

/// The web page, whose files are part of the program.
///
/// They need no caller and say nothing about anybody: all that the page shows comes from `/api/v1`.
struct AppController: Sendable {
    private let files = AppFiles.byName

    var endpoints: [Endpoint] {
        [
            Endpoint(open: .get, "/", handler: self.lead),
            Endpoint(open: .get, "/app", handler: self.page),
            Endpoint(open: .get, "/app/{file}", handler: self.file),
        ]
    }

    @Sendable private func lead(_ request: Request, context: GatewayContext) -> Response {
        Response(status: .seeOther, headers: [.location: "app/", .cacheControl: "no-cache"])
    }

    /// The router takes `/app` and `/app/` for the same; the page's relative addresses need the second.
    @Sendable private func page(_ request: Request, context: GatewayContext) throws -> Response {
        guard request.uri.path.hasSuffix("/") else { return self.lead(request, context: context) }
        return try self.answer("index.html", to: request)
    }

    @Sendable private func file(_ request: Request, context: GatewayContext) throws -> Response {
        try self.answer(context.parameters.get("file") ?? "", to: request)
    }

    private func answer(_ name: String, to request: Request) throws -> Response {
        guard let file = self.files[name] else {
            throw CollimatorError(.notFound, "the page has no file of this name")
        }
        return file.answer(to: request, headers: Self.headers)
    }

    /// Nothing from elsewhere, nothing inline, in nobody's frame; pictures that the page has fetched are `blob:`.
    private static let policy = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' blob:", "connect-src 'self'",
        "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
    ].joined(separator: "; ")

    private static let headers: HTTPFields = [
        .contentSecurityPolicy: policy,
        .xContentTypeOptions: "nosniff",
        .crossOriginResourcePolicy: "same-origin",
        .known("Cross-Origin-Opener-Policy"): "same-origin",
        .known("Permissions-Policy"): "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        .known("Referrer-Policy"): "no-referrer",
    ]
}
