import CollimatorCore
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle
import Synchronization

/// Server-sent events about one operation: one whenever something of it has changed, the last one when it has ended.
///
/// The upstream is asked at growing intervals, because it tells of nothing by itself. The stream has a longest life,
/// after which a client connects again, and there is a limit on streams that are open at the same time.
struct OperationEvents: Sendable {
    /// The most streams that are open at the same time.
    static let streamsMax = 64
    /// The interval between two questions grows from the first to the last.
    static let intervalFirst = Duration.seconds(1)
    static let intervalMax = Duration.seconds(5)
    /// How many questions a stream asks before it ends.
    static let questionsMax = 120

    private let open = OpenStreams()

    /// The stream, beginning with what is known already.
    ///
    /// - Throws: `unavailable` where too many streams are open.
    func response(
        beginningWith first: OperationBody,
        next: @escaping @Sendable () async throws -> OperationBody
    ) throws(CollimatorError) -> Response {
        guard let ticket = OpenStreams.Ticket(self.open, max: Self.streamsMax) else {
            throw CollimatorError(
                .unavailable,
                "too many event streams are open",
                publicDetail: "Too many event streams are open now.",
                retryAfterSeconds: 30
            )
        }
        let body = ResponseBody { writer in
            try await Self.write(first, next: next, to: &writer)
            try await writer.finish(nil)
            ticket.keep()
        }
        return Response(
            status: .ok,
            headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
            body: body
        )
    }

    private static func write(
        _ first: OperationBody,
        next: @Sendable () async throws -> OperationBody,
        to writer: inout any ResponseBodyWriter
    ) async throws {
        var current = first
        try await writer.write(Self.event(current))
        var interval = Self.intervalFirst
        for _ in 0..<Self.questionsMax where current.operation.state == .running {
            // A stream would hold up the end of the service; its client connects again elsewhere.
            guard !Task.isShuttingDownGracefully else { return }
            try await Task.sleep(for: interval)
            interval = min(interval * 2, Self.intervalMax)
            let latest = try await next()
            // A comment shows a client that went away, and keeps what stands between from closing the connection.
            let isNews = latest.operation != current.operation
            try await writer.write(isNews ? Self.event(latest) : ByteBuffer(string: ":\n\n"))
            current = latest
        }
    }

    /// JSON as it is written here has no line ends, so that one line of data holds it.
    private static func event(_ body: OperationBody) -> ByteBuffer {
        var buffer = ByteBuffer(string: "event: operation\ndata: ")
        buffer.writeBytes(body.json.encoded())
        buffer.writeString("\n\n")
        return buffer
    }
}

/// How many streams are open.
final class OpenStreams: Sendable {
    private let count = Mutex(0)

    /// A place among the open streams, free again when nobody holds it: also where a body is never written.
    final class Ticket: Sendable {
        private let streams: OpenStreams

        init?(_ streams: OpenStreams, max: Int) {
            let isFree = streams.count.withLock { count in
                guard count < max else { return false }
                count += 1
                return true
            }
            guard isFree else { return nil }
            self.streams = streams
        }

        deinit {
            self.streams.count.withLock { $0 -= 1 }
        }

        /// Keeps the place until here.
        func keep() {}
    }
}
