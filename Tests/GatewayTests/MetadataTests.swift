import Catalog
import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
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
        "has a tag of its bytes where the upstream gave none that is one",
        arguments: [
            nil, "", "\"", "abc", "\"a\"b\"", "\"a,b\"", "w/\"a\"", "\"\(String(repeating: "x", count: 300))\"",
        ]
    )
    func ownTag(tag: String?) async throws {
        let gateway = try Self.gateway(tag: tag)
        let answer = try await gateway.request(.get, Self.path)
        #expect(answer.status == .ok)
        let own = try #require(answer.headers[.eTag])
        #expect(own.hasPrefix("\"") && !own.contains("W/"))
        var headers = GatewayUnderTest.bearer
        headers[.ifNoneMatch] = own
        let again = try await gateway.request(.get, Self.path, headers: headers)
        #expect(again.status == .notModified)
        #expect(again.text.isEmpty && again.headers[.eTag] == own)
    }

    @Test("has another tag where the bytes, their media type or the address of this service are others")
    func otherTags() async throws {
        func tag(_ text: String, type: String = "application/dicom+json", at url: String? = nil) async throws -> String
        {
            let upstream = ScriptedUpstream(exchange: { _ in .chunks([text], headers: [.contentType: type]) })
            let gateway = try GatewayUnderTest(upstream, publicURL: url)
            return try #require(try await gateway.request(.get, "\(Sample.dicomweb)/metadata").headers[.eTag])
        }
        let address = "[\"\(ScriptedUpstream.root)/b\"]"
        let tags = [
            try await tag("[{}]"), try await tag("[{},{}]"), try await tag("[{}]", type: "application/json"),
            try await tag(address, at: "https://a.example"), try await tag(address, at: "https://b.example"),
        ]
        #expect(Set(tags).count == tags.count)
        #expect(try await tag("[{}]") == tags[0])
    }

    @Test("says nothing to who may see less: the tag is of what the caller gets")
    func rights() async throws {
        let upstream = ScriptedUpstream(exchange: { request in
            let series = request.path.contains("/series/") ? ["1.2.1.1"] : ["1.2.1.1", "1.2.1.2"]
            return .chunks([
                "[\(series.map { #"{"0020000E":{"vr":"UI","Value":["\#($0)"]}}"# }.joined(separator: ","))]"
            ])
        })
        let path = "/api/v1/stores/radiology/studies/1.2.1/metadata"
        let whole = try await GatewayUnderTest.judged(by: ScriptedJudge(["1.2.1": .whole]), upstream)
        let part = try await GatewayUnderTest.judged(by: try GatewayUnderTest.ofOneSeries(), upstream)
        let none = try await GatewayUnderTest.judged(by: ScriptedJudge([:]), upstream)
        let all = try #require(try await whole.request(.get, path).headers[.eTag])
        let some = try #require(try await part.request(.get, path).headers[.eTag])
        #expect(all != some)
        var headers = GatewayUnderTest.bearer
        headers[.ifNoneMatch] = all
        #expect(try await whole.request(.get, path, headers: headers).status == .notModified)
        let lesser = try await part.request(.get, path, headers: headers)
        #expect(lesser.status == .ok && !lesser.text.contains("1.2.1.2"))
        headers[.ifNoneMatch] = some
        #expect(try await part.request(.get, path, headers: headers).status == .notModified)
        for tag in [all, some, "*"] {
            headers[.ifNoneMatch] = tag
            let refused = try await none.request(.get, path, headers: headers)
            #expect(refused.status == .notFound)
            #expect(refused.headers[.eTag] == nil)
        }
    }

    @Test("of more bytes than are held is passed on as it comes, without a tag of ours")
    func long() async throws {
        var limits = GatewayLimits()
        limits.heldListBytesMax = 10
        let chunks = ["[1,2,", "3,4,5", ",6,7", "]"]
        let upstream = ScriptedUpstream(exchange: { _ in .chunks(chunks) })
        let answer = try await GatewayUnderTest(upstream, limits: limits).request(.get, Self.path)
        #expect(answer.text == chunks.joined())
        #expect(answer.status == .ok)
        #expect(answer.headers[.eTag] == nil)
    }

    @Test(
        "is 502 where it is no JSON, and nothing of it is passed on",
        arguments: [
            [""], ["[{\"Smith\"}]"], ["[{", "}"], ["{}"], ["[{}]", "[{}]"], ["[{}", ",]"], ["<html>Smith</html>"],
            ["[NaN]"],
        ]
    )
    func broken(chunks: [String]) async throws {
        let upstream = ScriptedUpstream(exchange: { _ in .chunks(chunks) })
        for path in [Self.path, "\(Sample.dicomweb)/metadata"] {
            let answer = try await GatewayUnderTest(upstream).request(.get, path)
            #expect(answer.status == .badGateway)
            #expect(try answer.problem().code == "upstream-invalid")
            #expect(!answer.text.contains("Smith"))
        }
    }

    @Test("is cut where it is no JSON further on than is held", arguments: ["]x", ",]", "", ",{"])
    func brokenLater(end: String) async throws {
        var limits = GatewayLimits()
        limits.heldListBytesMax = 10
        let upstream = ScriptedUpstream(exchange: { _ in .chunks(["[1,2,3,4,5", ",6", end]) })
        let gateway = try GatewayUnderTest(upstream, limits: limits)
        await #expect(throws: (any Error).self) { try await gateway.request(.get, Self.path) }
    }

    @Test("is the problem that it is where the upstream breaks off in what is held")
    func brokenOff() async throws {
        let upstream = ScriptedUpstream(exchange: { _ in
            let body = AsyncThrowingStream<ByteBuffer, any Error> { continuation in
                continuation.yield(ByteBuffer(string: "[{},"))
                continuation.finish(throwing: DICOMwebError.transport)
            }
            return UpstreamResponse(status: 200, headers: [.contentType: "application/dicom+json"], body: body)
        })
        let answer = try await GatewayUnderTest(upstream).request(.get, Self.path)
        #expect(answer.status == .serviceUnavailable)
    }
}
