import NIOCore
import NIOHTTP1

/// Frames each answer as its request needs: an answer to HEAD ends with its head, and one to HTTP/1.0 with the
/// connection (RFC 9112 §6.3).
///
/// The codec above it knows neither the method nor the version of the request by the time an answer is written. Without
/// this, a HEAD of unknown length would be followed by the end of a chunked body that never began, and an HTTP/1.0
/// client would get chunks it cannot read.
final class AnswerFraming: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// What of each request counts for its answer, in the order of the answers.
    private var asked = CircularBuffer<Asked>()

    private struct Asked {
        let isHead: Bool
        let isOld: Bool
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head(let head) = Self.unwrapInboundIn(data) {
            self.asked.append(Asked(isHead: head.method == .HEAD, isOld: head.version == .http1_0))
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard let asked = self.asked.first else {
            // An answer to what was no request.
            context.write(data, promise: promise)
            return
        }
        switch Self.unwrapOutboundIn(data) {
        case .head(let head):
            self.write(head, asked: asked, context: context, promise: promise)
        case .body:
            asked.isHead ? promise?.succeed() : context.write(data, promise: promise)
        case .end:
            self.asked.removeFirst()
            let written = promise ?? context.eventLoop.makePromise(of: Void.self)
            if asked.isOld {
                let channel = context.channel
                written.futureResult.whenComplete { _ in channel.close(promise: nil) }
            }
            if asked.isHead {
                context.flush()
                written.succeed()
            } else {
                context.write(data, promise: written)
            }
        }
    }

    private func write(
        _ head: HTTPResponseHead,
        asked: Asked,
        context: ChannelHandlerContext,
        promise: EventLoopPromise<Void>?
    ) {
        var head = head
        if asked.isOld {
            // There were no informational answers before HTTP/1.1.
            guard head.status.code >= 200 else {
                promise?.succeed()
                return
            }
            head.version = .http1_0
            head.headers.replaceOrAdd(name: "connection", value: "close")
        }
        context.write(Self.wrapOutboundOut(.head(head)), promise: promise)
    }
}
