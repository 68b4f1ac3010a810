import CollimatorCore
import DICOMweb
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import Gateway

@Suite("The gateway on a socket", .timeLimit(.minutes(1)))
struct LiveTests {
    private struct Broken: Error {}

    @Test(
        "a fault after the first byte cuts the connection",
        arguments: [Sample.dicomweb, "\(Sample.instancePath)/file", "\(Sample.studyPath)/archive"]
    )
    func faultInTheMiddle(path: String) async throws {
        let upstream = ScriptedUpstream(
            search: { $0.offset > 0 ? [] : [Sample.instance()] },
            exchange: { _ in
                let stream = AsyncThrowingStream<ByteBuffer, any Error> { continuation in
                    continuation.yield(ByteBuffer(string: "half of it"))
                    continuation.finish(throwing: Broken())
                }
                return UpstreamResponse(status: 200, headers: [.contentType: "application/dicom"], body: stream)
            }
        )
        let gateway = try GatewayUnderTest(upstream)
        _ = try await gateway.application.test(.live) { client in
            await #expect(throws: (any Error).self) {
                _ = try await client.execute(uri: path, method: .get, headers: GatewayUnderTest.bearer)
            }
        }
    }

    @Test(
        "a client that goes away ends the exchange with the upstream",
        // Each holds a thread of the pool while it waits for the first bytes; two at once may hold all there are.
        .serialized,
        arguments: [Sample.dicomweb, "\(Sample.instancePath)/file", "\(Sample.studyPath)/archive"]
    )
    func clientGone(path: String) async throws {
        let ended = AsyncStream<Void>.makeStream()
        let upstream = ScriptedUpstream(
            search: { $0.offset > 0 ? [] : [Sample.instance()] },
            exchange: { _ in
                UpstreamResponse(
                    status: 200,
                    headers: [.contentType: "application/dicom"],
                    body: EndlessBytes(onEnd: EndSignal { ended.continuation.finish() })
                )
            }
        )
        let gateway = try GatewayUnderTest(upstream)
        _ = try await gateway.application.test(.live) { client in
            let port = try #require(client.port)
            let head = "GET \(path) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(GatewayUnderTest.key)\r\n\r\n"
            try await RawExchange.abandon(port: port, head)
            for await _ in ended.stream {}
        }
    }

    @Test("a large body goes through in both directions")
    func largeBodies() async throws {
        let chunk = ByteBuffer(repeating: 0x41, count: 64 * 1024)
        let upstream = ScriptedUpstream(exchange: { request in
            var received = 0
            if let body = request.body {
                for try await part in body.bytes { received += part.readableBytes }
            }
            let count = received / chunk.readableBytes
            let stream = AsyncThrowingStream<ByteBuffer, any Error> { continuation in
                for _ in 0..<count { continuation.yield(chunk) }
                continuation.finish()
            }
            return UpstreamResponse(
                status: 200,
                headers: [.contentType: "application/dicom+xml", .contentLength: String(received)],
                body: stream
            )
        })
        let gateway = try GatewayUnderTest(upstream)
        let sent = ByteBuffer(repeating: 1, count: 64 * chunk.readableBytes)
        let answer = try await gateway.application.test(.live) { client in
            try await client.execute(
                uri: "/dicomweb/radiology/studies",
                method: .post,
                headers: GatewayUnderTest.bearer.with(.contentType, "application/dicom"),
                body: sent
            )
        }
        #expect(answer.status == .ok)
        #expect(answer.body.readableBytes == sent.readableBytes)
    }

    @Test("headers beyond the limit are refused")
    func largeHeaders() async throws {
        let gateway = try GatewayUnderTest(ScriptedUpstream())
        var headers = GatewayUnderTest.bearer
        headers[.cookie] = String(repeating: "c", count: GatewayLimits().headerBytesMax + 1)
        let sent = headers
        let answer = try await gateway.application.test(.live) { client in
            try await client.execute(uri: "/api/v1/stores", method: .get, headers: sent)
        }
        #expect(answer.status == .requestHeaderFieldsTooLarge)
        #expect(answer.headers[.contentType] == "application/problem+json")
    }

    @Test("a HEAD leaves the connection in order for the next request")
    func headThenGet() async throws {
        let gateway = try GatewayUnderTest(ScriptedUpstream())
        try await gateway.application.test(.live) { client in
            for _ in 0..<3 {
                let head = try await client.execute(
                    uri: "/api/v1/stores",
                    method: .head,
                    headers: GatewayUnderTest.bearer
                )
                #expect(head.status == .ok)
                let get = try await client.execute(
                    uri: "/api/v1/stores",
                    method: .get,
                    headers: GatewayUnderTest.bearer
                )
                #expect(get.body.readableBytes > 0)
            }
        }
    }
}

/// Bytes without an end, and a signal when nobody reads them any more.
private struct EndlessBytes: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    typealias Failure = any Error

    let onEnd: EndSignal

    func makeAsyncIterator() -> Iterator { Iterator(onEnd: self.onEnd) }

    struct Iterator: AsyncIteratorProtocol {
        let onEnd: EndSignal

        mutating func next() async throws -> ByteBuffer? {
            ByteBuffer(repeating: 0x41, count: 64 * 1024)
        }
    }
}

/// Calls back when the last who holds it lets go.
private final class EndSignal: Sendable {
    private let signal: @Sendable () -> Void

    init(_ signal: @escaping @Sendable () -> Void) {
        self.signal = signal
    }

    deinit { self.signal() }
}

extension HTTPFields {
    /// The same fields with another one.
    func with(_ name: HTTPField.Name, _ value: String) -> HTTPFields {
        var fields = self
        fields[name] = value
        return fields
    }
}
