import CollimatorCore
import HTTPTypes
import Hummingbird
import Identity

/// Asks who calls, on every path but a closed list of open routes.
///
/// It is middleware of the root, so that an unknown path too is 401 without a caller: who may not call learns nothing
/// about what is there. The open routes are told by the matched route, never by the raw path. A request has one credential:
/// an `Authorization` header, the signature of a picture's address or, but below `/v1`, the cookie of a browser's session;
/// a header together with a cookie is refused.
struct Authentication: RouterMiddleware {
    typealias Context = GatewayContext

    let authenticator: Authenticator
    let signIns: SignIns
    let browser: BrowserAccess
    let directory: IdentityDirectory
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
        if let signed = SignedRequest(request, route: context.endpointPath) {
            return try await self.handle(signed, authorization: authorization, context: context, next: next)
        }
        // Browsers have no business among the paths of the Healthcare API: there a cookie is not looked at, wherever it
        // comes from.
        let isForBrowsers = ErrorForm(route: context.endpointPath, path: request.uri.path) == .problem
        if isForBrowsers, let secret = self.browser.cookie.secret(in: request.headers) {
            // Two callers in one request: whichever is taken, somebody else could have meant the other.
            guard authorization.isEmpty else { throw Authenticator.conflict }
            return try await self.handle(request, session: secret, context: context, next: next)
        }
        var context = context
        let caller = try await self.authenticator.authenticate(
            authorization: authorization,
            proxyAssertions: request.headers[values: .proxyAssertion]
        )
        try self.directory.admit(caller)
        context.caller = caller
        return try await next(request, context)
    }

    private func handle(
        _ signed: SignedRequest,
        authorization: [String],
        context: GatewayContext,
        next: (Request, GatewayContext) async throws -> Response
    ) async throws -> Response {
        // Two credentials could be read differently by two readers. A cookie that a browser adds by itself is not looked
        // at: the page asked for the picture as the one whom the address names.
        guard authorization.isEmpty else {
            throw CollimatorError(
                .invalidInput,
                "a signed address with an Authorization header",
                publicDetail: "Send a signed address without an Authorization header."
            )
        }
        var context = context
        context.caller = try self.directory.admit(signature: signed.signature, path: signed.path, query: signed.query)
        // Pages of other origins show such pictures too: whoever has the address has the picture.
        return Self.inert(try await next(signed.request, context), for: "cross-origin")
    }

    private func handle(
        _ request: Request,
        session: String,
        context: GatewayContext,
        next: (Request, GatewayContext) async throws -> Response
    ) async throws -> Response {
        // A cookie that is no session is no caller: 401 wherever it is shown, before anything else is said.
        var context = context
        let caller = try await self.signIns.authenticate(session: session)
        try self.browser.admit(request, localPort: context.localPort)
        try self.directory.admit(caller)
        context.caller = caller
        return Self.inert(try await next(request, context), for: "same-origin")
    }

    /// A browser may open any answer as a page of this origin, also a document that somebody stored: nothing in it may
    /// run or be taken for another type.
    private static func inert(_ response: Response, for readers: String) -> Response {
        var response = response
        response.headers[.contentSecurityPolicy] = "default-src 'none'; sandbox"
        response.headers[.xContentTypeOptions] = "nosniff"
        response.headers[.crossOriginResourcePolicy] = readers
        return response
    }
}

extension HTTPField.Name {
    /// What Google's Identity-Aware Proxy says of who is calling.
    static let proxyAssertion = HTTPField.Name.known("x-goog-iap-jwt-assertion")
}
