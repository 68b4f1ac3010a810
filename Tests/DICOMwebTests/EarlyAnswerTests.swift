import DICOMweb
import NIOCore
import Testing

@Suite("A refusal that comes while the body is still being sent", .timeLimit(.minutes(1)))
struct EarlyAnswerTests {
    /// Lives as long as somebody may still ask for a piece of the body.
    private final class Token: Sendable {}

    /// Pieces without an end.
    private struct Endless: AsyncSequence, Sendable {
        typealias Element = ByteBuffer

        let token: Token

        func makeAsyncIterator() -> Iterator { Iterator(token: self.token) }

        struct Iterator: AsyncIteratorProtocol {
            let token: Token

            mutating func next() async throws -> ByteBuffer? {
                try Task.checkCancellation()
                return ByteBuffer(repeating: 0, count: 64 * 1024)
            }
        }
    }

    private static let refusal = "HTTP/1.1 413 Content Too Large\r\nX-Why: size\r\nContent-Length: 5\r\n\r\nlarge"

    @Test("is given with its status, fields and body")
    func answer() async throws {
        try await ScriptedServer.withServer { _ in
            ScriptedServer.Script(text: Self.refusal, closes: false)
        } _: { baseURL in
            try await withDICOMwebClient(baseURL) { client in
                let response = try await client.exchange(
                    RawRequest("POST", "/studies", body: .stream(Endless(token: Token())))
                )
                #expect(response.status == 413)
                #expect(response.headers["x-why"] == "size")
                let body = try await response.body.collect(upTo: 100)
                #expect(String(buffer: body) == "large")
            }
        }
    }

    @Test("leaves nothing of the body behind")
    func release() async throws {
        try await ScriptedServer.withServer { _ in
            ScriptedServer.Script(text: Self.refusal, closes: false)
        } _: { baseURL in
            try await withDICOMwebClient(baseURL) { client in
                weak let token = try await Self.refused(client)
                for _ in 0..<2000 where token != nil { try await Task.sleep(for: .milliseconds(5)) }
                #expect(token == nil, "whoever sends the body is still waiting")
            }
        }
    }

    private static func refused(_ client: DICOMwebClient) async throws -> Token {
        let token = Token()
        let response = try await client.exchange(RawRequest("POST", "/studies", body: .stream(Endless(token: token))))
        _ = try await response.body.collect(upTo: 100)
        return token
    }

    @Test("is an answer like any other where the body ends before it")
    func late() async throws {
        try await ScriptedServer.withServer { _ in
            ScriptedServer.Script(afterBytes: 200_000, text: Self.refusal, closes: false)
        } _: { baseURL in
            try await withDICOMwebClient(baseURL) { client in
                let body = RequestBody.bytes(ByteBuffer(repeating: 0, count: 200_000))
                let response = try await client.exchange(RawRequest("POST", "/studies", body: body))
                #expect(response.status == 413)
                let answer = try await response.body.collect(upTo: 100)
                #expect(String(buffer: answer) == "large")
            }
        }
    }
}
