import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOHTTPTypes
import Synchronization
import Testing

@testable import Gateway

@Suite("The handler of a connection")
struct ConnectionHandlerTests {
    @Test("closes its side when all of the last answer has left, and everything a while after")
    func lastAnswer() throws {
        let connection = try Connection()
        connection.request("POST", [.contentLength: "1000000"])
        connection.answer(.unauthorized)
        connection.wait(.seconds(20))
        #expect(connection.wire.closes == [])
        connection.wire.take()
        #expect(connection.wire.closes == [.output])
        connection.wait(.seconds(4))
        #expect(connection.wire.closes == [.output])
        connection.wait(.seconds(2))
        #expect(connection.wire.closes == [.output, .all])
    }

    @Test("does not take the last answer from a client that closes its side in the middle of it")
    func halfClosedInBetween() throws {
        let connection = try Connection()
        connection.request("POST", [.contentLength: "1000000"])
        connection.answer(.unauthorized)
        connection.clientClosesItsSide()
        #expect(connection.wire.closes == [])
        connection.wire.take()
        #expect(connection.wire.closes == [.all])
    }

    @Test("does not take an answer from a client that had closed its side before, when the server is done")
    func halfClosedBefore() throws {
        let connection = try Connection()
        connection.request("GET", isWhole: true)
        connection.clientClosesItsSide()
        connection.answer(.ok)
        connection.serverIsDone()
        #expect(connection.wire.closes == [])
        connection.wire.take()
        #expect(connection.wire.closes == [.all])
        #expect(connection.wire.statuses == [200])
    }

    @Test("tells who works for the client alone a while after that closed its side, and not after the answer")
    func awaited() throws {
        let calls = Mutex(0)
        let connection = try Connection()
        connection.request("GET", isWhole: true)
        connection.awaits { calls.withLock { $0 += 1 } }
        #expect(calls.withLock { $0 } == 0)
        connection.clientClosesItsSide()
        connection.wait(.milliseconds(1_900))
        #expect(calls.withLock { $0 } == 0)
        connection.wait(.milliseconds(200))
        #expect(calls.withLock { $0 } == 1)
        // Who comes later is told as well.
        connection.awaits { calls.withLock { $0 += 1 } }
        connection.wait(.milliseconds(2_100))
        #expect(calls.withLock { $0 } == 2)

        let cut = try Connection()
        cut.request("GET", isWhole: true)
        cut.awaits { calls.withLock { $0 += 1 } }
        cut.isGone()
        #expect(calls.withLock { $0 } == 3)
        cut.wait(.seconds(3))
        #expect(calls.withLock { $0 } == 3)

        let closed = try Connection()
        closed.request("GET", isWhole: true)
        closed.awaits { calls.withLock { $0 += 1 } }
        closed.clientClosesItsSide()
        closed.wait(.milliseconds(100))
        closed.isGone()
        #expect(calls.withLock { $0 } == 4, "it is not waited for any more")
        closed.wait(.seconds(3))
        #expect(calls.withLock { $0 } == 4)

        let answered = try Connection()
        answered.request("GET", isWhole: true)
        answered.awaits { calls.withLock { $0 += 10 } }
        answered.clientClosesItsSide()
        answered.answer(.ok)
        answered.wait(.seconds(3))
        answered.isGone()
        #expect(calls.withLock { $0 } == 4)
    }

    @Test("closes a connection whose client takes nothing of the last answer")
    func stalledReader() throws {
        let connection = try Connection()
        connection.request("POST", [.contentLength: "1000000"])
        connection.answer(.unauthorized)
        connection.wait(.seconds(61))
        #expect(connection.wire.closes == [.all])
    }

    @Test("throws away what follows a request that could not be read, up to a limit, and goes on refusing")
    func afterNonsense() throws {
        var limits = GatewayLimits()
        limits.lingerBytesMax = 100
        let connection = try Connection(limits)
        connection.fails(HTTPParserError.invalidMethod)
        connection.wire.take()
        #expect(connection.wire.statuses == [400])
        #expect(connection.wire.closes == [.output])
        connection.surplus(100, after: HTTPParserError.invalidMethod)
        #expect(connection.wire.closes == [.output])
        connection.surplus(1, after: HTTPParserError.invalidMethod)
        #expect(connection.wire.closes == [.output, .all])
        #expect(connection.wire.statuses == [400])
    }

    @Test("answers a client's last request once, though more comes after it")
    func surplus() throws {
        let connection = try Connection()
        connection.request("GET", [.connection: "close"], isWhole: true)
        connection.fails(HTTPParserError.closedConnection)
        connection.surplus(10, after: HTTPParserError.closedConnection)
        connection.answer(.ok)
        connection.surplus(10, after: HTTPParserError.closedConnection)
        connection.serverIsDone()
        connection.wire.take()
        #expect(connection.wire.statuses == [200])
        #expect(connection.wire.heads.first?.headerFields[.connection] == "close")
        #expect(connection.wire.closes == [.output])
    }

    private struct Broken: Error {}

    @Test("answers nothing to a connection that breaks between requests, and tells whoever is answering one")
    func brokenConnection() throws {
        let idle = try Connection()
        idle.fails(Broken())
        #expect(idle.wire.statuses == [])
        #expect(idle.wire.closes == [.all])
        let busy = try Connection()
        busy.request("GET", isWhole: true)
        busy.fails(Broken())
        #expect(busy.server.errors == 1)
        #expect(busy.wire.statuses == [])
        #expect(busy.wire.closes == [])
    }

    @Test("does not count the time that a client waits for leave to send")
    func leave() throws {
        let connection = try Connection()
        connection.request("POST", [.contentLength: "1000000", .expect: "100-continue"])
        connection.read()
        connection.wait(.seconds(70))
        #expect(connection.wire.statuses == [])
        connection.wantsBody()
        #expect(connection.wire.statuses == [100])
        connection.wait(.seconds(29))
        #expect(connection.wire.statuses == [100])
        connection.wait(.seconds(2))
        #expect(connection.wire.statuses == [100, 408])
    }

    @Test("gives what is left of a body after its answer one time in all")
    func restOfBody() throws {
        var limits = GatewayLimits()
        limits.bodyPaceBytesMin = 1
        let connection = try Connection(limits)
        connection.request("POST", [.contentLength: "1000"])
        connection.answer(.unauthorized)
        connection.wire.take()
        for _ in 0..<2 {
            connection.wait(.seconds(10))
            connection.body(100)
        }
        #expect(connection.wire.closes == [])
        connection.wait(.seconds(9))
        connection.body(100)
        connection.wait(.seconds(2))
        #expect(connection.wire.closes == [.all])
    }
}

/// A connection with a client and a server that do what a test says.
private struct Connection {
    let wire = Wire()
    let server = Server()
    private let channel = EmbeddedChannel()

    init(_ limits: GatewayLimits = GatewayLimits()) throws {
        let pipeline = self.channel.pipeline.syncOperations
        try pipeline.addHandler(self.wire)
        try pipeline.addHandler(ConnectionHandler(limits: limits, logger: GatewayUnderTest.quiet))
        try pipeline.addHandler(self.server)
        self.channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
    }

    private var pipeline: ChannelPipeline.SynchronousOperations { self.channel.pipeline.syncOperations }

    func request(_ method: String, _ headers: HTTPFields = [:], isWhole: Bool = false) {
        let head = HTTPRequest(
            method: HTTPRequest.Method(rawValue: method) ?? .get,
            scheme: "http",
            authority: "x",
            path: "/",
            headerFields: headers
        )
        self.pipeline.fireChannelRead(NIOAny(HTTPRequestPart.head(head)))
        if isWhole { self.pipeline.fireChannelRead(NIOAny(HTTPRequestPart.end(nil))) }
        self.pipeline.fireChannelReadComplete()
    }

    func body(_ count: Int) {
        self.read()
        self.pipeline.fireChannelRead(NIOAny(HTTPRequestPart.body(ByteBuffer(repeating: 0, count: count))))
        self.pipeline.fireChannelReadComplete()
    }

    func read() { self.pipeline.read() }

    func fails(_ error: any Error) { self.pipeline.fireErrorCaught(error) }

    /// Bytes come after those that could not be read.
    func surplus(_ count: Int, after error: any Error) {
        let bytes = ByteBuffer(repeating: 0, count: count)
        self.fails(ByteToMessageDecoderError.dataReceivedInErrorState(error, bytes))
        self.pipeline.fireChannelReadComplete()
    }

    func clientClosesItsSide() { self.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed) }

    func awaits(_ clientLeft: @escaping @Sendable () -> Void) {
        self.pipeline.triggerUserOutboundEvent(ClientAwaited(clientLeft: clientLeft), promise: nil)
    }

    func isGone() { self.pipeline.fireChannelInactive() }

    func wantsBody() { self.pipeline.triggerUserOutboundEvent(BodyWanted(), promise: nil) }

    func answer(_ status: HTTPResponse.Status) {
        self.pipeline.write(NIOAny(HTTPResponsePart.head(HTTPResponse(status: status))), promise: nil)
        self.pipeline.writeAndFlush(NIOAny(HTTPResponsePart.end(nil)), promise: nil)
    }

    func serverIsDone() { self.pipeline.close(mode: .output, promise: nil) }

    func wait(_ time: TimeAmount) { self.channel.embeddedEventLoop.advanceTime(by: time) }
}

/// Where bytes leave when a test lets them.
private final class Wire: ChannelOutboundHandler {
    typealias OutboundIn = HTTPResponsePart

    private(set) var heads: [HTTPResponse] = []
    private(set) var closes: [CloseMode] = []
    private var waiting: [EventLoopPromise<Void>] = []

    var statuses: [Int] { self.heads.map(\.status.code) }

    /// The client takes all that was written.
    func take() {
        let taken = self.waiting
        self.waiting = []
        for promise in taken { promise.succeed() }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .head(let head) = Self.unwrapOutboundIn(data) { self.heads.append(head) }
        if let promise { self.waiting.append(promise) }
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        self.closes.append(mode)
        guard mode == .all else { return promise?.succeed() ?? () }
        for promise in self.waiting { promise.fail(ChannelError.ioOnClosedChannel) }
        self.waiting = []
        context.close(promise: promise)
    }
}

/// What comes to the server.
private final class Server: ChannelInboundHandler {
    typealias InboundIn = HTTPRequestPart

    private(set) var errors = 0

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}

    func errorCaught(context: ChannelHandlerContext, error: any Error) { self.errors += 1 }
}
