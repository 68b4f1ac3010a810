import CollimatorCore
import Hummingbird
import Logging
import Telemetry

/// Turns every error into the form that its path has, mostly a problem document, and lets none through, so that the
/// layers outside it see an answer.
///
/// It also gives every answer its `Request-Id`, the same that is in the log, and the headers that protect a browser.
struct ErrorBoundary: RouterMiddleware {
    typealias Context = GatewayContext

    /// The methods of each route template, for a method that only the upstream knows not to be offered.
    let methods: [String: String]

    func handle(
        _ request: Request,
        context: GatewayContext,
        next: (Request, GatewayContext) async throws -> Response
    ) async throws -> Response {
        var response: Response
        do {
            response = try await next(request, context)
        } catch {
            let failure = collimatorError(for: error)
            self.log(failure, level: error is ClientGone ? .debug : failure.code.logLevel, context: context)
            let form = ErrorForm(route: context.endpointPath, path: request.uri.path)
            response = form.response(failure, requestID: context.requestID)
            if failure.code == .methodNotAllowed, let methods = context.endpointPath.flatMap({ self.methods[$0] }) {
                let others = methods.split(separator: ", ").filter { $0 != request.method.rawValue }
                response.headers[.allow] = others.joined(separator: ", ")
            }
        }
        response.headers[requestIDHeader] = context.requestID
        if context.bodyReading.isAbandoned { response.headers[.connection] = "close" }
        setProtectiveHeaders(&response.headers)
        return response
    }

    private func log(_ failure: CollimatorError, level: Logger.Level, context: GatewayContext) {
        context.logger.log(
            level: level,
            "request failed",
            error: failure,
            metadata: ["http.route": "\(context.endpointPath ?? "none", .open)"]
        )
    }
}

extension CollimatorError.Code {
    /// How loud a failure is: a refused request is no error, a degraded upstream is a warning.
    var logLevel: Logger.Level {
        switch self {
        case .internalError, .insufficientStorage: .error
        case .upstreamInvalid, .unavailable, .upstreamTimeout: .warning
        case .forbidden: .info
        default: .debug
        }
    }
}
