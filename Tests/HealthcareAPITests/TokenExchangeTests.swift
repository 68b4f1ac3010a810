import CollimatorCore
import Cryptography
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import TestSupport
import Testing

@testable import HealthcareAPI

@Suite("exchange of credentials for tokens")
struct TokenExchangeTests {
    private let time = FakeTiming()
    private let server = FakeServer()

    /// Runs the body with a source for the key file of that server.
    private func withSource(
        policy: RequestPolicy = RequestPolicy(),
        answer: @escaping @Sendable (Int, FakeServer.Received) async throws -> Response,
        _ body: @escaping @Sendable (AccessTokenSource) async throws -> Void
    ) async throws {
        let timing = self.time.timing
        try await self.server.run(answer: answer) { address in
            let connections = UpstreamConnections()
            let context = CredentialContext(connections: connections, timing: timing, policy: policy)
            let outcome: Result<Void, any Error>
            do {
                let key = try TestKey.serviceAccount(tokenURI: address + "/token")
                outcome = .success(try await body(.serviceAccount(key: key, context: context)))
            } catch {
                outcome = .failure(error)
            }
            try await connections.shutdown()
            try outcome.get()
        }
    }

    private func cause(of body: () async throws -> AccessToken) async -> (CollimatorError.Code?, CredentialError?) {
        do {
            _ = try await body()
            return (nil, nil)
        } catch {
            let error = error as? CollimatorError
            return (error?.code, error?.cause as? CredentialError)
        }
    }

    @Test("an assertion signed with the key is exchanged at the key's token endpoint")
    func serviceAccount() async throws {
        try await self.withSource { _, _ in
            .token("ya29.a")
        } _: { source in
            let token = try await source.token(false)
            #expect(token.secret == "ya29.a")
            #expect(token.expiresAt == self.time.now + .seconds(3_599))
        }

        let request = try #require(self.server.received.first)
        let form = request.form
        let assertion = try JWS.verifyRS256(try #require(form["assertion"]), key: TestKey.key.get().publicKey())
        let claims = try #require(StrictJSON(parsing: assertion.claims))
        #expect(self.server.received.count == 1)
        #expect(request.method == "POST")
        #expect(request.target == "/token")
        #expect(request.headers[.contentType] == "application/x-www-form-urlencoded")
        #expect(form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer")
        #expect(assertion.header.keyID == "key-1")
        #expect(claims["iss"]?.text == "collimator@local.iam.gserviceaccount.com")
        #expect(claims["aud"]?.text?.hasSuffix("/token") == true)
        #expect(claims["scope"]?.text == "https://www.googleapis.com/auth/cloud-healthcare")
        #expect(claims["iat"]?.number == 1_767_225_600)
        #expect(claims["exp"]?.number == 1_767_229_200)
    }

    @Test(
        "a failure that may pass is tried again, after waits that grow and have a limit",
        arguments: [408, 429, 500, 503]
    )
    func retried(status: Int) async throws {
        try await self.withSource { number, _ in
            number < 3 ? .json("{}", status: HTTPResponse.Status(code: status)) : .token("ya29.b")
        } _: { source in
            let token = try await source.token(false)
            #expect(token.secret == "ya29.b")
        }

        #expect(self.time.slept == [.milliseconds(500), .seconds(1), .seconds(2)])
    }

    @Test("the tries have a limit")
    func triesLimited() async throws {
        try await self.withSource { _, _ in
            .json(#"{"error":"patient MRN-1"}"#, status: .serviceUnavailable)
        } _: { source in
            let (code, cause) = await self.cause { try await source.token(false) }
            #expect(code == .unavailable)
            #expect(cause == CredentialError(.endpointFault, status: 503))
        }

        #expect(self.server.received.count == 4)
    }

    @Test("a wait that the server asks for is kept to, up to the longest")
    func retryAfter() async throws {
        try await self.withSource { number, _ in
            let wait = ["3", "86400", "Wed, 21 Oct 2015 07:28:00 GMT"]
            guard number < 3 else { return .token("ya29.c") }
            return .json("{}", status: .tooManyRequests, headers: [.retryAfter: wait[number]])
        } _: { source in
            let token = try await source.token(false)
            #expect(token.secret == "ya29.c")
        }

        #expect(self.time.slept == [.seconds(3), .seconds(8), .seconds(2)])
    }

    @Test(
        "a refusal is final, and of its text only a known code is kept",
        arguments: [
            ("invalid_grant", 400, .refusedGrant), ("unauthorized_client", 401, .refusedClient),
            ("invalid_scope", 400, .refusedScope), ("patient MRN-1", 403, .refused),
        ] as [(String, Int, CredentialError.Code)]
    )
    func refused(text: String, status: Int, expected: CredentialError.Code) async throws {
        try await self.withSource { _, _ in
            .json(#"{"error":"\#(text)","error_description":"MRN-1"}"#, status: HTTPResponse.Status(code: status))
        } _: { source in
            let (code, cause) = await self.cause { try await source.token(false) }
            #expect(code == .upstreamInvalid)
            #expect(cause == CredentialError(expected, status: status))
            #expect(cause?.description.contains("MRN-1") == false)
        }

        #expect(self.server.received.count == 1)
    }

    @Test("a redirect is not followed", arguments: [301, 302, 307, 308])
    func redirected(status: Int) async throws {
        try await self.withSource { _, received in
            received.target == "/token"
                ? .json("{}", status: HTTPResponse.Status(code: status), headers: [.location: "/elsewhere"])
                : .token("ya29.stolen")
        } _: { source in
            let (_, cause) = await self.cause { try await source.token(false) }
            #expect(cause == CredentialError(.redirected, status: status))
        }

        #expect(self.server.received.map(\.target) == ["/token"])
    }

    @Test(
        "an answer that is no token is refused",
        arguments: [
            "", "null", "[]", "{}", #"{"access_token":"a","token_type":"Bearer"}"#,
            #"{"access_token":"","expires_in":1,"token_type":"Bearer"}"#,
            #"{"access_token":"a b","expires_in":1,"token_type":"Bearer"}"#,
            #"{"access_token":"a\r\nx: y","expires_in":1,"token_type":"Bearer"}"#,
            #"{"access_token":"a","expires_in":0,"token_type":"Bearer"}"#,
            #"{"access_token":"a","expires_in":-5,"token_type":"Bearer"}"#,
            #"{"access_token":"a","expires_in":"60","token_type":"Bearer"}"#,
            #"{"access_token":"a","expires_in":60,"token_type":"MAC"}"#,
            #"{"access_token":"a","access_token":"b","expires_in":60,"token_type":"Bearer"}"#,
        ]
    )
    func invalidAnswer(text: String) async throws {
        try await self.withSource { _, _ in
            .json(text)
        } _: { source in
            let (code, cause) = await self.cause { try await source.token(false) }
            #expect(code == .upstreamInvalid)
            #expect(cause == CredentialError(.invalidAnswer))
        }
    }

    @Test("a life longer than half a day is not believed")
    func longLife() async throws {
        try await self.withSource { _, _ in
            .token("a", expiresIn: .max)
        } _: { source in
            let token = try await source.token(false)
            #expect(token.expiresAt == self.time.now + .seconds(43_200))
        }
    }

    @Test("an answer that is too long is not read to its end")
    func longAnswer() async throws {
        try await self.withSource { _, _ in
            .json(String(repeating: " ", count: 100_000))
        } _: { source in
            let (_, cause) = await self.cause { try await source.token(false) }
            #expect(cause == CredentialError(.answerTooLarge, status: 200))
        }
    }

    @Test("a server that does not answer, or drips, is given up")
    func deadline() async throws {
        let policy = RequestPolicy(attemptsMax: 2, attemptDeadline: .milliseconds(150))
        let gate = Gate()
        try await self.withSource(policy: policy) { number, _ in
            guard number > 0 else {
                await gate.pass()
                return .token("late")
            }
            let body = ResponseBody { writer in
                while !gate.isOpen {
                    try await writer.write(ByteBuffer(string: " "))
                    try await Task.sleep(for: .milliseconds(20))
                }
                try await writer.finish(nil)
            }
            return Response(status: .ok, body: body)
        } _: { source in
            let (code, cause) = await self.cause { try await source.token(false) }
            // The server goes down only when its handlers have ended.
            gate.open()
            #expect(code == .upstreamTimeout)
            #expect(cause == CredentialError(.timedOut))
        }

        #expect(self.server.received.count == 2)
    }

    @Test("nobody there is a failure that may pass")
    func unreachable() async throws {
        let connections = UpstreamConnections()
        let context = CredentialContext(connections: connections, timing: self.time.timing)
        // Port 9 is discard: nobody listens.
        let key = try TestKey.serviceAccount(tokenURI: "http://127.0.0.1:9/token")
        let (code, cause) = await self.cause {
            try await AccessTokenSource.serviceAccount(key: key, context: context).token(false)
        }
        try await connections.shutdown()

        #expect(code == .unavailable)
        #expect(cause == CredentialError(.unreachable))
        #expect(self.time.slept.count == 3)
    }
}
