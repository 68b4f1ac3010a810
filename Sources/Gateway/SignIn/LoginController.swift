import CollimatorCore
import HTTPTypes
import Hummingbird
import Identity

/// Logging in with a browser at an issuer, so that a front end never holds a token.
///
/// `GET /auth/login` leads to the issuer, which leads back to `/auth/callback`; from there the browser goes to a page of
/// this service with the cookie of a session. The way back counts only in the browser that began, which shows a cookie of
/// its own with it.
struct LoginController: Sendable {
    let signIns: SignIns
    let browser: BrowserAccess
    let directory: IdentityDirectory
    /// Whether connections are encrypted here.
    let isEncrypted: Bool

    private static let callback = "/auth/callback"

    var endpoints: [Endpoint] {
        [
            Endpoint(open: .get, "/auth/issuers", handler: self.list),
            Endpoint(open: .get, "/auth/login", handler: self.begin),
            Endpoint(open: .get, Self.callback, handler: self.complete),
        ]
    }

    /// Where people can log in, for the page that asks them to.
    @Sendable private func list(_ request: Request, context: GatewayContext) throws -> Response {
        try QueryParameters.refuseAny(request)
        let items = (self.signIns.login?.issuers ?? []).map { issuer in
            JSONValue.object([
                ("name", .string(issuer.alias)),
                ("label", .string(issuer.label)),
                ("links", .object([("login", .string("/auth/login?issuer=\(issuer.alias)"))])),
            ])
        }
        return jsonAnswer(.object([("items", .array(items))]), to: request)
    }

    /// Leads to the issuer; only our own page, or the user by hand, begins a login.
    @Sendable private func begin(_ request: Request, context: GatewayContext) async throws -> Response {
        try await self.answering(request) {
            try self.browser.admit(request, localPort: context.localPort)
            let wish = try Self.wish(request)
            guard let login = self.signIns.login else { throw Self.unknownIssuer }
            guard
                let origin = self.browser.origin(
                    of: request,
                    localPort: context.localPort,
                    isEncrypted: self.isEncrypted
                )
            else { throw CollimatorError(.unavailable, "a login where the service does not know its own address") }
            let begun = try await login.begin(
                at: wish.issuer,
                redirectURI: origin + Self.callback,
                returnTo: wish.returnTo
            )
            let cookie = self.browser.loginCookie.beginning(begun.cookie, lifetime: login.limits.ticketLifetime)
            return Self.redirect(to: begun.location, cookies: [cookie])
        }
    }

    /// Takes the browser back from the issuer.
    @Sendable private func complete(_ request: Request, context: GatewayContext) async throws -> Response {
        let cookie = self.browser.loginCookie
        var response = try await self.answering(request) {
            try self.browser.admitName(of: request, localPort: context.localPort)
            // Issuers add parameters of their own, which mean nothing here.
            let query = try QueryParameters(parsing: request.uri.query)
            let answer = BrowserLogin.Answer(
                state: try query.single("state"),
                code: try query.single("code"),
                issuer: try query.single("iss"),
                isRefusal: try query.single("error") != nil
            )
            guard let login = self.signIns.login else { throw Self.unknownIssuer }
            let (loggedIn, returnTo) = try await login.complete(answer, cookie: cookie.secret(in: request.headers))
            try self.directory.admit(loggedIn.caller)
            let secret = self.signIns.open(loggedIn)
            do {
                // A suspension that came between the two has ended other sessions and not this one.
                try self.directory.admit(loggedIn.caller)
            } catch {
                self.signIns.end(session: secret)
                throw error
            }
            if let before = self.browser.cookie.secret(in: request.headers) { self.signIns.end(session: before) }
            let session = self.browser.cookie.beginning(secret, lifetime: self.signIns.limits.sessionLifetime)
            return Self.redirect(to: returnTo, cookies: [session])
        }
        // Good for one way back, whatever became of it.
        if request.headers[.cookie]?.contains(cookie.name) == true {
            response.headers.append(HTTPField(name: .setCookie, value: cookie.ending))
        }
        return response
    }

    /// A person who has gone here is led to the page that says what is wrong; a program gets the problem.
    private func answering(
        _ request: Request,
        _ answer: () async throws -> Response
    ) async throws -> Response {
        do {
            return try await answer()
        } catch let error as CollimatorError where LaunchController.isNavigation(request) {
            return Self.redirect(to: "/app/#login=\(error.code.rawValue)", cookies: [])
        }
    }

    private static func wish(_ request: Request) throws(CollimatorError) -> (issuer: String, returnTo: String) {
        let query = try QueryParameters(parsing: request.uri.query)
        try query.refuseUnknown(known: ["issuer", "returnTo"], detail: "The parameters are issuer and returnTo.")
        guard let issuer = try query.single("issuer"), TokenIssuer.isAlias(issuer) else {
            throw CollimatorError(
                .invalidInput,
                "a login without an issuer",
                publicDetail: "The issuer is one of those that /auth/issuers names."
            )
        }
        let returnTo = try query.single("returnTo") ?? LoginReturn.standard
        guard LoginReturn.isPage(returnTo) else {
            throw CollimatorError(
                .invalidInput,
                "a login that would lead elsewhere",
                publicDetail: "A login leads back to a page of this service: /app/, /viewer/, /launch? or /docs."
            )
        }
        return (issuer, returnTo)
    }

    /// Nothing of the address goes to the page that it leads to.
    private static func redirect(to location: String, cookies: [String]) -> Response {
        var headers: HTTPFields = [
            .location: location, .cacheControl: "no-store", .known("Referrer-Policy"): "no-referrer",
        ]
        for cookie in cookies { headers.append(HTTPField(name: .setCookie, value: cookie)) }
        return Response(status: .seeOther, headers: headers)
    }

    private static var unknownIssuer: CollimatorError {
        CollimatorError(
            .notFound,
            "nobody logs in at an issuer of this name",
            publicDetail: "Nobody logs in at an issuer of this name."
        )
    }
}
