import Hummingbird
import NIOCore

/// Whether the process lives, and whether it can do its work.
///
/// Needs no caller and tells nothing else.
struct HealthController: Sendable {
    let readiness: ReadinessProbe

    var endpoints: [Endpoint] {
        [
            Endpoint(open: .get, "/healthz", handler: self.health),
            Endpoint(open: .get, "/readyz", handler: self.ready),
        ]
    }

    @Sendable private func health(_ request: Request, context: GatewayContext) -> Response {
        self.answer("ok", status: .ok)
    }

    @Sendable private func ready(_ request: Request, context: GatewayContext) async -> Response {
        await self.readiness.isReady()
            ? self.answer("ready", status: .ok)
            : self.answer("not-ready", status: .serviceUnavailable)
    }

    private func answer(_ word: String, status: HTTPResponse.Status) -> Response {
        Response(
            status: status,
            headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: ResponseBody(
                byteBuffer: ByteBuffer(bytes: JSONValue.object([("status", .string(word))]).encoded())
            )
        )
    }
}
