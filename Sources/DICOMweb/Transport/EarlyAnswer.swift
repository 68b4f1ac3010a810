import NIOCore
import NIOHTTP1

/// An answer that refuses a request before all of its body was sent, whole.
///
/// It is thrown through the HTTP client, because an error is what makes the client let go of the rest of the body.
struct EarlyAnswer: Error {
    let head: HTTPResponseHead
    let body: ByteBuffer
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

    /// Bytes of such an answer that are taken.
    private static let bytesMax = 1024 * 1024

    private var isSending = false
    private var early: EarlyAnswer?

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
            self.early = nil
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
            self.early = EarlyAnswer(head: head, body: ByteBuffer())
        case .body(let bytes) where self.early != nil:
            self.take(bytes, context)
        case .end where self.early != nil:
            guard let early = self.early else { return }
            self.early = nil
            self.isSending = false
            context.fireErrorCaught(early)
        default:
            context.fireChannelRead(data)
        }
    }

    private func take(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        guard let early = self.early else { return }
        var body = early.body
        body.writeImmutableBuffer(bytes)
        self.early = EarlyAnswer(head: early.head, body: body)
        guard body.readableBytes > Self.bytesMax else { return }
        self.early = nil
        self.isSending = false
        context.fireErrorCaught(DICOMwebError.limit(.bodyBytes))
    }

    /// All of the request was sent before all of the answer was there: an answer like any other.
    private func release(_ context: ChannelHandlerContext) {
        guard let early = self.early else { return }
        self.early = nil
        context.fireChannelRead(Self.wrapInboundOut(.head(early.head)))
        if early.body.readableBytes > 0 { context.fireChannelRead(Self.wrapInboundOut(.body(early.body))) }
    }
}
