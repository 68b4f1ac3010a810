import CollimatorCore
import DICOMweb
import Hummingbird
import HummingbirdTesting
import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import Gateway

@Suite("Uploads on a socket", .timeLimit(.minutes(1)))
struct UploadLiveTests {
    private static func head(
        _ path: String = UploadSample.path,
        key: String = GatewayUnderTest.key,
        length: Int? = 1_000_000,
        more: [String] = []
    ) -> String {
        var lines = [
            "POST \(path) HTTP/1.1", "Host: x", "Authorization: Bearer \(key)", "Content-Type: application/dicom",
        ]
        lines.append(length.map { "Content-Length: \($0)" } ?? "Transfer-Encoding: chunked")
        return (lines + more).joined(separator: "\r\n") + "\r\n\r\n"
    }

    /// Runs the body with a raw connection to a gateway, and sees that the gateway lives after it.
    private func withConnection(
        _ upstream: ScriptedUpstream,
        _ body: @escaping @Sendable (RawConnection) throws -> Void
    ) async throws {
        let gateway = try GatewayUnderTest(upstream)
        _ = try await gateway.application.test(.live) { client in
            let port = try #require(client.port)
            try await blocking { try body(try RawConnection(port: port)) }
            let after = try await client.execute(uri: "/api/v1/stores", method: .get, headers: GatewayUnderTest.bearer)
            #expect(after.status == .ok)
        }
    }

    /// An upstream that answers as told without having read the body.
    private static func early(_ error: DICOMwebError) -> ScriptedUpstream {
        ScriptedUpstream(search: { _ in [] }, exchange: { _ in throw error }, storeUnread: { throw error })
    }

    @Test("an upstream that answers early is heard while the client pauses, and the connection is closed")
    func earlyAnswer() async throws {
        let error = DICOMwebError.badRequest(status: 413, code: nil)
        for path in [UploadSample.path, "/dicomweb/radiology/studies"] {
            try await self.withConnection(Self.early(error)) { connection in
                connection.send(Self.head(path))
                connection.send(UploadSample.file(bytes: 200_000))
                let answer = try connection.receiveAll()
                #expect(answer.hasPrefix("HTTP/1.1 413 "))
                #expect(answer.lowercased().contains("connection: close"))
                #expect(answer.contains(#""code":"too-large""#))
            }
        }
    }

    @Test("a client that sends on after an early answer still gets it")
    func sendingOn() async throws {
        try await self.withConnection(Self.early(.refused(.unauthenticated))) { connection in
            connection.send(Self.head(length: 8_000_000))
            connection.send(UploadSample.file(bytes: 4_000_000))
            let answer = try connection.receiveAll()
            #expect(answer.hasPrefix("HTTP/1.1 502 "))
        }
    }

    @Test(
        "a client that is gone in the middle of its body ends the exchange with the upstream",
        arguments: [nil, 1_000_000]
    )
    func clientGone(length: Int?) async throws {
        let (ended, end) = AsyncStream.makeStream(of: Void.self)
        let upstream = ScriptedUpstream(
            search: { _ in [] },
            store: { _ in
                Issue.record("half a body was taken for a whole one")
                return .refused
            },
            onUnreadable: { end.finish() }
        )
        try await self.withConnection(upstream) { connection in
            connection.send(Self.head(length: length))
            if length == nil { connection.send("ffff\r\n") }
            connection.send(UploadSample.file(bytes: 50_000))
            connection.end()
        }
        for await _ in ended {}
    }

    @Test("a body that ends before its length is a problem", arguments: [nil, 1_000_000])
    func shortBody(length: Int?) async throws {
        let upstream = UploadSample.storing()
        try await self.withConnection(upstream) { connection in
            connection.send(Self.head(length: length))
            if length == nil { connection.send("ffff\r\n") }
            connection.send(UploadSample.file(bytes: 50_000))
            connection.finishSending()
            let answer = try connection.receiveAll()
            #expect(answer.hasPrefix("HTTP/1.1 400 "))
            #expect(answer.contains("urn:collimator:problem:invalid-input"))
        }
        #expect(upstream.log.stored.isEmpty)
    }

    @Test("leave to send comes when the body is read, and the body after it is stored")
    func leaveToSend() async throws {
        let file = UploadSample.file()
        try await self.withConnection(UploadSample.storing()) { connection in
            connection.send(Self.head(length: file.count, more: ["Expect: 100-continue"]))
            let leave = try connection.receive(until: "\r\n\r\n")
            #expect(leave == "HTTP/1.1 100 Continue\r\n\r\n")
            connection.send(file)
            let answer = try connection.receive(until: "}")
            #expect(answer.hasPrefix("HTTP/1.1 201 "))
        }
    }

    @Test("a refusal comes instead of leave to send, and ends the connection")
    func refusedInstead() async throws {
        let refused = [
            (Self.head(key: "wrong", more: ["Expect: 100-continue"]), "401"),
            (Self.head("/api/v1/stores/other/studies", more: ["Expect: 100-continue"]), "404"),
            (Self.head(length: 1 << 40, more: ["Expect: 100-continue"]), "413"),
        ]
        for (head, status) in refused {
            try await self.withConnection(UploadSample.storing()) { connection in
                connection.send(head)
                let answer = try connection.receiveAll()
                #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
                #expect(!answer.contains("100 Continue"))
            }
        }
    }

    @Test("leave to send never comes into the answer before it")
    func pipelined() async throws {
        let (released, release) = AsyncStream.makeStream(of: Void.self)
        let upstream = ScriptedUpstream(
            search: { _ in [] },
            store: { .stored(UploadSample.reference(instance: UploadSample.instance(of: $0))) },
            exchange: { _ in
                UpstreamResponse(
                    status: 200,
                    headers: [.contentType: "application/dicom"],
                    body: AsyncThrowingStream { continuation in
                        continuation.yield(ByteBuffer(string: "first"))
                        Task {
                            for await _ in released {}
                            continuation.yield(ByteBuffer(string: "last"))
                            continuation.finish()
                        }
                    }
                )
            }
        )
        let file = UploadSample.file()
        try await self.withConnection(upstream) { connection in
            connection.send(
                "GET \(Sample.dicomweb) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(GatewayUnderTest.key)\r\n\r\n"
            )
            connection.send(Self.head(length: file.count, more: ["Expect: 100-continue"]))
            let before = try connection.receive(until: "first")
            #expect(!before.contains("100 Continue"))
            release.finish()
            let rest = try connection.receive(until: "100 Continue\r\n\r\n")
            #expect(rest.hasSuffix("last\r\n0\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"))
            connection.send(file)
            let answer = try connection.receive(until: "}")
            #expect(answer.hasPrefix("HTTP/1.1 201 "))
        }
    }

    @Test("a refusal with a long body unread closes the connection, one with a short body does not")
    func unreadBodies() async throws {
        try await self.withConnection(UploadSample.storing()) { connection in
            connection.send(Self.head(key: "wrong", length: 50_000_000))
            connection.send([UInt8](repeating: 1, count: 100_000))
            let answer = try connection.receiveAll()
            #expect(answer.hasPrefix("HTTP/1.1 401 "))
            #expect(answer.lowercased().contains("connection: close"))
        }
        try await self.withConnection(UploadSample.storing()) { connection in
            for _ in 0..<2 {
                connection.send(Self.head(key: "wrong", length: 10))
                connection.send([UInt8](repeating: 1, count: 10))
                let answer = try connection.receive(until: "}")
                #expect(answer.hasPrefix("HTTP/1.1 401 "))
                #expect(!answer.lowercased().contains("connection: close"))
            }
        }
    }
}
