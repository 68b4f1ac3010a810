import Catalog
import CollimatorCore
import Cryptography
import DICOMweb
import HTTPTypes
import Hummingbird

/// A list of studies out of the catalog, page by page, and the JSON of a page.
struct StudyListing: Sendable {
    let catalog: StudyCatalog
    let seal: DeterministicSeal

    /// The most series of one study that are listed with it; a study with more lists none.
    static let seriesListedMax = 200

    /// One page.
    struct Page: Sendable {
        let studies: [CatalogStudy]
        /// The text that leads on; nil where this is the last page.
        let cursor: String?
        /// How many there are in all; nil where that is not known.
        let total: StudyPage.Total?
        /// Whether the catalog knows all of the stores.
        let isComplete: Bool

        /// The total as it may be said: while a store is not indexed to its end, what was counted is the least there is, and
        /// nothing that was counted says nothing.
        var knownTotal: StudyPage.Total? {
            guard !self.isComplete, let total = self.total else { return self.total }
            let counted =
                switch total {
                case .exact(let count), .atLeast(let count): count
                }
            return counted > 0 ? .atLeast(counted) : nil
        }
    }

    /// The page of a search; `place` is the store of a search in one.
    func page(
        of search: StudySearch,
        in stores: [GatewayStore],
        seen visibility: CatalogVisibility,
        place: StoreName? = nil
    ) async throws -> Page {
        let fingerprint = search.fingerprint(in: place)
        var query = StudyQuery(
            stores: stores.map(\.name),
            visibility: visibility,
            conditions: search.conditions,
            order: search.order,
            limit: search.wish.limit,
            after: try self.position(search.wish.cursor, of: fingerprint)
        )
        query.total = search.wish.total
        let found = try await self.catalog.search(query)
        return Page(
            studies: found.studies,
            cursor: try self.cursor(found.next, of: fingerprint),
            total: found.total,
            isComplete: await self.isComplete(stores) && found.isComplete
        )
    }

    /// Where a cursor of the search with this fingerprint leads.
    func position(_ cursor: String?, of fingerprint: String) throws(CollimatorError) -> ListPosition? {
        guard let cursor else { return nil }
        return try ListCursor(parsing: cursor, of: fingerprint, self.seal).position
    }

    /// The text of a cursor to the position.
    func cursor(_ next: ListPosition?, of fingerprint: String) throws(CollimatorError) -> String? {
        guard let next else { return nil }
        return try ListCursor(next).text(of: fingerprint, self.seal)
    }

    /// Whether the first walk over each of the stores is done.
    func isComplete(_ stores: [GatewayStore]) async -> Bool {
        for store in stores {
            guard let status = await self.catalog.status(of: store.name), status.isComplete else { return false }
        }
        return true
    }

    /// The JSON of a page.
    func body(of page: Page, includesSeries: Bool) async throws -> JSONValue {
        let items = includesSeries ? try await self.itemsWithSeries(page) : StudyItemWriter.list(page.studies)
        var members: [(String, JSONValue)] = [("items", items), ("nextCursor", .text(page.cursor))]
        switch page.knownTotal {
        case nil: members.append(("total", .null))
        case .exact(let total): members.append(("total", .integer(total)))
        case .atLeast(let total): members += [("total", .integer(total)), ("totalIsLowerBound", .bool(true))]
        }
        return .object(members + [("complete", .bool(page.isComplete))])
    }

    private func itemsWithSeries(_ page: Page) async throws -> JSONValue {
        var items: [JSONValue] = []
        for study in page.studies {
            let series = try await self.series(of: study)
            items.append(StudyBody.json(study, parts: StudyBody.Parts(series: series, listsSeries: true)))
        }
        return .array(items)
    }

    /// Nil where nobody has looked, or where there are too many for a list.
    private func series(of study: CatalogStudy) async throws -> [SeriesEntry]? {
        guard let count = study.seriesCount, count <= Self.seriesListedMax else { return nil }
        return try await self.catalog.series(of: study.study, in: study.store).seen(of: study)
    }

    /// A page as the answer to a GET, with the address of the next.
    func answer(
        _ page: Page,
        includesSeries: Bool,
        to request: Request,
        _ parameters: QueryParameters
    ) async throws -> Response {
        var response = jsonAnswer(try await self.body(of: page, includesSeries: includesSeries), to: request)
        if let next = page.cursor {
            let query = parameters.encoded(setting: "cursor", to: next)
            response.headers[.link] = "<\(request.uri.path)?\(query)>; rel=\"next\""
        }
        return response
    }
}

extension HTTPField.Name {
    /// Where a list goes on (RFC 8288).
    fileprivate static let link = HTTPField.Name.known("Link")
}
