import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Sits between ``ConnectionHandler`` and the server, and sends what ``QuickAnswers`` answers.
///
/// The server neither sees such a request nor its answer. It gets every request while it owes an answer, so that answers
/// leave in order, while the client does not read, since only the server waits for it, and where many came at once; and one now
/// and then in any case, because it closes connections on which it hears nothing for long.
final class QuickAnswerHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// Gives the answer to a request without a body, which must be sent; nil where the server has to answer.
    typealias Answer = @Sendable (_ request: HTTPRequest, _ peer: SocketAddress?) -> QuickAnswer?

    private let answer: Answer
    private let silenceMax: TimeAmount
    /// The head of a request whose end is still to come.
    private var head: HTTPRequest?
    private var answersOwed = 0
    private var lastForwarded = NIODeadline.distantPast
    /// Answers that were given since the connection was read last.
    private var answersAtOnce = 0

    /// The most answers between two reads of a connection: the others of its loop wait for so long.
    static let answersAtOnceMax = 16

    /// `idleTimeout` is that of the server.
    init(idleTimeout: Duration, answer: @escaping Answer) {
        self.answer = answer
        // Well before the server would take the connection for idle.
        self.silenceMax = TimeAmount(idleTimeout / 4)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.lastForwarded = context.eventLoop.now
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch Self.unwrapInboundIn(data) {
        case .head(let request):
            self.forwardHead(context)
            if self.mayAnswer(request, context) {
                self.head = request
            } else {
                self.forward(request, context)
            }
        case .body:
            self.forwardHead(context)
            context.fireChannelRead(data)
        case .end:
            // The channel knows the address; the context would ask the system.
            if let request = self.head, let answer = self.answer(request, context.channel.remoteAddress) {
                self.head = nil
                return self.write(answer, context)
            }
            self.forwardHead(context)
            context.fireChannelRead(data)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if self.answersAtOnce > 0 {
            self.answersAtOnce = 0
            context.flush()
        }
        context.fireChannelReadComplete()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = Self.unwrapOutboundIn(data) { self.answersOwed = max(0, self.answersOwed - 1) }
        context.write(data, promise: promise)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        self.forwardHead(context)
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.forwardHead(context)
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.head = nil
        context.fireChannelInactive()
    }

    private func mayAnswer(_ request: HTTPRequest, _ context: ChannelHandlerContext) -> Bool {
        request.method == .get && self.answersOwed == 0 && self.answersAtOnce < Self.answersAtOnceMax
            && context.channel.isWritable
            && context.eventLoop.now - self.lastForwarded < self.silenceMax && Self.endsWithHead(request)
    }

    /// Whether the end of the request comes with its head: for nothing else may a head wait here.
    private static func endsWithHead(_ request: HTTPRequest) -> Bool {
        !request.headerFields.contains { field in
            [.contentLength, .transferEncoding, .expect, .upgrade].contains(field.name)
        }
    }

    private func forwardHead(_ context: ChannelHandlerContext) {
        guard let request = self.head else { return }
        self.head = nil
        self.forward(request, context)
    }

    private func forward(_ request: HTTPRequest, _ context: ChannelHandlerContext) {
        self.answersOwed += 1
        self.lastForwarded = context.eventLoop.now
        context.fireChannelRead(Self.wrapInboundOut(.head(request)))
    }

    private func write(_ answer: QuickAnswer, _ context: ChannelHandlerContext) {
        self.answersAtOnce += 1
        context.write(Self.wrapOutboundOut(.head(answer.head)), promise: nil)
        if let body = answer.body { context.write(Self.wrapOutboundOut(.body(body)), promise: nil) }
        context.write(Self.wrapOutboundOut(.end(nil)), promise: nil)
    }
}
