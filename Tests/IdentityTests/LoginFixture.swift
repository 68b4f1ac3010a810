import CollimatorCore
import Foundation
import Synchronization

@testable import Identity

/// The token endpoint of a made-up issuer: what it is sent, and what it answers next.
final class TokenEndpoint: Sendable {
    struct Down: Error {}

    struct Sent: Sendable {
        let fields: [String: String]
        let authorization: String?
        let address: String
    }

    private struct State {
        var sent: [Sent] = []
        var answer: (status: Int, body: String)? = (400, #"{"error":"invalid_grant"}"#)
        var gate: Task<Void, Never>?
    }

    private let state = Mutex(State())

    var sent: [Sent] { self.state.withLock { $0.sent } }

    /// Nil makes it fail.
    func answer(_ status: Int, _ body: String) { self.state.withLock { $0.answer = (status, body) } }
    func fail() { self.state.withLock { $0.answer = nil } }
    func hold(until gate: Task<Void, Never>?) { self.state.withLock { $0.gate = gate } }

    var client: LoginClient {
        LoginClient { form, authorization, address in
            let (answer, gate) = self.state.withLock { state in
                state.sent.append(
                    Sent(fields: Self.fields(form), authorization: authorization, address: address)
                )
                return (state.answer, state.gate)
            }
            await gate?.value
            guard let answer else { throw Down() }
            return (answer.status, Array(answer.body.utf8))
        }
    }

    static func fields(_ form: String) -> [String: String] {
        let items = URLComponents(string: "https://x.example/?\(form)")?.queryItems ?? []
        return Dictionary(items.map { ($0.name, $0.value ?? "") }, uniquingKeysWith: { first, _ in first })
    }
}

/// Logins at the issuer of a ``VerifierUnderTest``.
struct LoginUnderTest: Sendable {
    static let redirectURI = "https://imaging.example.org/auth/callback"

    let under: VerifierUnderTest
    let endpoint = TokenEndpoint()
    let login: BrowserLogin

    init(
        secret: String? = "s3cret/+",
        namesGroups: @autoclosure @escaping @Sendable () -> Bool = false,
        metadata: String = "",
        change: (inout TokenIssuer) -> Void = { _ in }
    ) throws {
        let under = try VerifierUnderTest(namesGroups: namesGroups()) { issuer in
            issuer.groupsClaim = "groups"
            change(&issuer)
        }
        self.under = under
        under.server.answer(
            ".well-known/openid-configuration",
            """
            {"issuer":"https://login.example","jwks_uri":"https://login.example/keys",
             "authorization_endpoint":"https://login.example/authorize?tenant=1",
             "token_endpoint":"https://login.example/token"\(metadata)}
            """
        )
        self.login = BrowserLogin(
            issuers: [
                LoginIssuer(
                    alias: "hospital",
                    label: "Hospital",
                    clientID: "viewer",
                    clientSecret: secret,
                    scopes: []
                )
            ],
            verifier: under.verifier,
            client: self.endpoint.client,
            clock: under.time.clock,
            now: under.time.now
        )
    }

    /// A login that was begun, with the parameters that the issuer was given.
    func begin(returnTo: String = "/app/") async throws -> (begun: BrowserLogin.Begun, asked: [String: String]) {
        let begun = try await self.login.begin(at: "hospital", redirectURI: Self.redirectURI, returnTo: returnTo)
        let query = begun.location.split(separator: "?", maxSplits: 1)[1]
        return (begun, TokenEndpoint.fields(String(query)))
    }

    /// The identity token of a login, changed.
    func identityToken(_ nonce: String?, _ changes: [String: String?] = [:]) throws -> String {
        var members: [String: String?] = [
            "scope": nil, "aud": #""viewer""#, "groups": #"["radiologists"]"#, "nonce": nonce.map { "\"\($0)\"" },
        ]
        for (name, value) in changes { members.updateValue(value, forKey: name) }
        return try self.under.key.token(self.under.claims(members))
    }

    /// Answers the next exchange with that token.
    func answer(_ token: String?, refreshToken: String? = "refresh-1", expiresIn: Int? = 300) {
        var members = [#""access_token":"at""#, #""token_type":"Bearer""#]
        if let token { members.append(#""id_token":"\#(token)""#) }
        if let refreshToken { members.append(#""refresh_token":"\#(refreshToken)""#) }
        if let expiresIn { members.append(#""expires_in":\#(expiresIn)"#) }
        self.endpoint.answer(200, "{\(members.joined(separator: ","))}")
    }

    /// Somebody who has logged in.
    func loggedIn(refreshToken: String? = "refresh-1", _ changes: [String: String?] = [:]) async throws -> LoggedIn {
        let (begun, asked) = try await self.begin()
        self.answer(try self.identityToken(asked["nonce"], changes), refreshToken: refreshToken)
        let answer = BrowserLogin.Answer(state: asked["state"], code: "c-1", issuer: nil, isRefusal: false)
        return try await self.login.complete(answer, cookie: begun.cookie).loggedIn
    }
}
