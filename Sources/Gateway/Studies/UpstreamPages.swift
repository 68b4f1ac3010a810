import CollimatorCore
import DICOMweb

/// Answers of a search, gathered from as many pages as the upstream makes of them.
///
/// A page that is shorter than what was asked for proves nothing: a server may cap the limit below that. Only an empty
/// page is the end, or one that brings nothing new, from a server that knows no offset and gives everything each time;
/// a store that says ``StoreUpstream/givesFullPages`` is taken at its word.
struct UpstreamPages: Sendable {
    /// The answers in their order, none beyond what was wanted.
    let items: [Item]
    /// Whether the upstream has no more than these.
    let isEnd: Bool
    /// Where the upstream's list goes on.
    let nextOffset: Int

    /// One answer, and where in the upstream's list it stands.
    struct Item: Sendable {
        let offset: Int
        let dataSet: DataSet
    }

    /// How many pages are asked for at most; a server that caps the limit this low is taken for broken.
    static let pagesMax = 1_000

    /// Asks until the wanted number is there or nothing more comes.
    ///
    /// `search.limit` is the most that is asked for at once, and `uid` the identifier by which answers are told apart.
    static func gather(
        _ search: UpstreamSearch,
        wanted: Int,
        uid: Tag,
        from upstream: StoreUpstream,
        for call: UpstreamCall
    ) async throws -> UpstreamPages {
        var items: [Item] = []
        var seen: Set<String> = []
        var offset = search.offset
        for _ in 0..<Self.pagesMax {
            guard items.count < wanted else { break }
            var page = search
            page.limit = min(search.limit, wanted - items.count)
            page.offset = offset
            let found = try await upstream.search(page, call)
            let isNew = try found.map { dataSet in
                guard let text = dataSet.string(uid) else {
                    throw CollimatorError(.upstreamInvalid, "the upstream gave an answer without its UID")
                }
                return seen.insert(text).inserted
            }
            guard isNew.contains(true) else {
                return UpstreamPages(items: items, isEnd: true, nextOffset: offset)
            }
            for (index, dataSet) in found.enumerated() where isNew[index] && items.count < wanted {
                items.append(Item(offset: offset + index, dataSet: dataSet))
            }
            offset += found.count
            if upstream.givesFullPages, found.count < page.limit {
                return UpstreamPages(items: items, isEnd: true, nextOffset: offset)
            }
        }
        return UpstreamPages(items: items, isEnd: false, nextOffset: offset)
    }

    /// Every answer of a search; more than `max` are refused rather than given in part.
    static func all(
        _ search: UpstreamSearch,
        max: Int,
        uid: Tag,
        from upstream: StoreUpstream,
        for call: UpstreamCall
    ) async throws -> [DataSet] {
        let pages = try await Self.gather(search, wanted: max + 1, uid: uid, from: upstream, for: call)
        guard pages.items.count <= max else {
            throw CollimatorError(
                .unprocessable,
                "a study has more parts than one answer may list",
                publicDetail: """
                    The study has more series or instances than one answer may list. Use /dicomweb instead.
                    """
            )
        }
        guard pages.isEnd else {
            throw CollimatorError(.upstreamInvalid, "the upstream gives its answers in too many pages")
        }
        return pages.items.map(\.dataSet)
    }
}
