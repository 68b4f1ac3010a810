import AccessControl
import Catalog
import CollimatorCore
import Hummingbird
import Identity

/// Who the caller is and what it may do where, so that a front end shows only what will work.
///
/// Every caller may ask; a store of which it may know nothing is not named.
struct MeController: Sendable {
    let stores: StoreDirectory
    let judge: any AccessJudge

    var endpoints: [Endpoint] {
        [Endpoint(.get, "/api/v1/me", .storesList, reach: .listed, handler: self.find)]
    }

    @Sendable private func find(
        _ request: Request,
        context: CallerContext,
        target: ServiceTarget
    ) throws -> Response {
        try QueryParameters.refuseAny(request)
        let principal = context.caller.principal
        let stores = self.stores.all.compactMap { store -> JSONValue? in
            let permissions = self.permissions(of: context.caller, on: .store(store.name))
            let seesSome = !self.judge.visibility(for: context.caller, of: store.name).isNothing
            guard !permissions.isEmpty || seesSome else { return nil }
            return .object([
                ("name", .string(store.name.rawValue)),
                ("permissions", .array(permissions.map(JSONValue.string))),
                ("links", .object([("self", .string("/api/v1/stores/\(store.name)"))])),
            ])
        }
        let body = JSONValue.object([
            ("principal", .string(principal.description)),
            ("kind", .string(principal.kind)),
            ("display", .string(principal.display)),
            ("permissions", .array(self.permissions(of: context.caller, on: .service).map(JSONValue.string))),
            ("stores", .array(stores)),
            ("apiVersion", .string("v1")),
            (
                "links",
                .object([
                    ("self", .string("/api/v1/me")),
                    ("stores", .string("/api/v1/stores")),
                    ("studies", .string("/api/v1/studies")),
                ])
            ),
        ])
        return jsonAnswer(body, to: request)
    }

    /// The permissions that make sense for the thing and are granted, in the order of the table.
    private func permissions(of caller: Caller, on resource: AccessResource) -> [String] {
        PermissionTable.rows.filter { row in
            row.levels.contains(resource.level)
                && self.judge.allows(caller, row.permission, on: resource)
        }.map(\.permission.rawValue)
    }
}

extension Principal {
    /// The sort of caller, one of a growing set.
    fileprivate var kind: String {
        switch self {
        case .administrator: "administrator"
        case .user: "user"
        case .client: "client"
        case .group, .localGroup: "group"
        case .authenticated: "authenticated"
        case .anonymous: "anonymous"
        }
    }

    /// What a page shows for the caller.
    fileprivate var display: String {
        switch self {
        case .administrator: "Administrator"
        case .user(_, let subject): subject
        case .client(let id): id
        case .group(_, let name), .localGroup(let name): name
        case .authenticated(let issuer): issuer
        case .anonymous: "Anonymous"
        }
    }
}
