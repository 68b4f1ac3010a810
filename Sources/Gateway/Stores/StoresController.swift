import AccessControl
import CollimatorCore
import Hummingbird
import Identity

/// Which stores there are, for those who may know.
struct StoresController: Sendable {
    let stores: StoreDirectory
    let authorizer: Authorizer

    var endpoints: [Endpoint] {
        [
            Endpoint(.get, "/api/v1/stores", .storesList, handler: self.list),
            Endpoint(.get, "/api/v1/stores/{store}", .storesGet, handler: self.find),
        ]
    }

    @Sendable private func list(_ request: Request, context: CallerContext, target: ServiceTarget) throws -> Response {
        try QueryParameters.refuseAny(request)
        let visible = self.stores.all.filter { store in
            self.authorizer.decide(context.caller.principal, .storesGet, on: .store(store.name)).isAllowed
        }
        return jsonAnswer(
            .object([("items", .array(visible.map(StoreBody.json))), ("nextCursor", .null)]),
            to: request
        )
    }

    @Sendable private func find(_ request: Request, context: CallerContext, target: StoreTarget) throws -> Response {
        try QueryParameters.refuseAny(request)
        return jsonAnswer(StoreBody.json(target.store), to: request)
    }
}

/// The JSON of a store.
enum StoreBody {
    static func json(_ store: GatewayStore) -> JSONValue {
        let path = "/api/v1/stores/\(store.name)"
        return .object([
            ("name", .string(store.name.rawValue)),
            ("kind", .string(store.kind.rawValue)),
            ("resource", .text(store.resource?.description)),
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
}
