import CollimatorCore
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Testing

@testable import Gateway

@Suite("Bodies with a content coding")
struct ContentCodingTests {
    private static func send(
        _ path: String,
        type: String,
        coding: [String],
        upstream: ScriptedUpstream = UploadSample.storing()
    ) async throws -> TestResponse {
        var headers = GatewayUnderTest.bearer
        headers[.contentType] = type
        headers[values: .contentEncoding] = coding
        let gateway = try GatewayUnderTest(upstream, cloud: ScriptedCloud([:]))
        return try await gateway.request(
            .post,
            path,
            headers: headers,
            body: ByteBuffer(bytes: UploadSample.file())
        )
    }

    @Test(
        "are refused, with what would be taken",
        arguments: [
            (UploadSample.path, "application/dicom"), (UploadSample.path, "application/zip"),
            ("/api/v1/studies/search", "application/json"), ("/auth/sign-ins", "application/json"),
            ("/dicomweb/radiology/studies", "application/dicom"), (Sample.dicomweb, "multipart/related"),
            ("\(CloudSample.store)/dicomWeb/studies", "application/dicom"),
            ("\(CloudSample.store):export", "application/json"),
        ]
    )
    func refused(path: String, type: String) async throws {
        for coding in [["gzip"], ["identity, br"], ["identity", "deflate"], ["x-unknown"]] {
            let upstream = UploadSample.storing()
            let answer = try await Self.send(path, type: type, coding: coding, upstream: upstream)
            #expect(answer.status == .unsupportedMediaType, "\(coding)")
            #expect(answer.headers[.acceptEncoding] == "identity")
            #expect(upstream.log.stored.isEmpty && upstream.log.requests.isEmpty)
        }
    }

    @Test("of the name of none are taken", arguments: ["identity", "Identity", " identity , identity"])
    func identity(coding: String) async throws {
        let answer = try await Self.send(UploadSample.path, type: "application/dicom", coding: [coding])
        #expect(answer.status == .created)
    }

    @Test("are told to nobody who may not call")
    func stranger() async throws {
        let answer = try await GatewayUnderTest(UploadSample.storing()).request(
            .post,
            UploadSample.path,
            headers: [.contentEncoding: "gzip"]
        )
        #expect(answer.status == .unauthorized)
    }
}
