import CollimatorCore
import Cryptography
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Testing

@testable import Gateway
@testable import Identity

@Suite("POST /oauth2/token")
struct TokenExchangeTests {
    private let gateway: GatewayUnderTest

    init() async throws {
        self.gateway = try await GatewayUnderTest(
            ScriptedUpstream(search: { _ in [] }),
            publicURL: "https://imaging.example.org"
        ).knowing([]).knowingCallers()
    }

    /// The file of a new key, as a client library reads it.
    private func makeFile(_ id: String = "import") async throws -> StrictJSON {
        let answer = try await self.gateway.request(
            .post,
            "/api/v1/access/keys",
            headers: GatewayUnderTest.bearer.merging([.contentType: "application/json"]),
            body: ByteBuffer(string: #"{"name":"Nightly import","id":"\#(id)","kind":"file"}"#)
        )
        #expect(answer.status == .created)
        #expect(answer.headers[.cacheControl] == "no-store")
        let body = try #require(StrictJSON(parsing: Array(answer.body.readableBytesView)))
        #expect(body["key"] == nil)
        return try #require(body["keyFile"])
    }

    private func assertion(_ file: StrictJSON, audience: String? = nil) throws -> String {
        let now = Int64(self.gateway.parts.identity.keys.now / 1_000)
        let header = #"{"alg":"RS256","typ":"JWT","kid":"\#(file["private_key_id"]?.text ?? "")"}"#
        let audience = audience ?? file["token_uri"]?.text ?? ""
        let claims = """
            {"iss":"\(file["client_email"]?.text ?? "")","aud":"\(audience)","iat":\(now),"exp":\(now + 3_600)}
            """
        let text = Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(claims.utf8))
        let key = try RSAPrivateKey(pem: file["private_key"]?.text ?? "")
        return try text + "." + Base64URL.encode(key.rs256Signature(of: Array(text.utf8)))
    }

    private func exchange(
        _ form: String,
        type: String = "application/x-www-form-urlencoded"
    ) async throws -> TestResponse {
        try await self.gateway.request(
            .post,
            "/oauth2/token",
            headers: [.contentType: type],
            body: ByteBuffer(string: form)
        )
    }

    private static func form(_ assertion: String) -> String {
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=\(assertion)"
    }

    @Test("gives a key file a token with which the app calls every tree")
    func journey() async throws {
        let file = try await self.makeFile()
        #expect(file["type"]?.text == "service_account")
        #expect(file["project_id"]?.text == "p")
        #expect(file["client_email"]?.text == "import@collimator.internal")
        #expect(file["token_uri"]?.text == "https://imaging.example.org/oauth2/token")
        #expect(file["universe_domain"]?.text == "googleapis.com")
        let answer = try await self.exchange(Self.form(try self.assertion(file)))
        #expect(answer.status == .ok)
        #expect(answer.headers[.cacheControl] == "no-store")
        let body = try #require(StrictJSON(parsing: Array(answer.body.readableBytesView)))
        #expect(body["token_type"]?.text == "Bearer")
        #expect(body["expires_in"]?.number == 3_600)
        let token = try #require(body["access_token"]?.text)
        let me = try await self.gateway.request(.get, "/api/v1/me", headers: [.authorization: "Bearer \(token)"])
        #expect(me.text.contains(#""principal":"client:import""#))
        let cloud = try await self.gateway.request(.get, "/v1/nothing", headers: [.authorization: "Bearer \(token)"])
        #expect(cloud.status == .notFound)
        // Once the key has been revoked, nothing.
        #expect(try await self.gateway.request(.delete, "/api/v1/access/keys/import").status == .noContent)
        let after = try await self.gateway.request(.get, "/api/v1/me", headers: [.authorization: "Bearer \(token)"])
        #expect(after.status == .unauthorized)
        let again = try await self.exchange(Self.form(try self.assertion(file)))
        #expect(again.text.contains(#""error":"invalid_grant""#))
    }

    @Test("never shows the private key again")
    func shownOnce() async throws {
        let file = try await self.makeFile()
        for path in ["/api/v1/access/keys/import", "/api/v1/access/keys"] {
            let answer = try await self.gateway.request(.get, path)
            #expect(answer.text.contains(#""kind":"file""#))
            #expect(answer.text.contains(file["private_key_id"]?.text ?? "nothing"))
            #expect(!answer.text.contains("PRIVATE KEY"))
        }
        let rotated = try await self.gateway.request(.post, "/api/v1/access/keys/import/rotations")
        #expect(rotated.status == .created)
        #expect(rotated.text.contains("BEGIN PRIVATE KEY"))
    }

    @Test("refuses in the words of OAuth 2.0, and says nothing of the assertion")
    func refusals() async throws {
        let file = try await self.makeFile()
        let good = try self.assertion(file)
        let table = [
            ("", "unsupported_grant_type"), ("grant_type=password&assertion=x", "unsupported_grant_type"),
            ("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer", "invalid_request"),
            (Self.form(""), "invalid_request"), (Self.form(good) + "&assertion=\(good)", "invalid_request"),
            ("grant_type=%", "invalid_request"), ("grant_type", "invalid_request"),
            (Self.form("x"), "invalid_grant"), (Self.form(good + "x"), "invalid_grant"),
            (Self.form(try self.assertion(file, audience: "https://evil.example/oauth2/token")), "invalid_grant"),
        ]
        for (form, error) in table {
            let answer = try await self.exchange(form)
            #expect(answer.status == .badRequest)
            #expect(answer.headers[.contentType] == "application/json")
            #expect(answer.text.contains(#""error":"\#(error)""#), "\(form.prefix(40)): \(answer.text)")
            #expect(!answer.text.contains("eyJ"))
        }
        let json = try await self.exchange("{}", type: "application/json")
        #expect(json.status == .unsupportedMediaType)
        let long = try await self.exchange("x=" + String(repeating: "a", count: 40_000))
        #expect(long.status == .contentTooLarge)
    }

    @Test(
        "a key is of a kind that there is",
        arguments: [("\"file\"", 201), ("null", 201), ("\"pem\"", 400), ("1", 400)]
    )
    func kinds(kind: String, status: Int) async throws {
        let answer = try await self.gateway.request(
            .post,
            "/api/v1/access/keys",
            headers: GatewayUnderTest.bearer.merging([.contentType: "application/json"]),
            body: ByteBuffer(string: #"{"name":"x","kind":\#(kind)}"#)
        )
        #expect(answer.status.code == status)
    }
}

extension HTTPFields {
    fileprivate func merging(_ others: HTTPFields) -> HTTPFields {
        var fields = self
        for field in others { fields.append(field) }
        return fields
    }
}
