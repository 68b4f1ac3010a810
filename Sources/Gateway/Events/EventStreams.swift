import Catalog
import CollimatorCore
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle

/// Server-sent events of the change feed.
///
/// Each has the position as its id, so that a client that connects again goes on where it was. A stream has a longest
/// life and there is a limit on streams that are open at the same time; a client that reads slowly is waited for, and
/// costs no memory meanwhile.
struct EventStreams: Sendable {
    /// The most streams that are open at the same time.
    static let streamsMax = 256
    /// How often a stream looks whether it is to end.
    static let lookout = Duration.seconds(1)
    /// How many looks without an event there are between two signs of life.
    static let looksUntilSign = 15
    /// How many looks a stream lives.
    static let looksMax = 3_600
    private static let batch = 100

    private let open = OpenStreams()

    /// The stream of what comes after the position.
    ///
    /// - Throws: `unavailable` where too many streams are open.
    func response(
        _ feed: ChangeFeed,
        after start: ChangeFeed.Position,
        filter: EventFilter
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
            try await Self.write(feed, after: start, filter: filter, to: &writer)
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
        _ feed: ChangeFeed,
        after start: ChangeFeed.Position,
        filter: EventFilter,
        to writer: inout any ResponseBodyWriter
    ) async throws {
        var position = start
        let reader = feed.reader()
        var quietLooks = 0
        var shown = ShownStudies(filter.visibility)
        // At once, so that the client knows that it is connected, and where.
        try await writer.write(ByteBuffer(string: "id: \(position.text)\n\n"))
        for _ in 0..<Self.looksMax {
            // A stream would hold up the end of the service; its client connects again elsewhere.
            guard !Task.isShuttingDownGracefully else { return }
            let page = try await feed.events(after: position, limit: Self.batch)
            position = page.next
            for event in page.events {
                guard let form = try await filter.form(of: event) else { continue }
                try await writer.write(try Self.event(form, beginning: position.beginning))
                shown.note(form)
                quietLooks = 0
            }
            guard page.events.isEmpty else { continue }
            try await shown.review(filter, feed, readTo: position)
            quietLooks += 1
            if quietLooks.isMultiple(of: Self.looksUntilSign) {
                // It shows a client that went away, and keeps what stands between from closing the connection.
                try await writer.write(ByteBuffer(string: ":\nid: \(position.text)\n\n"))
            }
            try await reader.wait(atMost: Self.lookout)
        }
    }

    /// JSON as it is written here has no line ends, so that one line of data holds it.
    private static func event(_ event: ChangeEvent, beginning: Int64) throws -> ByteBuffer {
        let position = ChangeFeed.Position(beginning: beginning, sequence: event.sequence)
        var buffer = ByteBuffer(string: "id: \(position.text)\nevent: \(event.type.rawValue)\ndata: ")
        buffer.writeBytes(try event.cloudEvent(.uids, beginning: beginning))
        buffer.writeString("\n\n")
        return buffer
    }
}
