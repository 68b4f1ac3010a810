import NIOCore

/// The multipart body of a store request, made while it is sent: one piece of one item is in memory at a time.
enum StoreBody {
    /// A body of items that are there already; it can be sent again where each of them can.
    static func make(_ items: [StoreItem], _ writer: MultipartWriter) -> RequestBody {
        if items.allSatisfy({ $0.body.isReplayable }) {
            return RequestBody(storage: .multipart { Self.chunks(Self.next(of: items), writer) })
        }
        return RequestBody(storage: .stream(length: nil) { Self.chunks(Self.next(of: items), writer) })
    }

    /// A body of items that come one by one.
    static func make<Items: AsyncSequence & Sendable>(
        _ items: Items,
        _ writer: MultipartWriter
    ) -> RequestBody where Items.Element == StoreItem {
        RequestBody(
            storage: .stream(length: nil) {
                var iterator = items.makeAsyncIterator()
                return Self.chunks({ try await iterator.next() }, writer)
            }
        )
    }

    private static func next(of items: [StoreItem]) -> () async throws -> StoreItem? {
        var iterator = items.makeIterator()
        return { iterator.next() }
    }

    private static func chunks(
        _ nextItem: @escaping () async throws -> StoreItem?,
        _ writer: MultipartWriter
    ) -> RequestBody.NextChunk {
        var content: RequestBody.NextChunk?
        var isFinished = false
        return {
            if let next = content {
                if let chunk = try await next() { return chunk }
                content = nil
                return writer.partTail
            }
            guard !isFinished else { return nil }
            guard let item = try await nextItem() else {
                isFinished = true
                return writer.closing
            }
            content = try await item.body.open().open()
            return writer.partHead(item.headers)
        }
    }
}
