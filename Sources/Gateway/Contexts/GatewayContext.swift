package import Hummingbird
package import Identity
import Logging
package import NIOCore

/// What every request has on its way through the gateway.
///
/// The caller is optional here because some routes are open; a handler that needs a caller receives a
/// ``CallerContext``, which cannot be made without one.
package struct GatewayContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// Who calls; set by ``Authentication``, nil on open routes.
    package var caller: Caller?
    /// The id of the request, the same that is in the log, in problem documents and in the header of the answer.
    package let requestID: String
    /// Where the connection comes from; nil without a socket.
    package let peerAddress: SocketAddress?
    /// The port that the connection came in at; nil without a socket.
    package let localPort: Int?
    /// The connection that the request came in on.
    let channel: any Channel
    /// How far the body of the request has been read.
    let bodyReading: BodyReading

    package init(source: ApplicationRequestContextSource) {
        // The server puts the id into the logger; a log handler that keeps nothing loses it.
        self.requestID = source.logger[metadataKey: "hb.request.id"]?.description ?? RequestID().description
        self.coreContext = CoreRequestContextStorage(source: source)
        self.caller = nil
        self.peerAddress = source.channel.remoteAddress
        self.localPort = source.channel.localAddress?.port
        self.channel = source.channel
        self.bodyReading = BodyReading(channel: source.channel)
    }
}
