import CollimatorCore
import Cryptography
import HTTPTypes
import Hummingbird
import Identity
import NIOCore

/// Signing in and out with a browser.
struct SignInController: Sendable {
    let signIns: SignIns
    let browser: BrowserAccess

    /// The longest body of a sign-in.
    static let bodyBytesMax = 1024

    var endpoints: [Endpoint] {
        [
            Endpoint(open: .post, "/auth/sign-ins", handler: self.signIn),
            Endpoint(open: .delete, "/auth/sessions/current", handler: self.signOut),
            Endpoint(open: .post, "/auth/logout", handler: self.signOut),
            Endpoint(.post, "/auth/sign-in-links", .signInsCreate, handler: self.makeLink),
        ]
    }

    /// Takes `{"token": …}` from our page and answers with the session's cookie.
    @Sendable private func signIn(_ request: Request, context: GatewayContext) async throws -> Response {
        try self.browser.admit(request, localPort: context.localPort)
        let secret = try self.signIns.redeem(token: try await Self.token(of: request))
        // Whoever had signed in before in this browser: nobody would be left who could end that session.
        if let before = self.browser.cookie.secret(in: request.headers) { self.signIns.end(session: before) }
        return Response(
            status: .noContent,
            headers: [
                .cacheControl: "no-store",
                .setCookie: self.browser.cookie.beginning(secret, lifetime: self.signIns.limits.sessionLifetime),
            ]
        )
    }

    /// Ends the session of the cookie; without one there is nothing to end, which is as good.
    @Sendable private func signOut(_ request: Request, context: GatewayContext) async throws -> Response {
        try self.browser.admit(request, localPort: context.localPort)
        if let secret = self.browser.cookie.secret(in: request.headers) { self.signIns.end(session: secret) }
        return Response(
            status: .noContent,
            headers: [
                .cacheControl: "no-store",
                .setCookie: self.browser.cookie.ending,
                // Pictures leave the browser's disk too. Not "cookies", which would be those of every port here.
                .clearSiteData: #""cache", "storage""#,
            ]
        )
    }

    /// A new link for the holder of a key.
    ///
    /// A session cannot make one: it would outlive its own end.
    @Sendable private func makeLink(
        _ request: Request,
        context: CallerContext,
        target: ServiceTarget
    ) async throws -> Response {
        guard !request.headers[values: .authorization].isEmpty else {
            throw CollimatorError(
                .forbidden,
                "a session asks for a sign-in link",
                publicDetail: "A sign-in link is made for a key, not for a session."
            )
        }
        let body = JSONValue.object([
            ("path", .string(SignInLink.path(token: self.signIns.token(for: context.caller)))),
            ("expiresInSeconds", .integer(Int(self.signIns.limits.tokenLifetime.components.seconds))),
        ])
        return Response(
            status: .created,
            headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: body.encoded()))
        )
    }

    private static func token(of request: Request) async throws -> String {
        // A form of another page cannot send this media type without asking first.
        guard let type = request.headers[.contentType], type.split(separator: ";").first == "application/json" else {
            throw CollimatorError(.unsupportedMediaType, "a sign-in that is not JSON")
        }
        let body: ByteBuffer
        do {
            body = try await request.body.collect(upTo: Self.bodyBytesMax)
        } catch is NIOTooManyBytesError {
            throw CollimatorError(.tooLarge, "the body of a sign-in is too long")
        }
        guard let token = StrictJSON(parsing: Array(body.readableBytesView))?["token"]?.text else {
            throw CollimatorError(
                .invalidInput,
                "a sign-in without a token",
                publicDetail: #"The body is a JSON object such as {"token": "…"}."#
            )
        }
        return token
    }
}

/// The link that signs a browser in.
package enum SignInLink {
    /// The token stands behind the `#`, which browsers do not send: it is in no log and in no `Referer`.
    package static func path(token: String) -> String { "/app/#signin=\(token)" }
}

extension HTTPField.Name {
    /// What a browser is to forget (W3C Clear Site Data).
    static let clearSiteData = HTTPField.Name.known("Clear-Site-Data")
}
