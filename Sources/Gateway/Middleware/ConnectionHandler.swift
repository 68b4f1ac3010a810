import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// Said to the connection when a handler begins to read the body of a request.
struct BodyWanted: Sendable {}

/// Sits on every connection below the server and does what the server does not.
///
/// It says `100 Continue` (RFC 9110 §10.1.1) when a handler begins to read a body and not before, so that a refusal comes
/// instead of it; and it closes a connection whose request was answered with more of its body to come than is worth
/// reading. Closing goes in two steps (RFC 9112 §9.6): our side first, then for a short while what the client still sends
/// is thrown away, because a reset would take the answer from it.
final class ConnectionHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private var state: ConnectionStateMachine
    private let lingerTime: TimeAmount
    private var lingerTimer: Scheduled<Void>?

    init(limits: GatewayLimits) {
        self.state = ConnectionStateMachine(
            unreadBytesMax: limits.unreadBytesMax,
            lingerBytesMax: limits.lingerBytesMax
        )
        self.lingerTime = TimeAmount(limits.lingerTime)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.lingerTimer?.cancel()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let action =
            switch Self.unwrapInboundIn(data) {
            case .head(let request):
                self.state.requestBegan(
                    expectsContinue: request.headerFields[.expect]?.lowercased() == "100-continue",
                    bytes: Self.bodyBytes(of: request)
                )
            case .body(let bytes): self.state.bodyRead(bytes.readableBytes)
            case .end: self.state.requestEnded()
            }
        switch action {
        case .forward: context.fireChannelRead(data)
        case .drop: break
        case .close: context.close(promise: nil)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        // The server reads no more; what comes is read here to be thrown away.
        if self.state.isLingering { context.read() }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch Self.unwrapOutboundIn(data) {
        case .head(var response) where response.status.kind != .informational:
            let closes = response.headerFields[.connection]?.lowercased() == "close"
            guard self.state.answerBegan(closes: closes), !closes else {
                return context.write(data, promise: promise)
            }
            response.headerFields[.connection] = "close"
            context.write(Self.wrapOutboundOut(.head(response)), promise: promise)
        case .end where self.state.answerEnded():
            context.writeAndFlush(data, promise: promise)
            self.linger(context)
        default:
            context.write(data, promise: promise)
        }
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard event is BodyWanted else { return context.triggerUserOutboundEvent(event, promise: promise) }
        if self.state.bodyWanted() {
            context.writeAndFlush(Self.wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
        }
        promise?.succeed()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event {
            if self.state.isLingering { return context.close(promise: nil) }
            self.tellCutRequest(context)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.lingerTimer?.cancel()
        self.tellCutRequest(context)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if self.state.isLingering { return context.close(promise: nil) }
        // More than a client that said `Connection: close` announced: its answer closes the connection.
        if case HTTPParserError.closedConnection = error { return }
        context.fireErrorCaught(error)
    }

    /// A connection that ends in the middle of a request must never look like the end of its body.
    private func tellCutRequest(_ context: ChannelHandlerContext) {
        guard self.state.isRequestArriving, !self.state.isLingering else { return }
        context.fireErrorCaught(HTTPParserError.invalidEOFState)
    }

    private func linger(_ context: ChannelHandlerContext) {
        let channel = context.channel
        self.lingerTimer = context.eventLoop.scheduleTask(in: self.lingerTime) { channel.close(promise: nil) }
        context.close(mode: .output, promise: nil)
        context.read()
    }

    /// The length of a body; nil where it is chunked.
    private static func bodyBytes(of request: HTTPRequest) -> Int? {
        if let length = request.headerFields[.contentLength] { return Int(length) }
        return request.headerFields[.transferEncoding] == nil ? 0 : nil
    }
}
