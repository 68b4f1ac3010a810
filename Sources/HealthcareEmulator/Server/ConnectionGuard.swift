internal import HTTPTypes
internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTPTypes

/// Sits between the HTTP codec and Hummingbird on every connection, and does what neither does.
///
/// It answers requests that do not parse with Google's error JSON, says `100 Continue` when a handler begins to read a
/// body that its client waits to send, and not before, so that a refusal comes instead of it; bounds what is read of a
/// body after its answer was sent, closes a connection whose client does not read, and tells the registry when the
/// client has gone.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let limits: EmulatorLimits
    private let connections: ConnectionRegistry
    private var exchange = ExchangeStateMachine()
    private var failure = GoogleStatus.invalidArgument
    private var stallTimer: Scheduled<Void>? = nil

    init(limits: EmulatorLimits, connections: ConnectionRegistry) {
        self.limits = limits
        self.connections = connections
        self.exchange.drainedBytesMax = limits.drainedBytesMax
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.connections.opened(ObjectIdentifier(context.channel))
        // Room for one file's worth of bytes, so that the next is read while this one is sent.
        let mark = ChannelOptions.Types.WriteBufferWaterMark(low: 256 * 1024, high: 1024 * 1024)
        context.channel.setOption(.writeBufferWaterMark, value: mark).whenComplete { _ in }
        // Large pieces of an upload cost one trip through the pipeline where small ones cost many.
        let pieces = AdaptiveRecvByteBufferAllocator(minimum: 2048, initial: 2048, maximum: 256 * 1024)
        context.channel.setOption(.recvAllocator, value: pieces).whenComplete { _ in }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.connections.closed(ObjectIdentifier(context.channel))
        self.stallTimer?.cancel()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.connections.clientGone(ObjectIdentifier(context.channel))
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event {
            self.connections.clientGone(ObjectIdentifier(context.channel))
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = Self.unwrapInboundIn(data)
        switch part {
        case .head(let request):
            self.exchange.requestBegan(expectsContinue: request.headerFields.expectContinue)
            context.fireChannelRead(data)
        case .body(let bytes):
            switch self.exchange.bodyRead(bytes.readableBytes) {
            case .forward: context.fireChannelRead(data)
            case .drop: break
            case .close: context.close(promise: nil)
            }
        case .end:
            guard self.exchange.requestEnded() == .forward else { return }
            context.fireChannelRead(data)
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch Self.unwrapOutboundIn(data) {
        case .head(var response):
            if self.exchange.responseBegan() { response.headerFields[.connection] = "close" }
            context.write(Self.wrapOutboundOut(.head(response)), promise: promise)
        case .body:
            context.write(data, promise: promise)
        case .end:
            let isLast = self.exchange.isLastResponse
            let written = isLast ? promise ?? context.eventLoop.makePromise(of: Void.self) : promise
            context.write(data, promise: written)
            if self.exchange.responseEnded() { return self.answer(context: context, self.failure) }
            guard isLast, let written else { return }
            let channel = context.channel
            written.futureResult.whenComplete { _ in channel.close(promise: nil) }
        }
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard event is BodyWanted else { return context.triggerUserOutboundEvent(event, promise: promise) }
        if self.exchange.bodyWanted() {
            context.writeAndFlush(Self.wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
        }
        promise?.succeed()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // More than a client that says `Connection: close` announced: the answer that it gets closes the connection.
        if case HTTPParserError.closedConnection = error { return }
        if case HTTPParserError.headerOverflow = error { self.failure = .headersTooLarge }
        switch self.exchange.failed() {
        case .answer:
            self.answer(context: context, self.failure)
        case .wait:
            break
        case .forward:
            context.fireErrorCaught(error)
        case .close:
            context.close(promise: nil)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.stallTimer?.cancel()
        self.stallTimer = nil
        if !context.channel.isWritable {
            let channel = context.channel
            self.stallTimer = context.eventLoop.scheduleTask(in: .seconds(Int64(self.limits.stalledWriteSeconds))) {
                channel.close(promise: nil)
            }
        }
        context.fireChannelWritabilityChanged()
    }

    private func answer(context: ChannelHandlerContext, _ status: GoogleStatus) {
        let error =
            status == .headersTooLarge
            ? GoogleError(status, "The head of the request is too large.")
            : GoogleError(status, "The request is not valid HTTP.")
        let body = error.body(.object).text(.pretty)
        let head = HTTPResponse(
            status: HTTPResponse.Status(code: status.http),
            headerFields: [
                .contentType: "application/json; charset=UTF-8",
                .contentLength: String(body.count),
                .connection: "close",
            ]
        )
        context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
        context.write(Self.wrapOutboundOut(.body(ByteBuffer(bytes: body))), promise: nil)
        let channel = context.channel
        context.writeAndFlush(Self.wrapOutboundOut(.end(nil))).whenComplete { _ in channel.close(promise: nil) }
    }
}
