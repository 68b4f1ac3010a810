import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Synchronization
import Testing

@testable import Gateway

@Suite("/v1/projects/…/dicomStores/{store}/dicomWeb")
struct CloudTreeTests {
    private static func answering(
        _ chunks: [String],
        status: Int = 200,
        type: String = "application/dicom+json"
    ) -> ScriptedUpstream {
        ScriptedUpstream(exchange: { _ in .chunks(chunks, status: status, headers: [.contentType: type]) })
    }

    private static func gateway(_ upstream: ScriptedUpstream) throws -> GatewayUnderTest {
        try GatewayUnderTest(upstream, cloud: ScriptedCloud([:]))
    }

    @Test("the upstream's address is replaced by ours on the same path, wherever it is cut")
    func rewriting() async throws {
        let text = #"[{"00081190":{"Value":["\#(ScriptedUpstream.root)/studies/1.2"]}}]"#
        for cut in stride(from: 1, to: text.utf8.count, by: 7) {
            let upstream = Self.answering([String(text.prefix(cut)), String(text.dropFirst(cut))])
            var headers = GatewayUnderTest.bearer
            headers[.accept] = "application/dicom+json"
            var parts = try Self.gateway(upstream).parts
            parts.publicURL = "https://imaging.example"
            let answer = try await GatewayUnderTest(parts: parts).request(
                .get,
                "\(CloudSample.store)/dicomWeb/instances",
                headers: headers
            )
            #expect(
                answer.text
                    == #"[{"00081190":{"Value":["https://imaging.example\#(CloudSample.store)/dicomWeb/studies/1.2"]}}]"#
            )
            #expect(upstream.log.requests.first?.headers[.accept] == "application/dicom+json")
        }
    }

    @Test("the query passes as it is, but no credential in it")
    func query() async throws {
        let upstream = Self.answering(["[]"])
        _ = try await Self.gateway(upstream).request(
            .get,
            "\(CloudSample.study)/metadata?PatientName=a+b%26c&%24.xgafv=2&key=K&access_token=T&oauth_token=O"
                + "&callback=f&prettyPrint=false"
        )
        #expect(
            upstream.log.requests.first?.query == "PatientName=a%20b%26c&%24.xgafv=2&prettyPrint=false"
        )
    }

    @Test("the upstream's refusals are handed on in its words", arguments: [400, 404, 406, 409, 429, 501, 503])
    func refusals(status: Int) async throws {
        let upstream = Self.answering([CloudSample.refusal], status: status, type: "application/json")
        let answer = try await Self.gateway(upstream).request(.get, "\(CloudSample.study)/metadata")
        #expect(answer.status.code == status)
        #expect(answer.text == CloudSample.refusal)
    }

    @Test(
        "but not what concerns our credential, nor what is no answer of the API",
        arguments: [
            (401, "application/json", 502, "INTERNAL"), (403, "application/json", 404, "NOT_FOUND"),
            (400, "text/html", 400, "INVALID_ARGUMENT"), (500, "application/json", 502, "INTERNAL"),
            (302, "text/html", 502, "INTERNAL"), (504, "text/html", 504, "DEADLINE_EXCEEDED"),
        ]
    )
    func translated(status: Int, type: String, expected: Int, name: String) async throws {
        let upstream = Self.answering([CloudSample.refusal], status: status, type: type)
        let answer = try await Self.gateway(upstream).request(.get, CloudSample.study)
        #expect(answer.status.code == expected)
        #expect(answer.text.hasPrefix(#"{"error":{"code":\#(expected),"message":""#))
        #expect(answer.text.hasSuffix(#","status":"\#(name)"}}"#))
        #expect(!answer.text.contains("the upstream's words"))
    }

    @Test("storing reports every study that the answer names, and keeps XML as it comes")
    func storing() async throws {
        let heard = Mutex<Set<String>>([])
        let xml = """
            <DicomAttribute><Value>\(ScriptedUpstream.root)/studies/1.2/series/1.3/instances/1.4</Value>\
            <Value>\(ScriptedUpstream.root)/studies/1.5/series/1.6/instances/1.7</Value></DicomAttribute>
            """
        let upstream = Self.answering([xml], type: "application/dicom+xml")
        var parts = try Self.gateway(upstream).parts
        parts.changes = StudyChanges { change in heard.withLock { _ = $0.insert(change.study.rawValue) } }
        parts.publicURL = "https://imaging.example"
        var headers = GatewayUnderTest.bearer
        headers[.contentType] = "application/dicom"
        let answer = try await GatewayUnderTest(parts: parts).request(
            .post,
            "\(CloudSample.store)/dicomWeb/studies",
            headers: headers,
            body: ByteBuffer(string: "DICM")
        )
        #expect(answer.headers[.contentType] == "application/dicom+xml")
        #expect(answer.text.contains("<Value>https://imaging.example\(CloudSample.store)/dicomWeb/studies/1.2/"))
        #expect(heard.withLock { $0 } == ["1.2", "1.5"])
        #expect(upstream.log.requests.first?.path == "studies")
        #expect(upstream.log.calls.first?.tier == .write)
    }

    @Test("deleting hands the operation on and is known under /api/v1/operations")
    func deleting() async throws {
        let upstream = Self.answering([CloudSample.running], type: "application/json; charset=UTF-8")
        let answer = try await Self.gateway(upstream).request(.delete, CloudSample.study)
        #expect(answer.status == .ok)
        #expect(answer.text == CloudSample.running)
        #expect(upstream.log.calls.map(\.tier) == [.delete])
    }

    @Test(
        "what is not ours is not found, whatever it looks like, and the upstream is not asked",
        arguments: [
            "/v1/projects/p/locations/l/datasets/d/dicomStores/other",
            "/v1/projects/p/locations/l/datasets/other/dicomStores/s",
            "/v1/projects/other/locations/l/datasets/d/dicomStores/s",
            "/v1/projects/p/locations/l/datasets/d/dicomStores/s:explode",
            "/v1/projects/p/locations/l/datasets/d/dicomStores/other:getDICOMStoreMetrics",
            "/v1/projects/p/locations/l%3Fx", "/v1/projects/p/locations/l/datasets/...",
            "/v1/projects/other/locations", "/v1/nothing", "/v1", "/v1/",
        ]
    )
    func unknown(path: String) async throws {
        let upstream = ScriptedUpstream()
        let cloud = ScriptedCloud([:])
        let answer = try await GatewayUnderTest(upstream, cloud: cloud).request(.get, path)
        #expect(answer.status == .notFound)
        #expect(answer.headers[.contentType] == "application/json; charset=UTF-8")
        #expect(answer.text == #"{"error":{"code":404,"message":"There is no such thing.","status":"NOT_FOUND"}}"#)
        #expect(cloud.requests.isEmpty)
        #expect(upstream.log.requests.isEmpty)
    }

    @Test(
        "a path that can be read in two ways is refused in Google's form",
        arguments: [
            "/v1/projects/p/locations/l/datasets/d/dicomStores/s%2Fx",
            "/v1/projects/p/locations/l/datasets/d/dicomStores/%FF",
            "/v1/projects/p/locations/l/datasets/d/dicomStores/%2E%2E",
            "/v1/projects/p/locations/l%2Fdatasets%2Fd%2FdicomStores%2Fhidden",
            "/v1/projects/p%2Flocations%2Fl/locations", "/v1/projects/p/locations/l/datasets/d/operations/..",
        ]
    )
    func doubtful(path: String) async throws {
        let upstream = ScriptedUpstream()
        let cloud = ScriptedCloud([:])
        let answer = try await GatewayUnderTest(upstream, cloud: cloud).request(.get, path)
        #expect(answer.status == .badRequest)
        #expect(answer.headers[.contentType] == "application/json; charset=UTF-8")
        #expect(answer.text.contains(#""status":"INVALID_ARGUMENT""#))
        #expect(cloud.requests.isEmpty)
        #expect(upstream.log.requests.isEmpty)
    }

    @Test("what is no UID, no frame and no tag is refused", arguments: ["studies/1..2", "studies/x/metadata"])
    func badIdentifiers(path: String) async throws {
        let answer = try await Self.gateway(ScriptedUpstream()).request(.get, "\(CloudSample.store)/dicomWeb/\(path)")
        #expect(answer.status == .badRequest)
        #expect(answer.text.contains(#""status":"INVALID_ARGUMENT""#))
    }
}
