import CollimatorCore
import HTTPTypes
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import Telemetry

/// Said to the connection when a handler begins to read the body of a request.
struct BodyWanted: Sendable {}

/// Sits on every connection between the HTTP codec and the server, and does what neither does.
///
/// It says `100 Continue` (RFC 9110 §10.1.1) when a handler begins to read a body and not before, so that a refusal
/// comes instead of it. It answers requests that do not parse with a problem document, ends a head that takes too
/// long and a body that stops coming, or comes in drops, with 408, and closes a connection whose client does not read.
/// And it closes a connection after its last answer in steps (RFC 9112 §9.6): once all of the answer has left our side
/// is closed, then for a short while what the client still sends is thrown away, because a reset would take the answer
/// from it. The last answer is one to a request that says so, that could not be read, or that was answered with more of
/// its body to come than is worth reading.
final class ConnectionHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let limits: GatewayLimits
    private let logger: Logger
    private var state: ConnectionStateMachine
    private var refusal = RequestRefusal.notHTTP
    private var bodyProgress = NIODeadline.now()
    private var bodyPace: BodyPace
    private var isReadPending = false
    private var hasReadPart = false
    private var isInputClosed = false
    /// Whoever works for the client alone; told where it goes before it is answered.
    private var awaited: ClientAwaited?
    private var leavingTimer: Scheduled<Void>?
    /// Done when the last byte of the answer that was written last has left.
    private var lastAnswer: EventLoopFuture<Void>?
    private var hasLastAnswerLeft = false
    private var headTimer: Scheduled<Void>?
    private var bodyTimer: Scheduled<Void>?
    private var stallTimer: Scheduled<Void>?
    private var lingerTimer: Scheduled<Void>?

    init(limits: GatewayLimits, logger: Logger) {
        self.limits = limits
        self.logger = logger
        self.bodyPace = BodyPace(window: TimeAmount(limits.bodyPaceWindow), bytesMin: limits.bodyPaceBytesMin)
        self.state = ConnectionStateMachine(
            unreadBytesMax: limits.unreadBytesMax,
            lingerBytesMax: limits.lingerBytesMax
        )
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let pipeline = context.pipeline.syncOperations
        do {
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            try pipeline.addHandler(AnswerFraming(), position: .after(decoder))
            try pipeline.addHandler(HeadCheck(), position: .after(decoder))
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
        self.cancelTimers()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let now = context.eventLoop.now
        self.hasReadPart = true
        let action: ConnectionStateMachine.ReadAction
        switch Self.unwrapInboundIn(data) {
        case .head(let request):
            action = self.requestBegan(request)
            self.bodyProgress = now
        case .body(let bytes):
            // What is left of a body after its answer has one limit in all, however steadily it comes.
            if self.state.owesAnswer { self.bodyProgress = now }
            action = self.state.bodyRead(bytes.readableBytes)
            if self.bodyPace.came(bytes.readableBytes, at: now), self.state.awaitsBody {
                return self.endSlowBody(context)
            }
        case .end: action = self.requestEnded()
        }
        switch action {
        case .forward: context.fireChannelRead(data)
        case .drop: break
        case .close: context.close(promise: nil)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.isReadPending = false
        self.bodyPace.paused(at: context.eventLoop.now)
        if self.state.isBodyDue, self.bodyTimer == nil { self.watchBody(context) }
        // Bytes that make no part of a request are a head that has begun.
        if !self.hasReadPart, self.state.awaitsHead, self.headTimer == nil { self.watchHead(context) }
        self.hasReadPart = false
        context.fireChannelReadComplete()
        // The server reads no more; what comes is read here to be thrown away.
        if self.state.isLingering { self.read(context: context) }
    }

    func read(context: ChannelHandlerContext) {
        guard self.state.mayRead else { return }
        // While nobody asks for bytes it is not the client that is slow.
        if !self.isReadPending {
            self.isReadPending = true
            if self.state.owesAnswer { self.bodyProgress = context.eventLoop.now }
            if self.state.isBodyDue { self.bodyPace.asked(at: context.eventLoop.now) }
        }
        context.read()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !self.state.isLingering else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        switch Self.unwrapOutboundIn(data) {
        case .head(var response) where response.status.kind != .informational:
            let closes = response.headerFields[.connection]?.lowercased() == "close"
            if self.state.answerBegan(closes: closes) { response.headerFields[.connection] = "close" }
            context.write(Self.wrapOutboundOut(.head(response)), promise: promise)
        case .end:
            self.writeEnd(data, context, promise)
            self.bodyProgress = context.eventLoop.now
            self.awaited = nil
            self.leavingTimer?.cancel()
            self.leavingTimer = nil
            switch self.state.answerEnded() {
            case .goOn: break
            case .refuse: self.refuse(self.refusal, context)
            case .close: self.linger(context)
            }
        default:
            context.write(data, promise: promise)
        }
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        if let awaited = event as? ClientAwaited {
            self.awaited = awaited
            if self.isInputClosed { self.watchLeaving(context) }
            promise?.succeed()
            return
        }
        guard event is BodyWanted else { return context.triggerUserOutboundEvent(event, promise: promise) }
        if self.state.bodyWanted() {
            context.writeAndFlush(Self.wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
            // Until now it was the client that waited.
            self.bodyProgress = context.eventLoop.now
            if self.isReadPending { self.bodyPace.asked(at: self.bodyProgress) }
            if self.bodyTimer == nil { self.watchBody(context) }
        }
        promise?.succeed()
    }

    /// The server has said all that it has to say: no more is written, but what was is still on its way, and where the
    /// client has closed its side already the channel would be closed as a whole, and at once.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode == .output else { return context.close(mode: mode, promise: promise) }
        promise?.succeed()
        if self.state.serverEnded() { self.linger(context) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event {
            self.isInputClosed = true
            self.watchLeaving(context)
            if self.hasLastAnswerLeft { return context.close(promise: nil) }
            self.noteCutRequest(context)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.cancelTimers()
        self.isInputClosed = true
        self.clientLeft()
        self.noteCutRequest(context)
        context.fireChannelInactive()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.stallTimer?.cancel()
        self.stallTimer = nil
        let isLastAnswerLeaving = self.state.isLingering && !self.hasLastAnswerLeft
        if !context.channel.isWritable || isLastAnswerLeaving { self.watchReader(context) }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case ByteToMessageDecoderError.dataReceivedInErrorState(_, let bytes):
            // Nothing is read as a request after what could not be read; what was wrong with that is known.
            if self.state.surplusRead(bytes.readableBytes) == .close { context.close(promise: nil) }
            return
        // More than a client that says `Connection: close` announced: the answer that it gets closes the connection.
        case HTTPParserError.closedConnection: return
        case HTTPParserError.headerOverflow: self.refusal = RequestRefusal.headTooLarge
        case is HTTPParserError: break
        case let fault as HeadFault: self.refusal = RequestRefusal.error(of: fault)
        default:
            // The connection itself is broken: nobody would read an answer, but somebody may be at work on one.
            self.state.owesAnswer && !self.state.isLingering
                ? context.fireErrorCaught(error) : context.close(promise: nil)
            return
        }
        switch self.state.requestFailed() {
        case .refuse: self.refuse(self.refusal, context)
        case .forward: context.fireErrorCaught(error)
        case .close: context.close(promise: nil)
        case .ignore: break
        }
    }
}

extension ConnectionHandler {
    private func requestBegan(_ request: HTTPRequest) -> ConnectionStateMachine.ReadAction {
        self.headTimer?.cancel()
        self.headTimer = nil
        self.bodyPace = BodyPace(
            window: TimeAmount(self.limits.bodyPaceWindow),
            bytesMin: self.limits.bodyPaceBytesMin
        )
        return self.state.requestBegan(
            expectsContinue: request.headerFields[.expect]?.lowercased() == "100-continue",
            bytes: Self.bodyBytes(of: request),
            leavesHTTP: request.method == .connect || request.headerFields[.upgrade] != nil,
            closes: request.headerFields[.connection]?.lowercased() == "close"
        )
    }

    private func requestEnded() -> ConnectionStateMachine.ReadAction {
        self.bodyTimer?.cancel()
        self.bodyTimer = nil
        return self.state.requestEnded()
    }

    private func cancelTimers() {
        self.headTimer?.cancel()
        self.bodyTimer?.cancel()
        self.stallTimer?.cancel()
        self.lingerTimer?.cancel()
        self.leavingTimer?.cancel()
    }

    /// A client that has closed its side may have gone, or only have no more to ask.
    private func watchLeaving(_ context: ChannelHandlerContext) {
        guard self.awaited != nil, self.leavingTimer == nil else { return }
        let limit = TimeAmount(self.limits.leavingGrace)
        self.leavingTimer = context.eventLoop.assumeIsolated().scheduleTask(in: limit) {
            self.leavingTimer = nil
            self.clientLeft()
        }
    }

    private func clientLeft() {
        self.awaited?.clientLeft()
        self.awaited = nil
    }

    /// A connection that ends in the middle of a request must never look like the end of its body.
    private func noteCutRequest(_ context: ChannelHandlerContext) {
        guard self.state.awaitsBody else { return }
        self.errorCaught(context: context, error: HTTPParserError.invalidEOFState)
    }

    /// Ends a head that is sent too slowly, however steadily.
    private func watchHead(_ context: ChannelHandlerContext) {
        let limit = TimeAmount(self.limits.headTimeout)
        self.headTimer = context.eventLoop.assumeIsolated().scheduleTask(in: limit) {
            self.headTimer = nil
            guard self.state.headStalled() == .refuse else { return }
            self.refuse(RequestRefusal.headTooSlow, context)
        }
    }

    /// Looks at the body's progress at its deadline, as often as it takes.
    private func watchBody(_ context: ChannelHandlerContext) {
        let limit = TimeAmount(self.limits.bodyIdleTimeout)
        let deadline = max(self.bodyProgress + limit, context.eventLoop.now + .milliseconds(10))
        self.bodyTimer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
            self.bodyTimer = nil
            guard self.state.isBodyDue else { return }
            let now = context.eventLoop.now
            let counts = self.isReadPending || !self.state.owesAnswer
            let hasStopped = counts && now >= self.bodyProgress + limit
            // Bytes that make no part of a body, as of the frame of a chunk, are seen here only.
            if hasStopped || self.bodyPace.came(0, at: now) { return self.endSlowBody(context) }
            if !counts { self.bodyProgress = now }
            self.watchBody(context)
        }
    }

    private func endSlowBody(_ context: ChannelHandlerContext) {
        switch self.state.bodyStalled() {
        case .refuse: self.refuse(RequestRefusal.bodyTooSlow, context)
        default: context.close(promise: nil)
        }
        // Whoever waits for the rest of the body must not take this for its end.
        context.fireErrorCaught(RequestRefusal.bodyTooSlow)
    }

    /// Closes the connection where the client has taken nothing of what waits for it since the last look.
    private func watchReader(_ context: ChannelHandlerContext) {
        let before = Self.bytesWaiting(context)
        let limit = TimeAmount(self.limits.stalledReaderTimeout)
        self.stallTimer = context.eventLoop.assumeIsolated().scheduleTask(in: limit) {
            self.stallTimer = nil
            guard Self.bytesWaiting(context) < before else {
                context.close(promise: nil)
                return
            }
            self.watchReader(context)
        }
    }

    /// Answers a request that no handler will answer, as the last of the connection.
    private func refuse(_ error: CollimatorError, _ context: ChannelHandlerContext) {
        let refusal = RequestRefusal(error)
        self.logger.log(
            level: error.code.logLevel,
            "request refused before it was read",
            error: error,
            metadata: ["hb.request.id": "\(refusal.requestID, .open)"]
        )
        context.write(Self.wrapOutboundOut(.head(refusal.head)), promise: nil)
        context.write(Self.wrapOutboundOut(.body(refusal.body)), promise: nil)
        self.writeEnd(Self.wrapOutboundOut(.end(nil)), context, nil)
        self.linger(context)
    }

    private func writeEnd(_ end: NIOAny, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        let written = promise ?? context.eventLoop.makePromise(of: Void.self)
        self.lastAnswer = written.futureResult
        context.write(end, promise: written)
    }

    /// Waits until the last answer has left, for as long as its reader takes some of it, and then for a while.
    private func linger(_ context: ChannelHandlerContext) {
        context.flush()
        let last = self.lastAnswer ?? context.eventLoop.makeSucceededVoidFuture()
        // Where it does not leave the connection is closed already.
        last.assumeIsolated().whenSuccess { self.lastAnswerLeft(context) }
        if !self.hasLastAnswerLeft, self.stallTimer == nil { self.watchReader(context) }
        self.read(context: context)
    }

    private func lastAnswerLeft(_ context: ChannelHandlerContext) {
        self.hasLastAnswerLeft = true
        self.stallTimer?.cancel()
        self.stallTimer = nil
        // A client that has closed its side sends nothing that could lead to a reset.
        guard context.channel.isActive, !self.isInputClosed else { return context.close(promise: nil) }
        let channel = context.channel
        self.lingerTimer = context.eventLoop.scheduleTask(in: TimeAmount(self.limits.lingerTime)) {
            channel.close(promise: nil)
        }
        context.close(mode: .output, promise: nil)
    }

    private static func bytesWaiting(_ context: ChannelHandlerContext) -> Int {
        do {
            return try context.channel.syncOptions?.getOption(.bufferedWritableBytes) ?? 0
        } catch {
            return 0
        }
    }

    /// The length of a body; nil where it is chunked.
    private static func bodyBytes(of request: HTTPRequest) -> Int? {
        if let length = request.headerFields[.contentLength] { return Int(length) }
        return request.headerFields[.transferEncoding] == nil ? 0 : nil
    }
}
