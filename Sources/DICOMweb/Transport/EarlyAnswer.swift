public import AsyncHTTPClient
package import NIOCore
import NIOHTTP1

/// An answer that refuses a request before all of its body was sent, whole.
///
/// It is thrown through an HTTP client that was made with
/// ``DICOMwebClient/transportConfiguration(connectionsPerHost:idleTimeout:)``, because an error is what makes that client
/// let go of the rest of the body. ``DICOMwebClient`` catches it; who sends a body with such an HTTP client directly must
/// do so too.
public struct EarlyAnswer: Error {
    /// The answer, with its body in memory, of at most 16 MiB.
    public let response: HTTPClientResponse

    init(_ head: HTTPResponseHead, _ body: ByteBuffer) {
        self.response = HTTPClientResponse(
            version: head.version,
            status: head.status,
            headers: head.headers,
            body: .bytes(body)
        )
    }
}

extension HTTPClient {
    /// Sends a request and gives the answer, one that comes before all of the body was sent like any other.
    package func answer(to request: HTTPClientRequest, timeout: TimeAmount) async throws -> HTTPClientResponse {
        do {
            return try await self.execute(request, timeout: timeout)
        } catch let early as EarlyAnswer {
            return early.response
        }
    }
}

/// Turns an answer of 300 or more that comes while the request's body is still being sent into an ``EarlyAnswer``.
///
/// AsyncHTTPClient 1.37 stops taking such a body when the head of the answer comes, ends the exchange with the answer,
/// and never resumes whoever waits to write the next piece: a task and a piece of the body would stay in memory for
/// every refused upload. An error before the head ends both sides.
final class EarlyAnswerHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias InboundOut = HTTPClientResponsePart
    typealias OutboundIn = HTTPClientRequestPart
    typealias OutboundOut = HTTPClientRequestPart

    /// Bytes of such an answer that are taken: as many as a gateway looks at of the answer to a store request.
    static let bytesMax = 16 * 1024 * 1024

    private var isSending = false
    private var head: HTTPResponseHead?
    private var body = ByteBuffer()

    /// Puts a handler on a connection of the HTTP client.
    ///
    /// On the connection's own loop it is there at once: the client takes a connection that closes in between for one
    /// that is alive.
    static func add(to channel: any Channel) -> EventLoopFuture<Void> {
        guard channel.eventLoop.inEventLoop else {
            return channel.eventLoop.submit { try Self.addNow(to: channel) }
        }
        do {
            try Self.addNow(to: channel)
            return channel.eventLoop.makeSucceededVoidFuture()
        } catch {
            return channel.eventLoop.makeFailedFuture(error)
        }
    }

    private static func addNow(to channel: any Channel) throws {
        let pipeline = channel.pipeline.syncOperations
        let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPResponseDecoder>.self)
        try pipeline.addHandler(EarlyAnswerHandler(), position: .after(decoder))
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch Self.unwrapOutboundIn(data) {
        case .head:
            self.isSending = true
            self.forget()
            context.write(data, promise: promise)
        case .body:
            context.write(data, promise: promise)
        case .end:
            self.isSending = false
            context.write(data, promise: promise)
            self.release(context)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch Self.unwrapInboundIn(data) {
        case .head(let head) where self.isSending && head.status.code >= 300:
            self.head = head
        case .body(let bytes) where self.head != nil:
            self.take(bytes, context)
        case .end where self.head != nil:
            guard let head = self.head else { return }
            let early = EarlyAnswer(head, self.body)
            self.forget()
            self.isSending = false
            context.fireErrorCaught(early)
        default:
            context.fireChannelRead(data)
        }
    }

    private func take(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        self.body.writeImmutableBuffer(bytes)
        guard self.body.readableBytes > Self.bytesMax else { return }
        self.forget()
        self.isSending = false
        context.fireErrorCaught(DICOMwebError.limit(.bodyBytes))
    }

    /// All of the request was sent before all of the answer was there: an answer like any other.
    private func release(_ context: ChannelHandlerContext) {
        guard let head = self.head else { return }
        let body = self.body
        self.forget()
        context.fireChannelRead(Self.wrapInboundOut(.head(head)))
        if body.readableBytes > 0 { context.fireChannelRead(Self.wrapInboundOut(.body(body))) }
    }

    private func forget() {
        self.head = nil
        self.body = ByteBuffer()
    }
}
