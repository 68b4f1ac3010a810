package import Hummingbird
package import Identity
import Logging

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
    /// The port that the request came in by; nil where there is no socket.
    let localPort: Int?
    /// How far the body of the request has been read.
    let bodyReading: BodyReading

    package init(source: ApplicationRequestContextSource) {
        // The server puts the id into the logger; a log handler that keeps nothing loses it.
        self.requestID = source.logger[metadataKey: "hb.request.id"]?.description ?? RequestID().description
        self.coreContext = CoreRequestContextStorage(source: source)
        self.caller = nil
        self.localPort = source.channel.localAddress?.port
        self.bodyReading = BodyReading(channel: source.channel)
    }
}
