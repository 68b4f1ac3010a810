import Catalog
import CollimatorCore
import HTTPTypes
import Hummingbird
import Identity

/// What changed: the change feed as pages, for those who come again, and as a stream, for those who stay.
///
/// Each event is decided for the caller when it is given out, so that a right that was taken away counts at once.
struct EventsController: Sendable {
    let feed: ChangeFeed
    let readable: ReadableStores
    let visibility: EventVisibility
    let streams: EventStreams

    /// Events that one request looks at: a page that is not full by then still leads on.
    static let eventsReadMax = 10_000
    private static let batch = 500

    var endpoints: [Endpoint] {
        [
            Endpoint(.get, "/api/v1/events", .eventsRead, handler: self.list),
            Endpoint(.get, "/api/v1/events/stream", .eventsRead, offersHead: false, handler: self.follow),
        ]
    }

    @Sendable private func list(
        _ request: Request,
        context: CallerContext,
        target: ServiceTarget
    ) async throws -> Response {
        let wish = try EventListRequest(parsing: request.uri.query)
        let filter = try self.filter(wish, for: context.caller)
        var page = try await self.feed.events(after: wish.after, limit: Self.batch)
        var (items, next, read) = ([[UInt8]](), page.next, 0)
        pages: while !page.events.isEmpty, read < Self.eventsReadMax {
            for event in page.events {
                guard items.count < wish.limit else { break pages }
                if let form = try await filter.form(of: event) {
                    items.append(try form.cloudEvent(.uids, beginning: page.next.beginning))
                }
                next = ChangeFeed.Position(beginning: page.next.beginning, sequence: event.sequence)
            }
            read += page.events.count
            page = try await self.feed.events(after: next, limit: Self.batch)
        }
        let head = Array(#"{"items":["#.utf8) + Array(items.joined(separator: [UInt8(ascii: ",")]))
        return jsonAnswer(encoded: head + Array(#"],"nextCursor":"\#(next.text)"}"#.utf8), to: request)
    }

    @Sendable private func follow(
        _ request: Request,
        context: CallerContext,
        target: ServiceTarget
    ) async throws -> Response {
        let wish = try EventListRequest(parsingStream: request.uri.query)
        let filter = try self.filter(wish, for: context.caller)
        // A browser that connects again says what it has seen, and its address is still that of the first time.
        let seen = try request.headers[.lastEventID].map { text throws(CollimatorError) in
            try EventListRequest.position(text)
        }
        let start: ChangeFeed.Position
        if let position = seen ?? wish.after {
            start = position
            // What is kept no longer is refused before the first byte.
            _ = try await self.feed.events(after: position, limit: 1)
        } else {
            start = try await self.feed.end()
        }
        return try self.streams.response(self.feed, after: start, filter: filter)
    }

    private func filter(_ wish: EventListRequest, for caller: Caller) throws(CollimatorError) -> EventFilter {
        // A name of a store that the caller may not read gets the answer of an unknown one.
        let stores = wish.storeNames.isEmpty ? nil : try self.readable.stores(named: wish.storeNames, for: caller)
        return EventFilter(
            types: wish.types,
            stores: stores.map { Set($0.map(\.name)) },
            visibility: self.visibility,
            caller: caller
        )
    }
}

/// Which events a caller gets.
struct EventFilter: Sendable {
    /// Empty for all.
    let types: Set<ChangeEvent.Kind>
    /// Nil for all.
    let stores: Set<StoreName>?
    let visibility: EventVisibility
    let caller: Caller

    /// The event as the caller gets it; nil where they do not.
    func form(of event: ChangeEvent) async throws -> ChangeEvent? {
        guard self.asks(for: event) else { return nil }
        guard let form = try await self.visibility.form(of: event, for: self.caller) else { return nil }
        return self.types.isEmpty || self.types.contains(form.type) ? form : nil
    }

    /// Whether it can come to be one that was asked for; a change can also be the end of a view.
    private func asks(for event: ChangeEvent) -> Bool {
        if let stores {
            guard let store = event.store, stores.contains(store) else { return false }
        }
        return self.types.isEmpty || self.types.contains(event.type)
            || (self.types.contains(.studyRemoved) && event.previous != nil)
    }
}

extension HTTPField.Name {
    /// What a client of a stream has seen (HTML, server-sent events).
    fileprivate static let lastEventID = HTTPField.Name.known("Last-Event-ID")
}
