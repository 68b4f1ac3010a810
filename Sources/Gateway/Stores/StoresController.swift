import AccessControl
import Catalog
import CollimatorCore
import HTTPTypes
import Hummingbird
import Identity

/// Which stores there are, for those who may know, and how current the catalog is of each.
struct StoresController: Sendable {
    let stores: StoreDirectory
    let catalog: StudyCatalog
    let judge: any AccessJudge

    var endpoints: [Endpoint] {
        [
            Endpoint(.get, "/api/v1/stores", .storesList, reach: .listed, handler: self.list),
            Endpoint(.get, "/api/v1/stores/{store}", .storesGet, reach: .listed, handler: self.find),
            Endpoint(.post, "/api/v1/stores/{store}/catalog-rebuilds", .catalogRebuild, handler: self.rebuild),
        ]
    }

    @Sendable private func list(
        _ request: Request,
        context: CallerContext,
        target: ServiceTarget
    ) async throws -> Response {
        try QueryParameters.refuseAny(request)
        let visible = self.stores.all.filter { store in
            self.judge.allows(context.caller, .storesGet, on: .store(store.name))
                || !self.judge.visibility(for: context.caller, of: store.name).isNothing
        }
        var items: [JSONValue] = []
        for store in visible { items.append(try await self.body(of: store, for: context)) }
        return jsonAnswer(.object([("items", .array(items)), ("nextCursor", .null)]), to: request)
    }

    @Sendable private func find(
        _ request: Request,
        context: CallerContext,
        target: StoreTarget
    ) async throws -> Response {
        try QueryParameters.refuseAny(request)
        return jsonAnswer(try await self.body(of: target.store, for: context), to: request)
    }

    /// Begins the index of the store anew; the store's own resource tells how far that is.
    @Sendable private func rebuild(
        _ request: Request,
        context: CallerContext,
        target: StoreTarget
    ) async throws -> Response {
        try QueryParameters.refuseAny(request)
        try await self.catalog.rebuild(target.store.name)
        var response = unstoredJSONAnswer(try await self.body(of: target.store, for: context))
        response.status = .accepted
        response.headers[.location] = StoreBody.path(of: target.store)
        return response
    }

    private func body(of store: GatewayStore, for context: CallerContext) async throws -> JSONValue {
        guard let status = await self.catalog.status(of: store.name) else {
            return StoreBody.json(store, status: nil, studyCount: nil)
        }
        return StoreBody.json(store, status: status, studyCount: try await self.studyCount(of: store, status, context))
    }

    /// How many the caller may see; nil as long as the catalog has not seen the whole store, and where there is no room
    /// now to count what a part of it holds.
    private func studyCount(
        of store: GatewayStore,
        _ status: CatalogStatus,
        _ context: CallerContext
    ) async throws -> Int? {
        guard status.isComplete else { return nil }
        var query = StudyQuery(stores: [store.name], visibility: context.visibility(of: [store]), limit: 1)
        query.total = .exact
        let page: StudyPage
        do {
            page = try await self.catalog.search(query)
        } catch let error as CollimatorError where error.code == .unavailable {
            return nil
        }
        guard page.isComplete else { return nil }
        return if case .exact(let count) = page.total { count } else { nil }
    }
}

/// The JSON of a store.
enum StoreBody {
    static func path(of store: GatewayStore) -> String { "/api/v1/stores/\(store.name)" }

    static func json(_ store: GatewayStore, status: CatalogStatus?, studyCount: Int?) -> JSONValue {
        let path = Self.path(of: store)
        return .object([
            ("name", .string(store.name.rawValue)),
            ("kind", .string(store.kind.rawValue)),
            ("resource", .text(store.resource?.description)),
            ("studyCount", .number(studyCount)),
            ("catalog", status.map(Self.json) ?? .null),
            (
                "links",
                .object([
                    ("self", .string(path)),
                    ("studies", .string("\(path)/studies")),
                    ("dicomweb", .string("/dicomweb/\(store.name)")),
                ])
            ),
        ])
    }

    private static func json(_ status: CatalogStatus) -> JSONValue {
        .object([
            ("phase", .string(status.phase.rawValue)),
            ("progressPercent", .number(status.progressPercent)),
            ("asOf", .text(status.asOfMilliseconds.map(RFC3339.text))),
            ("complete", .bool(status.isComplete)),
        ])
    }
}
