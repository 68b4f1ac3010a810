import CollimatorCore
import HTTPTypes
import Hummingbird
import Identity

/// Study search: in one store, and in every store that the caller may read.
///
/// The filters of a search may name a patient; by POST they travel in the body, where no log of addresses sees them.
struct StudySearchController: Sendable {
    let readable: ReadableStores
    let listing: StudyListing

    var endpoints: [Endpoint] {
        [
            self.searching(.get, "/api/v1/stores/{store}/studies", .dicomWebRead, self.list),
            // Every caller may ask; what is found is what each store lets the caller read.
            self.searching(.get, "/api/v1/studies", .storesList, self.listEverywhere),
            self.searching(.post, "/api/v1/studies/search", .storesList, self.search),
        ]
    }

    private func searching<Target: RouteTarget>(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ permission: Permission,
        _ handler: @escaping @Sendable (Request, CallerContext, Target) async throws -> Response
    ) -> Endpoint {
        Endpoint(method, path, permission, reach: .listed, endsWithClient: true, handler: handler)
    }

    @Sendable private func list(
        _ request: Request,
        context: CallerContext,
        target: StoreTarget
    ) async throws -> Response {
        let search = try StudySearch.ofOneStore(QueryParameters(parsing: request.uri.query))
        let page = try await self.listing.page(
            of: search,
            in: [target.store],
            seen: context.visibility(of: [target.store]),
            place: target.store.name
        )
        return try await self.answer(page, of: search, to: request)
    }

    @Sendable private func listEverywhere(
        _ request: Request,
        context: CallerContext,
        target: ServiceTarget
    ) async throws -> Response {
        let search = try StudySearch.ofEveryStore(QueryParameters(parsing: request.uri.query))
        let stores = try self.readable.stores(named: search.storeNames, for: context.caller)
        return try await self.answer(
            self.listing.page(of: search, in: stores, seen: context.visibility(of: stores)),
            of: search,
            to: request
        )
    }

    /// The next page is asked for by the same body with the cursor: a link would put the filters into an address.
    @Sendable private func search(
        _ request: Request,
        context: CallerContext,
        target: ServiceTarget
    ) async throws -> Response {
        try QueryParameters.refuseAny(request)
        let search = try StudySearch.ofEveryStore(try await StudySearchBody.read(request))
        let stores = try self.readable.stores(named: search.storeNames, for: context.caller)
        let page = try await self.listing.page(of: search, in: stores, seen: context.visibility(of: stores))
        return unstoredJSONAnswer(
            try await self.listing.body(of: page, includesSeries: search.wish.includesSeries)
        )
    }

    private func answer(
        _ page: StudyListing.Page,
        of search: StudySearch,
        to request: Request
    ) async throws -> Response {
        try await self.listing.answer(
            page,
            includesSeries: search.wish.includesSeries,
            to: request,
            search.parameters
        )
    }
}
