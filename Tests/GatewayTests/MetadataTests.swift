import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import Gateway

@Suite("GET /api/v1/…/metadata")
struct MetadataTests {
    private static let path = "\(Sample.studyPath)/metadata"

    private static func gateway(tag: String?) throws -> GatewayUnderTest {
        try GatewayUnderTest(
            ScriptedUpstream(exchange: { _ in
                var headers: HTTPFields = [.contentType: "application/dicom+json"]
                headers[.eTag] = tag
                return .chunks(["[{", "}]"], headers: headers)
            })
        )
    }

    @Test(
        "has the upstream's tag as a weak one, and 304 where the client holds it",
        arguments: ["\"a.b\"", "W/\"a.b\""]
    )
    func tags(tag: String) async throws {
        let gateway = try Self.gateway(tag: tag)
        let first = try await gateway.request(.get, Self.path)
        #expect(first.text == "[{}]")
        #expect(first.headers[.eTag] == "W/\"a.b\"")
        #expect(first.headers[.cacheControl] == "private, no-cache")
        #expect(first.headers[.vary] == varyByCaller)
        var headers = GatewayUnderTest.bearer
        headers[.ifNoneMatch] = "\"x\", W/\"a.b\""
        let again = try await gateway.request(.get, Self.path, headers: headers)
        #expect(again.status == .notModified)
        #expect(again.text.isEmpty && again.headers[.contentType] == nil)
        #expect(again.headers[.eTag] == "W/\"a.b\"")
        headers[.ifNoneMatch] = "\"a.c\""
        let other = try await gateway.request(.get, Self.path, headers: headers)
        #expect(other.status == .ok)
    }

    @Test(
        "has no tag where the upstream gave none that is one",
        arguments: [
            nil, "", "\"", "abc", "\"a\"b\"", "\"a,b\"", "w/\"a\"", "\"\(String(repeating: "x", count: 300))\"",
        ]
    )
    func noTag(tag: String?) async throws {
        let answer = try await Self.gateway(tag: tag).request(.get, Self.path)
        #expect(answer.status == .ok)
        #expect(answer.headers[.eTag] == nil)
    }
}
