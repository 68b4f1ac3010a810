import CollimatorCore
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Testing

@testable import Gateway

@Suite("/v1/projects/…: tags of what is read")
struct CloudTagTests {
    private static let series = "\(CloudSample.study)/series/\(Sample.series)"
    private static let instance = "\(series)/instances/\(Sample.instance)"
    static let administration = [
        "/v1/projects/p/locations", "/v1/projects/p/locations/l", "/v1/projects/p/locations/l/datasets",
        "/v1/\(CloudSample.dataset)", "/v1/\(CloudSample.dataset)/operations",
        "/v1/\(CloudSample.dataset)/operations/4711",
        "/v1/\(CloudSample.dataset)/dicomStores", CloudSample.store, "\(CloudSample.store):getDICOMStoreMetrics",
        "\(CloudSample.store):getIamPolicy",
    ]
    static let archive = [
        "\(CloudSample.study)/metadata", "\(series)/metadata", "\(instance)/metadata", "\(series)/instances",
        "\(CloudSample.study):getStudyMetrics", "\(series):getSeriesMetrics", "\(instance):getStorageInfo",
        "/dicomweb/radiology/studies/\(Sample.study)/instances",
    ]

    /// A gateway whose upstream says the text, on both of its sides.
    private static func saying(
        _ text: String,
        type: String = "application/json; charset=UTF-8",
        status: Int = 200,
        limits: GatewayLimits = GatewayLimits()
    ) throws -> GatewayUnderTest {
        let headers: HTTPFields = [.contentType: type]
        let upstream = ScriptedUpstream(exchange: { _ in .chunks([text], status: status, headers: headers) })
        let cloud = ScriptedCloud { _ in .chunks([text], status: status, headers: headers) }
        var gateway = try GatewayUnderTest(upstream, cloud: cloud)
        gateway.parts.limits = limits
        return gateway
    }

    private static func get(_ path: String, holding tag: String, of gateway: GatewayUnderTest) async throws
        -> TestResponse
    {
        var headers = GatewayUnderTest.bearer
        headers[.ifNoneMatch] = tag
        return try await gateway.request(.get, path, headers: headers)
    }

    @Test("what has not changed is 304, and what has is another", arguments: administration + archive)
    func unchanged(path: String) async throws {
        let gateway = try Self.saying(#"{"name":"one"}"#)
        let first = try await gateway.request(.get, path)
        let tag = try #require(first.headers[.eTag])
        #expect(first.status == .ok && tag.hasPrefix("\""))
        #expect(first.headers[.cacheControl] == "private, no-cache")
        #expect(first.headers[.vary]?.contains("Authorization") == true)
        for held in [tag, "*", "\"other\", W/\(tag)"] {
            let again = try await Self.get(path, holding: held, of: gateway)
            #expect(again.status == .notModified, "\(held)")
            #expect(again.body.readableBytes == 0 && again.headers[.contentType] == nil)
            #expect(again.headers[.eTag] == tag)
        }
        guard path != "/v1/\(CloudSample.dataset)/dicomStores" else { return }
        let changed = try await Self.get(path, holding: tag, of: try Self.saying(#"{"name":"two"}"#))
        #expect(changed.status == .ok && changed.text == #"{"name":"two"}"# && changed.headers[.eTag] != tag)
    }

    @Test("a tag opens nothing, and what is refused has none", arguments: administration + archive)
    func refused(path: String) async throws {
        let gateway = try Self.saying(CloudSample.refusal, status: 404)
        for tag in ["*", "\"other\""] {
            let answer = try await Self.get(path, holding: tag, of: gateway)
            #expect(answer.status == .notFound && answer.headers[.eTag] == nil)
            let nobody = try await gateway.request(.get, path, headers: [.ifNoneMatch: tag])
            #expect(nobody.status == .unauthorized && nobody.headers[.eTag] == nil)
        }
    }

    @Test("what is longer than is held, and what is no JSON, comes as it is, without a tag")
    func untagged() async throws {
        var limits = GatewayLimits()
        limits.heldListBytesMax = 4
        let path = "\(CloudSample.study)/metadata"
        let long = try await Self.get(path, holding: "*", of: try Self.saying("[1,2,3]", limits: limits))
        #expect(long.status == .ok && long.text == "[1,2,3]" && long.headers[.eTag] == nil)
        let type = #"multipart/related; type="application/dicom"; boundary=up"#
        let files = try await Self.get(CloudSample.study, holding: "*", of: try Self.saying("--up--\r\n", type: type))
        #expect(files.status == .ok && files.text == "--up--\r\n" && files.headers[.eTag] == nil)
        #expect(files.headers[.cacheControl] == "private, no-store")
    }
}
