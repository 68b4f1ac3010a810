import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Synchronization
import Testing

@testable import Gateway

@Suite("Storing one file by DICOMweb")
struct SinglePartTests {
    /// What an upstream was sent.
    private struct Sent {
        var type: String?
        var length: Int?
        var text = ""
    }

    private static func storing(
        _ text: String,
        type: String,
        isHealthcare: Bool
    ) async throws -> (answer: TestResponse, sent: Sent) {
        let sent = Mutex(Sent())
        let upstream = ScriptedUpstream(exchange: { request in
            var text = ""
            if let body = request.body {
                for try await chunk in body.bytes { text += String(buffer: chunk) }
            }
            let all = Sent(type: request.headers[.contentType], length: request.body?.length, text: text)
            sent.withLock { $0 = all }
            return .chunks(["{}"], headers: [.contentType: "application/dicom+json"])
        })
        var gateway = try GatewayUnderTest(upstream)
        if !isHealthcare {
            let name = try #require(StoreName("radiology"))
            gateway.parts.stores = StoreDirectory([
                GatewayStore(name: name, resource: nil, upstream: upstream.upstream)
            ])
        }
        var headers = GatewayUnderTest.bearer
        headers[.contentType] = type
        let answer = try await gateway.request(
            .post,
            "/dicomweb/radiology/studies",
            headers: headers,
            body: ByteBuffer(string: text)
        )
        return (answer, sent.withLock { $0 })
    }

    @Test(
        "another server than the Healthcare API gets it as the only part of a body",
        arguments: ["DICM", "--x--\r\n"]
    )
    func wrapped(file: String) async throws {
        let (answer, sent) = try await Self.storing(file, type: "application/dicom", isHealthcare: false)
        #expect(answer.status == .ok)
        let type = try #require(sent.type.flatMap { DICOMweb.MediaType(parsing: $0) })
        let boundary = try #require(type["boundary"])
        #expect(type.essence == "multipart/related" && type["type"] == "application/dicom")
        #expect(sent.text == "--\(boundary)\r\nContent-Type: application/dicom\r\n\r\n\(file)\r\n--\(boundary)--\r\n")
        #expect(sent.length == sent.text.utf8.count)
    }

    @Test(
        "the Healthcare API gets it as it is, and everybody what has parts already",
        arguments: [
            ("application/dicom", true), ("multipart/related; boundary=x", true),
            ("multipart/related; boundary=x", false),
        ]
    )
    func asItIs(type: String, isHealthcare: Bool) async throws {
        let (answer, sent) = try await Self.storing("DICM", type: type, isHealthcare: isHealthcare)
        #expect(answer.status == .ok)
        #expect(sent.text == "DICM" && sent.type == type && sent.length == 4)
    }

    @Test("a file that breaks off does not look whole")
    func brokenOff() async throws {
        let file = AsyncThrowingStream<ByteBuffer, any Error> { continuation in
            continuation.yield(ByteBuffer(string: "DI"))
            continuation.finish(throwing: DICOMwebError.transport)
        }
        var text = ""
        await #expect(throws: DICOMwebError.self) {
            for try await chunk in SinglePart(file) { text += String(buffer: chunk) }
        }
        #expect(text.hasSuffix("\r\n\r\nDI"))
    }
}
