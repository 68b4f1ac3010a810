internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import Telemetry

/// One line for each request: route template, method, status and time, and nothing that the request brought.
struct AccessLog: Sendable {
    private static let methods: Set<String> = Set(EndpointTable.methods.map(\.rawValue))

    /// The request was answered to its last byte.
    func write(
        _ context: EmulatorContext,
        _ method: HTTPRequest.Method,
        _ status: HTTPResponse.Status,
        since began: ContinuousClock.Instant
    ) {
        context.logger.debug(
            "request answered",
            metadata: Self.metadata(context, method, status, since: began)
        )
    }

    /// The body ended before its time: the client went, or a file could not be read to its end.
    func writeCut(
        _ context: EmulatorContext,
        _ method: HTTPRequest.Method,
        _ status: HTTPResponse.Status,
        since began: ContinuousClock.Instant,
        _ error: any Error
    ) {
        var metadata = Self.metadata(context, method, status, since: began)
        metadata["error.type"] = "\(type(of: error), .open)"
        context.logger.debug("answer cut short", metadata: metadata)
    }

    /// A fault of ours.
    func writeFailure(_ context: EmulatorContext, _ error: any Error) {
        context.logger.error(
            "request failed",
            metadata: [
                "http.route": "\(context.endpointPath ?? "", .open)",
                "error.type": "\(type(of: error), .open)",
            ]
        )
    }

    private static func metadata(
        _ context: EmulatorContext,
        _ method: HTTPRequest.Method,
        _ status: HTTPResponse.Status,
        since began: ContinuousClock.Instant
    ) -> Logger.Metadata {
        let duration = ContinuousClock.now - began
        let (seconds, attoseconds) = duration.components
        let microseconds = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
        let name = Self.methods.contains(method.rawValue) ? method.rawValue : "_OTHER"
        return [
            "http.route": "\(context.endpointPath ?? "", .open)",
            "http.request.method": "\(name, .open)",
            "http.response.status_code": "\(status.code, .open)",
            "duration.us": "\(microseconds, .open)",
        ]
    }
}
