import CollimatorCore
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import Gateway

@Suite("GET /api/v1/me")
struct MeTests {
    @Test("says who calls and what the caller may do where")
    func me() async throws {
        let gateway = try GatewayUnderTest(stores: ["radiology": ScriptedUpstream(), "archive": ScriptedUpstream()])
        let answer = try await gateway.request(.get, "/api/v1/me")
        #expect(answer.status == .ok)
        #expect(
            answer.text.hasPrefix(
                #"{"principal":"administrator","kind":"administrator","display":"Administrator","permissions":["#
            )
        )
        #expect(answer.text.contains(#""stores":[{"name":"archive","permissions":["healthcare.dicomStores.get","#))
        #expect(answer.text.contains("healthcare.dicomStores.dicomWebRead"))
        #expect(answer.text.contains(#""name":"radiology""#))
        #expect(answer.text.contains(#""apiVersion":"v1""#))
        #expect(answer.headers[.vary] == "Authorization, Cookie, Origin")
    }

    @Test("tells a stranger nothing")
    func stranger() async throws {
        let answer = try await GatewayUnderTest(ScriptedUpstream()).request(.get, "/api/v1/me", headers: [:])
        #expect(answer.status == .unauthorized)
    }
}
