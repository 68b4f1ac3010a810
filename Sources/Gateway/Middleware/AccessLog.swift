import CollimatorCore
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Synchronization
import Telemetry

/// One line per request: the route template, never the path or the query, which may hold patient data.
///
/// A streamed answer is logged when it has ended, with what became of it.
struct AccessLog: RouterMiddleware {
    typealias Context = GatewayContext

    /// Who may say for whom they pass a request on.
    let proxies: [AddressRange]

    /// Bytes up to which a body is taken to be written at once; it is then logged before it is.
    static let wholeBytesMax = 64 * 1024

    func handle(
        _ request: Request,
        context: GatewayContext,
        next: (Request, GatewayContext) async throws -> Response
    ) async throws -> Response {
        let line = AccessLine(request, context: context, proxies: self.proxies)
        do {
            var response = try await next(request, context)
            let status = response.status.code
            if let length = response.body.contentLength, length <= Self.wholeBytesMax {
                line.write(status: status, bytes: length, outcome: .complete)
                return response
            }
            let body = response.body
            response.body = ResponseBody(contentLength: body.contentLength) { writer in
                try await line.watch(body, status: status, writer: writer)
            }
            return response
        } catch {
            let outcome: TransferOutcome = error is ClientGone ? .clientGone : .complete
            line.write(status: collimatorError(for: error).code.status, bytes: nil, outcome: outcome)
            throw error
        }
    }
}

/// What became of an answer.
enum TransferOutcome: String, Sendable, CaseIterable {
    /// All of it was handed to the connection.
    case complete
    /// The client closed the connection before the end, or before there was an answer.
    case clientGone = "client-gone"
    /// Its source failed in the middle, and the connection was cut.
    case cut
}

/// A line of the access log, begun when the request came.
struct AccessLine: Sendable {
    private let logger: Logger
    private let method: String
    private let route: String
    private let peer: SocketAddress?
    private let headers: HTTPFields
    private let proxies: [AddressRange]
    private let start: ContinuousClock.Instant

    init(_ request: Request, context: GatewayContext, proxies: [AddressRange]) {
        self.init(
            request.head,
            route: context.endpointPath ?? "none",
            peer: context.peerAddress,
            proxies: proxies,
            logger: context.logger
        )
    }

    init(
        _ request: HTTPRequest,
        route: String,
        peer: SocketAddress?,
        proxies: [AddressRange],
        logger: Logger,
        start: ContinuousClock.Instant = .now
    ) {
        self.start = start
        self.logger = logger
        self.method = EndpointTable.methods.contains(request.method) ? request.method.rawValue : "_OTHER"
        self.route = route
        self.peer = peer
        self.headers = request.headerFields
        self.proxies = proxies
    }

    /// Writes the body and the line.
    func watch(_ body: ResponseBody, status: Int, writer: any ResponseBodyWriter) async throws {
        let tally = Tally()
        do {
            try await body.write(TalliedWriter(base: writer, tally: tally))
            self.write(status: status, bytes: tally.bytes, outcome: .complete)
        } catch {
            let outcome: TransferOutcome = tally.clientIsGone || error is CancellationError ? .clientGone : .cut
            self.write(status: status, bytes: tally.bytes, outcome: outcome, error: error)
            throw error
        }
    }

    func write(status: Int, bytes: Int?, outcome: TransferOutcome, error: (any Error)? = nil) {
        let level: Logger.Level = outcome == .cut ? .warning : .info
        // What nobody writes down is not put together.
        guard level >= self.logger.logLevel else { return }
        let address = clientAddress(peer: self.peer, headers: self.headers, proxies: self.proxies)
        var metadata: Logger.Metadata = [
            "http.request.method": "\(self.method, .open)",
            "http.route": "\(self.route, .open)",
            "http.response.status_code": "\(status, .open)",
            "client.address": "\(address ?? "none", .personal)",
            "transfer.outcome": "\(outcome.rawValue, .open)",
            "duration.ms": "\((ContinuousClock.now - self.start).milliseconds, .open)",
        ]
        if let bytes { metadata["http.response.body.size"] = "\(bytes, .open)" }
        self.logger.log(
            level: level,
            "request",
            error: outcome == .cut ? error.map(collimatorError) : nil,
            metadata: metadata
        )
    }
}

/// What has been written of a body.
private final class Tally: Sendable {
    private let state = Mutex((bytes: 0, clientIsGone: false))

    var bytes: Int { self.state.withLock { $0.bytes } }
    var clientIsGone: Bool { self.state.withLock { $0.clientIsGone } }

    func add(_ count: Int) { self.state.withLock { $0.bytes += count } }
    func noteClientIsGone() { self.state.withLock { $0.clientIsGone = true } }
}

/// Counts on the way, and tells a client that went from a source that failed.
private struct TalliedWriter: ResponseBodyWriter {
    var base: any ResponseBodyWriter
    let tally: Tally

    mutating func write(_ buffer: ByteBuffer) async throws {
        do {
            try await self.base.write(buffer)
        } catch {
            self.tally.noteClientIsGone()
            throw error
        }
        self.tally.add(buffer.readableBytes)
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
        do {
            try await self.base.finish(trailingHeaders)
        } catch {
            self.tally.noteClientIsGone()
            throw error
        }
    }
}

extension Duration {
    /// Whole milliseconds.
    fileprivate var milliseconds: Int64 {
        self.components.seconds * 1000 + self.components.attoseconds / 1_000_000_000_000_000
    }
}
