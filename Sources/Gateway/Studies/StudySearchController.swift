import AccessControl
import CollimatorCore
import HTTPTypes
import Hummingbird
import Identity

/// Study search: in one store, and in every store that the caller may read.
///
/// The filters of a search may name a patient; by POST they travel in the body, where no log of addresses sees them.
struct StudySearchController: Sendable {
    let stores: StoreDirectory
    let authorizer: Authorizer

    var endpoints: [Endpoint] {
        [
            Endpoint(.get, "/api/v1/stores/{store}/studies", .dicomWebRead, handler: self.list),
            // Whoever may list the stores may ask; what is found is what each store lets the caller read.
            Endpoint(.get, "/api/v1/studies", .storesList, handler: self.listEverywhere),
            Endpoint(.post, "/api/v1/studies/search", .storesList, handler: self.search),
        ]
    }

    @Sendable private func list(
        _ request: Request,
        context: CallerContext,
        target: StoreTarget
    ) async throws -> Response {
        let search = try StudySearch.ofOneStore(QueryParameters(parsing: request.uri.query))
        return try await self.answer(search, in: [target.store], to: request, context: context)
    }

    @Sendable private func listEverywhere(
        _ request: Request,
        context: CallerContext,
        target: ServiceTarget
    ) async throws -> Response {
        let search = try StudySearch.ofEveryStore(QueryParameters(parsing: request.uri.query))
        return try await self.answer(search, in: self.stores(of: search, context), to: request, context: context)
    }

    /// The next page is asked for by the same body with the cursor: a link would put the filters into an address.
    @Sendable private func search(
        _ request: Request,
        context: CallerContext,
        target: ServiceTarget
    ) async throws -> Response {
        try QueryParameters.refuseAny(request)
        let search = try StudySearch.ofEveryStore(try await StudySearchBody.read(request))
        let listing = StudyListing(stores: try self.stores(of: search, context), search: search)
        return unstoredJSONAnswer(listing.body(of: try await listing.page(for: context.reading)))
    }

    private func answer(
        _ search: StudySearch,
        in stores: [GatewayStore],
        to request: Request,
        context: CallerContext
    ) async throws -> Response {
        let listing = StudyListing(stores: stores, search: search)
        let page = try await listing.page(for: context.reading)
        var response = jsonAnswer(listing.body(of: page), to: request)
        if let next = listing.cursorText(of: page) {
            let query = search.parameters.encoded(setting: "cursor", to: next)
            response.headers[.link] = "<\(request.uri.path)?\(query)>; rel=\"next\""
        }
        return response
    }

    /// The stores that the caller may read, or those of them that the search names.
    ///
    /// A name of a store that is hidden from the caller gets the answer of one that nobody has heard of.
    private func stores(of search: StudySearch, _ context: CallerContext) throws(CollimatorError) -> [GatewayStore] {
        let readable = self.stores.all.filter { store in
            self.authorizer.decide(context.caller.principal, .dicomWebRead, on: .store(store.name)).isAllowed
        }
        guard !search.storeNames.isEmpty else { return readable }
        let names = Set(readable.map(\.name.rawValue))
        guard search.storeNames.allSatisfy(names.contains) else {
            throw CollimatorError(
                .invalidInput,
                "a search names a store that the caller may not read or that is not there",
                publicDetail: "The parameter store names no store that the caller may read."
            )
        }
        return readable.filter { search.storeNames.contains($0.name.rawValue) }
    }
}

extension StudyListing {
    /// The text of the cursor that leads on.
    func cursorText(of page: Page) -> String? {
        page.next.map { self.search.text(of: $0, in: self.stores) }
    }

    /// The JSON of a page.
    ///
    /// A total that is not known, because the end has not been seen, is null.
    func body(of page: Page) -> JSONValue {
        .object([
            ("items", .array(page.items)),
            ("nextCursor", .text(self.cursorText(of: page))),
            ("total", .number(page.total)),
            ("complete", .bool(page.isComplete)),
        ])
    }
}

extension HTTPField.Name {
    /// Where a list goes on (RFC 8288).
    fileprivate static let link = HTTPField.Name.known("Link")
}
