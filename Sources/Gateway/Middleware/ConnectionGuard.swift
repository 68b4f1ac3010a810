import CollimatorCore
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import Telemetry

/// Sits between the HTTP codec and the server on every connection, and does what neither does.
///
/// It answers requests that do not parse with a problem document, ends a body that stops coming with 408, bounds what
/// is read of a body after its answer, and closes a connection whose client does not read.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let limits: GatewayLimits
    private let logger: Logger
    private var exchange: ExchangeStateMachine
    private var refusal = ConnectionGuard.notHTTP
    private var bodyProgress = NIODeadline.now()
    private var isReadPending = false
    private var bodyTimer: Scheduled<Void>?
    private var stallTimer: Scheduled<Void>?
    private var bytesWaiting = 0

    init(limits: GatewayLimits, logger: Logger) {
        self.limits = limits
        self.logger = logger
        self.exchange = ExchangeStateMachine(drainedBytesMax: limits.drainedBytesMax)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let pipeline = context.pipeline.syncOperations
        do {
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            try pipeline.addHandler(AnswerFraming(), position: .after(decoder))
        } catch {
            // Without the HTTP/1.1 codec, as in tests of the handler alone, there is nothing to frame.
        }
        let mark = ChannelOptions.Types.WriteBufferWaterMark(
            low: self.limits.writeBufferBytesMax / 4,
            high: self.limits.writeBufferBytesMax
        )
        context.channel.setOption(.writeBufferWaterMark, value: mark).whenComplete { _ in }
        // Large pieces of a body cost one trip through the pipeline where small ones cost many.
        let pieces = AdaptiveRecvByteBufferAllocator(minimum: 2048, initial: 2048, maximum: 256 * 1024)
        context.channel.setOption(.recvAllocator, value: pieces).whenComplete { _ in }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.bodyTimer?.cancel()
        self.stallTimer?.cancel()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.bodyProgress = .now()
        switch Self.unwrapInboundIn(data) {
        case .head:
            guard self.exchange.mayWrite else { return }
            self.exchange.requestBegan()
            context.fireChannelRead(data)
        case .body(let bytes):
            switch self.exchange.bodyRead(bytes.readableBytes) {
            case .forward: context.fireChannelRead(data)
            case .drop: break
            case .close: self.closeGently(context)
            }
        case .end:
            self.bodyTimer?.cancel()
            self.bodyTimer = nil
            guard self.exchange.requestEnded() == .forward else { return }
            context.fireChannelRead(data)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.isReadPending = false
        if self.exchange.awaitsBody, self.bodyTimer == nil { self.watchBody(context) }
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        // While nobody asks for bytes it is not the client that is slow.
        if !self.isReadPending {
            self.isReadPending = true
            self.bodyProgress = .now()
        }
        context.read()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard self.exchange.mayWrite else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        let part = Self.unwrapOutboundIn(data)
        if case .head(let head) = part, head.status.code >= 200 { self.exchange.answerBegan() }
        context.write(data, promise: promise)
        guard case .end = part else { return }
        switch self.exchange.answerEnded() {
        case .goOn: break
        case .answer: self.answer(self.refusal, context)
        case .close:
            context.flush()
            self.closeGently(context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // More than a client that says `Connection: close` announced: the answer that it gets closes the connection.
        if case HTTPParserError.closedConnection = error { return }
        if case HTTPParserError.headerOverflow = error { self.refusal = Self.headTooLarge }
        switch self.exchange.requestFailed() {
        case .answer: self.answer(self.refusal, context)
        case .forward: context.fireErrorCaught(error)
        case .close: context.close(promise: nil)
        case .wait, .ignore: break
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event, !self.exchange.mayWrite {
            context.close(promise: nil)
            return
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.stallTimer?.cancel()
        self.stallTimer = nil
        if !context.channel.isWritable { self.watchReader(context) }
        context.fireChannelWritabilityChanged()
    }
}

extension ConnectionGuard {
    private static var notHTTP: CollimatorError {
        CollimatorError(
            .invalidInput,
            "the bytes on a connection are not HTTP",
            publicDetail: "The request is not valid HTTP."
        )
    }

    private static var headTooLarge: CollimatorError {
        CollimatorError(
            .headersTooLarge,
            "the head of a request is too large",
            publicDetail: "The request line and the header fields are larger than this service accepts."
        )
    }

    private static var bodyTooSlow: CollimatorError {
        CollimatorError(
            .requestTimeout,
            "the body of a request stopped coming",
            publicDetail: "The body of the request did not arrive in time."
        )
    }

    /// Looks at the body's progress at its deadline, as often as it takes.
    private func watchBody(_ context: ChannelHandlerContext) {
        let limit = TimeAmount(self.limits.bodyIdleTimeout)
        let deadline = max(self.bodyProgress + limit, .now() + .milliseconds(10))
        self.bodyTimer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
            self.bodyTimer = nil
            guard self.exchange.awaitsBody else { return }
            guard self.isReadPending, NIODeadline.now() >= self.bodyProgress + limit else {
                if !self.isReadPending { self.bodyProgress = .now() }
                self.watchBody(context)
                return
            }
            switch self.exchange.bodyStalled() {
            case .answer: self.answer(Self.bodyTooSlow, context)
            default: context.close(promise: nil)
            }
            // Whoever waits for the rest of the body must not take this for its end.
            context.fireErrorCaught(Self.bodyTooSlow)
        }
    }

    /// Closes the connection where the client has taken nothing of what waits for it since the last look.
    private func watchReader(_ context: ChannelHandlerContext) {
        self.bytesWaiting = self.waiting(context)
        let limit = TimeAmount(self.limits.stalledReaderTimeout)
        self.stallTimer = context.eventLoop.assumeIsolated().scheduleTask(in: limit) {
            self.stallTimer = nil
            guard self.waiting(context) < self.bytesWaiting else {
                context.close(promise: nil)
                return
            }
            self.watchReader(context)
        }
    }

    private func waiting(_ context: ChannelHandlerContext) -> Int {
        do {
            return try context.channel.syncOptions?.getOption(.bufferedWritableBytes) ?? 0
        } catch {
            return 0
        }
    }

    private func answer(_ error: CollimatorError, _ context: ChannelHandlerContext) {
        let problem = Problem(error, requestID: RequestID().description)
        self.logger.log(
            level: error.code.logLevel,
            "request refused before it was read",
            error: error,
            metadata: ["hb.request.id": "\(problem.requestID, .open)"]
        )
        let body = problem.body
        var headers = problem.headers
        headers[.contentLength] = String(body.count)
        headers[.connection] = "close"
        headers[requestIDHeader] = problem.requestID
        setProtectiveHeaders(&headers)
        let head = HTTPResponse(status: HTTPResponse.Status(code: error.code.status), headerFields: headers)
        context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
        context.write(Self.wrapOutboundOut(.body(ByteBuffer(bytes: body))), promise: nil)
        context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: nil)
        self.closeGently(context)
    }

    /// Says that nothing more comes and gives the client a moment to read what came: a connection that is closed with
    /// bytes unread is reset, and the answer may be lost with it.
    private func closeGently(_ context: ChannelHandlerContext) {
        context.close(mode: .output, promise: nil)
        let channel = context.channel
        context.eventLoop.scheduleTask(in: TimeAmount(self.limits.lingerFor)) { channel.close(promise: nil) }
    }
}
