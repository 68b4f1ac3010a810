import Catalog
import CollimatorCore
import DICOMweb
import Foundation
import HTTPTypes
import HummingbirdTesting
import Logging
import Testing

@testable import Gateway
@testable import Identity

@Suite("Routes that answer to nobody too")
struct OptionalCallerTests {
    /// Made with another library, as Google's proxy makes them: the key is thrown away.
    private static let proxyKey = """
        {"kty":"EC","crv":"P-256","alg":"ES256","use":"sig","kid":"e1",\
        "x":"H_iGaZz7cKiVzQhFtvZffNsnqgHqI41oy_UItgUTJwI","y":"dkTNDt1OgJVWPLwVUyCP0T7KNtY8mb5JOHJWE2jXFKs"}
        """
    private static let assertion = """
        eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImUxIn0.eyJpc3MiOiJodHRwczovL2Nsb3VkLmdvb2dsZS5jb20vaWFwIiwiYXVkIjoi\
        L3Byb2plY3RzLzEvYXBwcy9wIiwic3ViIjoiYWNjb3VudHMuZ29vZ2xlLmNvbToxMDgxIiwiZW1haWwiOiJhbm5AaG9zcGl0YWwuZXhhbXBsZSIs\
        ImhkIjoiaG9zcGl0YWwuZXhhbXBsZSIsImlhdCI6MTc2NzIyNTYwMCwiZXhwIjoxNzY3MjI2MjAwfQ.hP7OxXg68jqulISRscsl7sXrEYQSSNXCh\
        3yJ876685_yN4QwTE4F5rqwRuDgMH5ZC0ivpJK1PFWsHCDy93RDDg
        """
    private static let ann = Principal.user(issuer: "proxy", subject: "accounts.google.com:1081")

    /// Behind Google's proxy, at the time of the assertion.
    private static func gateway() async throws -> GatewayUnderTest {
        var issuer = try #require(
            TokenIssuer(alias: "proxy", issuer: "https://cloud.google.com/iap", audiences: ["/projects/1/apps/p"])
        )
        issuer.form = .proxyAssertion
        issuer.keysAddress = "https://login.example/keys"
        let tokens = TokenVerifier(
            issuers: [issuer],
            client: JWKSClient { _ in Array(#"{"keys":[\#(Self.proxyKey)]}"#.utf8) },
            surroundings: TokenVerifier.Surroundings(
                clock: WallClock { Date(timeIntervalSince1970: 1_767_225_600) },
                logger: GatewayUnderTest.quiet
            )
        )
        var gateway = try GatewayUnderTest(ScriptedUpstream(search: { _ in [] }))
        gateway.parts.viewer = ViewerFolder(path: "/nowhere")
        gateway = try await gateway.knowing([StudyEntry(Sample.study(uid: "1.2.1"))]).knowingCallers()
        gateway.parts.authenticator = Authenticator(
            administratorKey: try GatewayUnderTest.administratorKey(),
            tokens: tokens
        )
        return gateway
    }

    @Test("a suspended caller of Google's proxy is refused there as everywhere")
    func suspended() async throws {
        let gateway = try await Self.gateway()
        let headers: HTTPFields = [.proxyAssertion: Self.assertion]
        let paths = ["/api/v1/me", "/launch?studyUID=1.2.1"]
        for path in paths {
            #expect(try await gateway.request(.get, path, headers: headers).status != .unauthorized, "\(path)")
        }
        let administrator = Caller(verified: .administrator, method: .administratorKey)
        _ = try await gateway.parts.identity.principals.suspend(Self.ann, by: administrator)
        for path in paths {
            #expect(try await gateway.request(.get, path, headers: headers).status == .unauthorized, "\(path)")
        }
    }
}
