import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Synchronization
import Testing

@testable import Gateway

@Suite("The handler that answers quickly")
struct QuickAnswerHandlerTests {
    @Test("answers in the place of the server, and has the server answer what it has no answer to")
    func places() throws {
        let connection = try Connection { $0.path == "/kept" }
        try connection.ask("/kept")
        #expect(try connection.written == ["200", "kept", "end"])
        #expect(try connection.forwarded == [])
        try connection.ask("/other")
        #expect(try connection.written == [])
        #expect(try connection.forwarded == ["/other", "end"])
    }

    @Test("leaves all to the server while that owes an answer, so that none overtakes another")
    func order() throws {
        let connection = try Connection { $0.path == "/kept" }
        try connection.ask("/other")
        try connection.ask("/kept")
        #expect(try connection.written == [])
        #expect(try connection.forwarded == ["/other", "end", "/kept", "end"])
        try connection.serverAnswers()
        try connection.ask("/kept")
        #expect(try connection.written == ["204", "end"])
        #expect(try connection.forwarded == ["/kept", "end"])
        try connection.serverAnswers()
        try connection.serverAnswers()
        try connection.ask("/kept")
        #expect(try connection.written == ["204", "end", "204", "end", "200", "kept", "end"])
        #expect(try connection.forwarded == [])
    }

    @Test("hands on a request that has a body, that is cut short or fails, from its head on")
    func unfinished() throws {
        let connection = try Connection { _ in true }
        try connection.ask("/kept", body: "x")
        #expect(try connection.forwarded == ["/kept", "x", "end"])
        try connection.serverAnswers()
        let cut = try Connection { _ in true }
        try cut.begin("/kept")
        #expect(try cut.forwarded == [])
        cut.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        #expect(try cut.forwarded == ["/kept"])
        let broken = try Connection { _ in true }
        try broken.begin("/kept")
        broken.channel.pipeline.fireErrorCaught(ChannelError.ioOnClosedChannel)
        #expect(try broken.forwarded == ["/kept"])
        #expect(try broken.written == [])
    }

    @Test("keeps no head back whose body is awaited, or which waits for leave to send it")
    func bodies() throws {
        let fields: [HTTPFields] = [
            [.contentLength: "1"], [.transferEncoding: "chunked"], [.expect: "100-continue"], [.upgrade: "h2c"],
        ]
        for fields in fields {
            let connection = try Connection { _ in true }
            try connection.begin("/kept", fields)
            #expect(try connection.forwarded == ["/kept"], "\(fields)")
        }
    }

    @Test("lets the server have a request before that takes the connection for idle")
    func silence() throws {
        let connection = try Connection { _ in true }
        for _ in 0..<3 {
            connection.channel.embeddedEventLoop.advanceTime(by: .seconds(9))
            try connection.ask("/kept")
        }
        // Asked 9, 18 and 27 seconds after the beginning, of the 80 of which a quarter may be silent.
        #expect(try connection.forwarded == ["/kept", "end"])
        #expect(try connection.written == ["200", "kept", "end", "200", "kept", "end"])
        try connection.serverAnswers()
        try connection.ask("/kept")
        #expect(try connection.written == ["204", "end", "200", "kept", "end"])
    }

    @Test("leaves the rest to the server where many requests come at once, so that other connections have their turn")
    func many() throws {
        let connection = try Connection { _ in true }
        let head = HTTPRequest(method: .get, scheme: "http", authority: "x", path: "/kept")
        let most = QuickAnswerHandler.answersAtOnceMax
        for _ in 0..<(most + 2) {
            connection.channel.pipeline.fireChannelRead(HTTPRequestPart.head(head))
            connection.channel.pipeline.fireChannelRead(HTTPRequestPart.end(nil))
        }
        // Nothing leaves before all has been read.
        #expect(try connection.written == [])
        connection.channel.pipeline.fireChannelReadComplete()
        #expect(try connection.written == Array(repeating: ["200", "kept", "end"], count: most).flatMap(\.self))
        #expect(try connection.forwarded == ["/kept", "end", "/kept", "end"])
        for _ in 0..<2 { try connection.serverAnswers() }
        try connection.ask("/kept")
        #expect(try connection.written == ["204", "end", "204", "end", "200", "kept", "end"])
    }

    @Test("leaves a client that does not read to the server, which waits for it")
    func unread() throws {
        let connection = try Connection { _ in true }
        connection.channel.isWritable = false
        try connection.ask("/kept")
        #expect(try connection.written == [])
        #expect(try connection.forwarded == ["/kept", "end"])
    }
}

/// A connection with nothing but the handler.
private struct Connection {
    let channel = EmbeddedChannel()

    init(isKept: @escaping @Sendable (HTTPRequest) -> Bool) throws {
        let handler = QuickAnswerHandler(idleTimeout: .seconds(80)) { request, _ in
            guard isKept(request) else { return nil }
            return QuickAnswer(head: HTTPResponse(status: .ok), body: ByteBuffer(string: "kept"))
        }
        try self.channel.pipeline.syncOperations.addHandler(handler)
        self.channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
    }

    func begin(_ path: String, _ fields: HTTPFields = [:]) throws {
        let head = HTTPRequest(method: .get, scheme: "http", authority: "x", path: path, headerFields: fields)
        try self.channel.writeInbound(HTTPRequestPart.head(head))
    }

    func ask(_ path: String, body: String? = nil) throws {
        try self.begin(path)
        if let body { try self.channel.writeInbound(HTTPRequestPart.body(ByteBuffer(string: body))) }
        try self.channel.writeInbound(HTTPRequestPart.end(nil))
    }

    func serverAnswers() throws {
        try self.channel.writeOutbound(HTTPResponsePart.head(HTTPResponse(status: .noContent)))
        try self.channel.writeOutbound(HTTPResponsePart.end(nil))
    }

    /// What the server has got since it was looked at last.
    var forwarded: [String] {
        get throws {
            var parts: [String] = []
            while let part = try self.channel.readInbound(as: HTTPRequestPart.self) {
                switch part {
                case .head(let head): parts.append(head.path ?? "")
                case .body(let body): parts.append(String(buffer: body))
                case .end: parts.append("end")
                }
            }
            return parts
        }
    }

    /// What was written to the client since it was looked at last.
    var written: [String] {
        get throws {
            var parts: [String] = []
            while let part = try self.channel.readOutbound(as: HTTPResponsePart.self) {
                switch part {
                case .head(let head): parts.append("\(head.status.code)")
                case .body(let body): parts.append(String(buffer: body))
                case .end: parts.append("end")
                }
            }
            return parts
        }
    }
}
