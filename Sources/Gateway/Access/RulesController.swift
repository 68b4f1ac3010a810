import AccessControl
import CollimatorCore
import Cryptography
import HTTPTypes
import Hummingbird

/// The rules and local groups of the policy, one by one; each change is a version of the policy.
struct RulesController: Sendable {
    let keeping: PolicyKeeping

    private static let rulesRoot = "/api/v1/access/rules"
    private static let groupsRoot = "/api/v1/access/groups"
    /// The longest rule or group that is read.
    private static let documentBytesMax = 256 * 1024

    var endpoints: [Endpoint] {
        [
            Endpoint(.get, Self.rulesRoot, .policyGet, handler: self.list),
            Endpoint(.post, Self.rulesRoot, .policyUpdate, handler: self.create),
            Endpoint(.get, "\(Self.rulesRoot)/{rule}", .policyGet, handler: self.find),
            Endpoint(.put, "\(Self.rulesRoot)/{rule}", .policyUpdate, handler: self.replace),
            Endpoint(.delete, "\(Self.rulesRoot)/{rule}", .policyUpdate, handler: self.remove),
            Endpoint(.get, Self.groupsRoot, .policyGet, handler: self.listGroups),
            Endpoint(.put, "\(Self.groupsRoot)/{group}", .policyUpdate, handler: self.replaceGroup),
            Endpoint(.delete, "\(Self.groupsRoot)/{group}", .policyUpdate, handler: self.removeGroup),
        ]
    }

    // MARK: Rules

    @Sendable private func list(
        _ request: Request,
        context: CallerContext,
        target: ServiceTarget
    ) async throws -> Response {
        let page = try AccessPage(parsing: request.uri.query)
        return page.answer(
            try await self.keeping.newest().policy.rules.sorted { $0.id < $1.id },
            id: \.id,
            body: { .written(PolicyDocument.text($0)) },
            to: request
        )
    }

    @Sendable private func find(
        _ request: Request,
        context: CallerContext,
        target: RuleTarget
    ) async throws -> Response {
        try QueryParameters.refuseAny(request)
        guard let rule = try await self.keeping.newest().policy.rules.first(where: { $0.id == target.id }) else {
            throw Self.noRule
        }
        return jsonAnswer(.written(PolicyDocument.text(rule)), to: request)
    }

    @Sendable private func create(
        _ request: Request,
        context: CallerContext,
        target: ServiceTarget
    ) async throws -> Response {
        try QueryParameters.refuseAny(request)
        let rule = try Self.rule(try await Self.document(request))
        _ = try await self.keeping.change(context) { policy in
            guard !policy.rules.contains(where: { $0.id == rule.id }) else {
                throw CollimatorError(
                    .conflict,
                    "a rule has this id",
                    publicDetail: "A rule has this id. Replace it, or take another."
                )
            }
            var policy = policy
            policy.rules.append(rule)
            return policy
        }
        return createdAnswer(.written(PolicyDocument.text(rule)), at: "\(Self.rulesRoot)/\(rule.id)")
    }

    @Sendable private func replace(
        _ request: Request,
        context: CallerContext,
        target: RuleTarget
    ) async throws -> Response {
        try QueryParameters.refuseAny(request)
        let document = try Self.named(try await Self.document(request), "id", target.id)
        let rule = try Self.rule(document)
        _ = try await self.keeping.change(context) { policy in
            var policy = policy
            if let index = policy.rules.firstIndex(where: { $0.id == rule.id }) {
                policy.rules[index] = rule
            } else {
                policy.rules.append(rule)
            }
            return policy
        }
        return unstoredJSONAnswer(.written(PolicyDocument.text(rule)))
    }

    @Sendable private func remove(
        _ request: Request,
        context: CallerContext,
        target: RuleTarget
    ) async throws -> Response {
        try QueryParameters.refuseAny(request)
        _ = try await self.keeping.change(context) { policy in
            guard policy.rules.contains(where: { $0.id == target.id }) else { throw Self.noRule }
            var policy = policy
            policy.rules.removeAll { $0.id == target.id }
            return policy
        }
        return Response(status: .noContent, headers: [.cacheControl: "no-store"])
    }

    // MARK: Groups

    @Sendable private func listGroups(
        _ request: Request,
        context: CallerContext,
        target: ServiceTarget
    ) async throws -> Response {
        let page = try AccessPage(parsing: request.uri.query)
        return page.answer(
            try await self.keeping.newest().policy.groups.sorted { $0.name < $1.name },
            id: \.name,
            body: { .written(PolicyDocument.text($0)) },
            to: request
        )
    }

    @Sendable private func replaceGroup(
        _ request: Request,
        context: CallerContext,
        target: LocalGroupTarget
    ) async throws -> Response {
        try QueryParameters.refuseAny(request)
        let document = try Self.named(try await Self.document(request), "name", target.name)
        let groups = try PolicyDocument.policy(roles: [], groups: [document], rules: []).groups
        _ = try await self.keeping.change(context) { policy in
            var policy = policy
            policy.groups.removeAll { $0.name == target.name }
            policy.groups += groups
            return policy
        }
        return unstoredJSONAnswer(.written(groups.first.map { PolicyDocument.text($0) } ?? "null"))
    }

    /// A group that a rule names stays: that is a fault of the policy.
    @Sendable private func removeGroup(
        _ request: Request,
        context: CallerContext,
        target: LocalGroupTarget
    ) async throws -> Response {
        try QueryParameters.refuseAny(request)
        _ = try await self.keeping.change(context) { policy in
            guard policy.groups.contains(where: { $0.name == target.name }) else {
                throw CollimatorError(.notFound, "there is no such group")
            }
            var policy = policy
            policy.groups.removeAll { $0.name == target.name }
            return policy
        }
        return Response(status: .noContent, headers: [.cacheControl: "no-store"])
    }

    // MARK: Reading

    private static func document(_ request: Request) async throws -> StrictJSON {
        try await AccessBody.document(
            request,
            bytesMax: Self.documentBytesMax,
            tooLarge: "The body has more than 256 KiB."
        )
    }

    private static func rule(_ document: StrictJSON) throws -> AccessRule {
        guard let rule = try PolicyDocument.policy(roles: [], groups: [], rules: [document]).rules.first else {
            throw CollimatorError(.invalidInput, "a rule cannot be read")
        }
        return rule
    }

    /// The document with the name that the path gives it; it may give the same itself.
    private static func named(_ document: StrictJSON, _ member: String, _ name: String) throws -> StrictJSON {
        guard case .object(var members) = document else { return document }
        guard members[member].map({ $0 == .string(name) }) ?? true else {
            throw CollimatorError(
                .invalidInput,
                "the path and the body name two things",
                publicDetail: "The body has another name than the path."
            )
        }
        members[member] = .string(name)
        return .object(members)
    }

    private static var noRule: CollimatorError { CollimatorError(.notFound, "there is no such rule") }
}
