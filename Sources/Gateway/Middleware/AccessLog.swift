import CollimatorCore
import Hummingbird
import Logging
import Telemetry

/// One line per request: the route template, never the path or the query, which may hold patient data.
struct AccessLog: RouterMiddleware {
    typealias Context = GatewayContext

    private let clock = ContinuousClock()

    func handle(
        _ request: Request,
        context: GatewayContext,
        next: (Request, GatewayContext) async throws -> Response
    ) async throws -> Response {
        let start = self.clock.now
        do {
            let response = try await next(request, context)
            self.log(request, context: context, status: response.status.code, start: start)
            return response
        } catch {
            self.log(request, context: context, status: collimatorError(for: error).code.status, start: start)
            throw error
        }
    }

    private func log(_ request: Request, context: GatewayContext, status: Int, start: ContinuousClock.Instant) {
        let method = EndpointTable.methods.contains(request.method) ? request.method.rawValue : "_OTHER"
        context.logger.info(
            "request",
            metadata: [
                "http.request.method": "\(method, .open)",
                "http.route": "\(context.endpointPath ?? "none", .open)",
                "http.response.status_code": "\(status, .open)",
                "duration.ms": "\((self.clock.now - start).milliseconds, .open)",
            ]
        )
    }
}

extension Duration {
    /// Whole milliseconds.
    fileprivate var milliseconds: Int64 {
        self.components.seconds * 1000 + self.components.attoseconds / 1_000_000_000_000_000
    }
}
