import AccessControl
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
        let page = try await self.listing.page(of: search, in: [target.store], place: target.store.name)
        return try await self.answer(page, of: search, to: request)
    }

    @Sendable private func listEverywhere(
        _ request: Request,
        context: CallerContext,
        target: ServiceTarget
    ) async throws -> Response {
        let search = try StudySearch.ofEveryStore(QueryParameters(parsing: request.uri.query))
        let stores = try self.readable.stores(named: search.storeNames, for: context.caller.principal)
        return try await self.answer(self.listing.page(of: search, in: stores), of: search, to: request)
    }

    /// The next page is asked for by the same body with the cursor: a link would put the filters into an address.
    @Sendable private func search(
        _ request: Request,
        context: CallerContext,
        target: ServiceTarget
    ) async throws -> Response {
        try QueryParameters.refuseAny(request)
        let search = try StudySearch.ofEveryStore(try await StudySearchBody.read(request))
        let stores = try self.readable.stores(named: search.storeNames, for: context.caller.principal)
        let page = try await self.listing.page(of: search, in: stores)
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

/// The stores that a caller may read.
struct ReadableStores: Sendable {
    let stores: StoreDirectory
    let authorizer: Authorizer

    /// All of them, in the order of their names.
    func all(for principal: Principal) -> [GatewayStore] {
        self.stores.all.filter { store in
            self.authorizer.decide(principal, .dicomWebRead, on: .store(store.name)).isAllowed
        }
    }

    /// Those that are named, or all where none is.
    ///
    /// A name of a store that is hidden from the caller gets the answer of one that nobody has heard of.
    func stores(named names: [String], for principal: Principal) throws(CollimatorError) -> [GatewayStore] {
        let readable = self.all(for: principal)
        guard !names.isEmpty else { return readable }
        let known = Set(readable.map(\.name.rawValue))
        guard names.allSatisfy(known.contains) else {
            throw CollimatorError(
                .invalidInput,
                "a search names a store that the caller may not read or that is not there",
                publicDetail: "The parameter store names no store that the caller may read."
            )
        }
        return readable.filter { names.contains($0.name.rawValue) }
    }
}
