import CollimatorCore
import DICOMweb

/// A search over one or more stores, page by page.
///
/// The order is that of the stores' names, and within a store the upstream's. Stores are asked a few at a time; what a
/// page does not reach is not asked, or not looked at. A store that fails makes the page fail as soon as the page needs
/// it: a part is never given for the whole.
struct StudyListing: Sendable {
    /// In the order of their names.
    let stores: [GatewayStore]
    let search: StudySearch

    /// How many stores are asked at the same time.
    static let storesAtOnceMax = 4

    /// One page.
    struct Page: Sendable {
        let items: [JSONValue]
        /// Where the next page begins, nil where there is none.
        let next: ListCursor?
        /// The number of all that match, where the end of the list has been seen.
        let total: Int?
        /// Whether the list, followed to its end, holds everything.
        let isComplete: Bool
    }

    /// The page that the search asks for.
    func page(for call: UpstreamCall) async throws -> Page {
        let start = try self.search.position(in: self.stores)
        var found: [(store: Int, item: UpstreamPages.Item)] = []
        var rest: ListCursor?
        var index = start.store
        while index < self.stores.count, found.count <= self.search.limit, rest == nil {
            let wave = index..<min(index + Self.storesAtOnceMax, self.stores.count)
            for (store, answer) in zip(wave, await self.ask(wave, from: start, for: call)) {
                guard found.count <= self.search.limit, rest == nil else { break }
                let pages = try answer.get()
                found += pages.items.map { (store, $0) }
                if !pages.isEnd { rest = ListCursor(store: store, offset: pages.nextOffset) }
            }
            index = wave.upperBound
        }
        return try self.page(of: found, rest: rest, after: start)
    }

    private func page(
        of found: [(store: Int, item: UpstreamPages.Item)],
        rest: ListCursor?,
        after start: ListCursor
    ) throws(CollimatorError) -> Page {
        let items = try found.prefix(self.search.limit).map { found throws(CollimatorError) in
            guard let item = StudyBody.json(found.item.dataSet, in: self.stores[found.store].name) else {
                throw CollimatorError(.upstreamInvalid, "the upstream named a study without a usable UID")
            }
            return item
        }
        let shown = start.shown + items.count
        var next = rest
        if found.count > self.search.limit {
            let first = found[self.search.limit]
            next = ListCursor(store: first.store, offset: first.item.offset)
        }
        next?.shown = shown
        // The upstream goes no further: what lies behind cannot be listed, and is not passed over in silence.
        let isReachable = next.map { $0.offset <= ListCursor.offsetMax } ?? true
        return Page(
            items: items,
            next: isReachable ? next : nil,
            total: next == nil ? shown : nil,
            isComplete: isReachable
        )
    }

    /// The answers of some stores, in their order; one more is asked for than shown, to know whether there are more.
    private func ask(
        _ wave: Range<Int>,
        from start: ListCursor,
        for call: UpstreamCall
    ) async -> [Result<UpstreamPages, any Error>] {
        await withTaskGroup(of: (Int, Result<UpstreamPages, any Error>).self) { group in
            for index in wave {
                group.addTask {
                    do {
                        return (index, .success(try await self.ask(index, from: start, for: call)))
                    } catch {
                        return (index, .failure(self.failure(error)))
                    }
                }
            }
            var answers: [Int: Result<UpstreamPages, any Error>] = [:]
            for await (index, answer) in group { answers[index] = answer }
            return wave.compactMap { answers[$0] }
        }
    }

    private func ask(_ index: Int, from start: ListCursor, for call: UpstreamCall) async throws -> UpstreamPages {
        let store = self.stores[index]
        let wanted = self.search.limit + 1
        return try await UpstreamPages.gather(
            self.search.filters.search(
                for: store.kind,
                limit: wanted,
                offset: index == start.store ? start.offset : 0
            ),
            wanted: wanted,
            uid: .studyInstanceUID,
            from: store.upstream,
            for: call
        )
    }

    /// In a search over several stores one that is not there is a fault behind us, and not "no such thing".
    private func failure(_ error: any Error) -> any Error {
        let failure = collimatorError(for: error)
        guard self.stores.count > 1, failure.code == .notFound else { return error }
        return CollimatorError(
            .upstreamInvalid,
            "upstream: a store of a search over several is missing or not granted to our credential",
            publicDetail: "One of the stores searched does not exist upstream, or does not let this service in.",
            cause: error
        )
    }
}
