import AsyncHTTPClient
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import DICOMweb

@Suite("The handler for refusals that come while the body is still being sent")
struct EarlyAnswerHandlerTests {
    private typealias Answer = HTTPClientResponsePart

    private static let head = HTTPResponseHead(
        version: .http1_1,
        status: .payloadTooLarge,
        headers: ["Content-Length": "5"]
    )

    /// A connection on which the head of a request and a piece of its body were sent.
    private static func sending() throws -> EmbeddedChannel {
        let channel = EmbeddedChannel(handler: EarlyAnswerHandler())
        let head = HTTPRequestHead(version: .http1_1, method: .POST, uri: "/studies")
        try channel.writeOutbound(HTTPClientRequestPart.head(head))
        try channel.writeOutbound(HTTPClientRequestPart.body(.byteBuffer(ByteBuffer(string: "abc"))))
        return channel
    }

    @Test("hand on what came early once the request is at its end, and then the rest")
    func release() throws {
        let channel = try Self.sending()
        try channel.writeInbound(Answer.head(Self.head))
        try channel.writeInbound(Answer.body(ByteBuffer(string: "la")))
        let before = try channel.readInbound(as: Answer.self)
        #expect(before == nil)
        try channel.writeOutbound(HTTPClientRequestPart.end(nil))
        try channel.writeInbound(Answer.body(ByteBuffer(string: "rge")))
        try channel.writeInbound(Answer.end(nil))
        var parts: [Answer] = []
        while let part = try channel.readInbound(as: Answer.self) { parts.append(part) }
        #expect(
            parts == [
                .head(Self.head), .body(ByteBuffer(string: "la")), .body(ByteBuffer(string: "rge")), .end(nil),
            ]
        )
        // The connection is used again, and nothing is left of it.
        try channel.writeOutbound(
            HTTPClientRequestPart.head(HTTPRequestHead(version: .http1_1, method: .GET, uri: "/studies"))
        )
        try channel.writeOutbound(HTTPClientRequestPart.end(nil))
        let after = try channel.readInbound(as: Answer.self)
        #expect(after == nil)
    }

    @Test("throws a long refusal as a whole")
    func long() async throws {
        let early = try Self.refused(megabytes: 2)
        let body = try await early.response.body.collect(upTo: 4 * 1024 * 1024)
        #expect(early.response.status == .payloadTooLarge)
        #expect(body.readableBytes == 2 * 1024 * 1024)
    }

    private static func refused(megabytes: Int) throws -> EarlyAnswer {
        let channel = try Self.sending()
        try channel.writeInbound(Answer.head(Self.head))
        for _ in 0..<megabytes {
            try channel.writeInbound(Answer.body(ByteBuffer(repeating: 0x20, count: 1024 * 1024)))
        }
        let error = #expect(throws: EarlyAnswer.self) { try channel.writeInbound(Answer.end(nil)) }
        return try #require(error)
    }

    @Test("throws no refusal that is longer than its limit")
    func tooLong() throws {
        let channel = try Self.sending()
        try channel.writeInbound(Answer.head(Self.head))
        let megabyte = ByteBuffer(repeating: 0x20, count: 1024 * 1024)
        for _ in 0..<(EarlyAnswerHandler.bytesMax / megabyte.readableBytes) {
            try channel.writeInbound(Answer.body(megabyte))
        }
        #expect(throws: DICOMwebError.limit(.bodyBytes)) {
            try channel.writeInbound(Answer.body(ByteBuffer(string: " ")))
        }
    }

    @Test("leaves an answer alone that is no refusal, or that comes after the request")
    func others() throws {
        let channel = try Self.sending()
        let good = HTTPResponseHead(version: .http1_1, status: .ok)
        try channel.writeInbound(Answer.head(good))
        let early = try channel.readInbound(as: Answer.self)
        #expect(early == .head(good))
        let late = try Self.sending()
        try late.writeOutbound(HTTPClientRequestPart.end(nil))
        try late.writeInbound(Answer.head(Self.head))
        let refusal = try late.readInbound(as: Answer.self)
        #expect(refusal == .head(Self.head))
    }
}
