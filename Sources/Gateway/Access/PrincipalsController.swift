import AccessControl
import CollimatorCore
import HTTPTypes
import Hummingbird
import Identity

/// Who has called, what they may do, and who is kept out.
struct PrincipalsController: Sendable {
    let directory: IdentityDirectory
    let signIns: SignIns
    let stores: StoreDirectory
    let authorizer: Authorizer

    private static let root = "/api/v1/access/principals"

    var endpoints: [Endpoint] {
        let suspension = "\(Self.root)/{principal}/suspension"
        return [
            Endpoint(.get, Self.root, .principalsList, handler: self.list),
            Endpoint(.get, "\(Self.root)/{principal}", .principalsList, handler: self.find),
            Endpoint(.put, suspension, .principalsSuspend, handler: self.suspend),
            Endpoint(.delete, suspension, .principalsSuspend, handler: self.restore),
        ]
    }

    @Sendable private func list(_ request: Request, context: CallerContext, target: ServiceTarget) throws -> Response {
        try AccessPage(parsing: request.uri.query).answer(
            self.directory.principals.all,
            id: \.principal.description,
            body: { .object(Self.members($0)) },
            to: request
        )
    }

    @Sendable private func find(
        _ request: Request,
        context: CallerContext,
        target: PrincipalTarget
    ) throws -> Response {
        try QueryParameters.refuseAny(request)
        guard let record = self.directory.principals.find(target.principal) else {
            throw CollimatorError(.notFound, "nobody of this name is known")
        }
        let rights = JSONValue.object([
            ("permissions", .array(self.permissions(of: record, on: .service))),
            (
                "stores",
                .array(
                    self.stores.all.compactMap { store in
                        let permissions = self.permissions(of: record, on: .store(store.name))
                        guard !permissions.isEmpty else { return nil }
                        return .object([
                            ("name", .string(store.name.rawValue)), ("permissions", .array(permissions)),
                        ])
                    }
                )
            ),
        ])
        return jsonAnswer(.object(Self.members(record) + [("effectiveRights", rights)]), to: request)
    }

    /// Ends all that the principal has open, and keeps it out until it is restored.
    @Sendable private func suspend(
        _ request: Request,
        context: CallerContext,
        target: PrincipalTarget
    ) async throws -> Response {
        try QueryParameters.refuseAny(request)
        _ = try await AccessBody.read(
            request,
            known: [],
            isOptional: true,
            detail: "A suspension has no members: the body is {} or absent."
        )
        let record = try await self.directory.principals.suspend(target.principal, by: context.caller)
        self.signIns.endAll(of: target.principal)
        return unstoredJSONAnswer(.object(Self.members(record)))
    }

    @Sendable private func restore(
        _ request: Request,
        context: CallerContext,
        target: PrincipalTarget
    ) async throws -> Response {
        try QueryParameters.refuseAny(request)
        try await self.directory.principals.restore(target.principal)
        return Response(status: .noContent, headers: [.cacheControl: "no-store"])
    }

    private func permissions(of record: PrincipalRecord, on resource: AccessResource) -> [JSONValue] {
        guard record.suspendedAt == nil else { return [] }
        return PermissionTable.rows.filter { row in
            row.levels.contains(resource.level)
                && self.authorizer.decide(record.principal, row.permission, on: resource).isAllowed
        }.map { .string($0.permission.rawValue) }
    }

    private static func members(_ record: PrincipalRecord) -> [(String, JSONValue)] {
        let id = PrincipalTarget.id(record.principal)
        return [
            ("id", .string(id)),
            ("principal", .string(record.principal.description)),
            ("firstSeenAt", APIKeyBody.time(record.firstSeenAt)),
            ("lastSeenAt", APIKeyBody.time(record.lastSeenAt)),
            ("authenticationMethod", .text(record.method?.rawValue)),
            ("memberships", .array(record.memberships.map { .string($0.description) })),
            ("suspended", .bool(record.suspendedAt != nil)),
            ("suspendedAt", APIKeyBody.time(record.suspendedAt)),
            ("suspendedBy", .text(record.suspendedBy?.description)),
            (
                "links",
                .object([
                    ("self", .string("\(Self.root)/\(id)")),
                    ("suspension", .string("\(Self.root)/\(id)/suspension")),
                ])
            ),
        ]
    }
}
