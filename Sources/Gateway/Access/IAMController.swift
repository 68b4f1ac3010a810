import AccessControl
import CollimatorCore
import Cryptography
import Hummingbird
import Identity

/// The rules beside the IAM policy of a store and its dataset: what direct rules ask of it, what of that is there, and a
/// policy read as rules.
///
/// Nothing here changes an IAM policy: whoever does that, does it with a credential of their own.
struct IAMController: Sendable {
    let keeping: PolicyKeeping
    let stores: StoreDirectory
    let principals: PrincipalRegister

    /// The longest list of members and their principals that is read.
    private static let documentBytesMax = 256 * 1024

    var endpoints: [Endpoint] {
        let root = "/api/v1/stores/{store}/iam"
        return [
            Endpoint(.get, root, .storesGetIAMPolicy, handler: self.find),
            Endpoint(.post, "\(root)/plans", .storesGetIAMPolicy, handler: self.plan),
            Endpoint(.post, "\(root)/applications", .storesSetIAMPolicy, handler: self.begin),
            Endpoint(.post, "/api/v1/access/iam-imports", .policyUpdate, handler: self.importRules),
        ]
    }

    @Sendable private func find(
        _ request: Request,
        context: CallerContext,
        target: StoreTarget
    ) async throws -> Response {
        try QueryParameters.refuseAny(request)
        return jsonAnswer(try await self.situation(of: target.store, context).json(.asTheyAre), to: request)
    }

    /// What has to be changed; nothing is.
    @Sendable private func plan(
        _ request: Request,
        context: CallerContext,
        target: StoreTarget
    ) async throws -> Response {
        try await Self.refuseMembers(request)
        return unstoredJSONAnswer(try await self.situation(of: target.store, context).json(.afterwards))
    }

    /// The plan once more, with what it adds written down as ours: somebody is about to apply it.
    @Sendable private func begin(
        _ request: Request,
        context: CallerContext,
        target: StoreTarget
    ) async throws -> Response {
        try await Self.refuseMembers(request)
        let situation = try await self.situation(of: target.store, context)
        for part in situation.parts {
            guard let plan = part.plan else { continue }
            // What is gone from the policy and no rule asks for is anybody's again.
            let gone = part.claimed.subtracting(plan.kept).subtracting(plan.additions).subtracting(plan.removals)
            try await self.keeping.claim(plan.additions, releasing: Array(gone), on: part.resource)
        }
        return unstoredJSONAnswer(situation.json(.afterwards))
    }

    /// Reads the bindings of a store as direct rules, and adds them unless it is only a try.
    @Sendable private func importRules(
        _ request: Request,
        context: CallerContext,
        target: ServiceTarget
    ) async throws -> Response {
        let isTried = try PolicyController.isDryRun(request)
        let wish = try IAMImportWish(
            try await AccessBody.document(
                request,
                bytesMax: Self.documentBytesMax,
                tooLarge: "The body has more than 256 KiB."
            )
        )
        guard let store = self.stores[wish.store],
            context.judge?.allows(context.caller, .storesGetIAMPolicy, on: .store(wish.store)) == true
        else { throw IAMImportWish.noStore }
        let resource = IAMResource.store(try Self.resource(of: store))
        guard let iam = try await store.healthcare?.iamPolicy(resource, context.call(.storesGetIAMPolicy)) else {
            throw Self.unreadable
        }
        let (policy, number) = try await self.keeping.newest()
        let found = IAMImport(iam, of: wish.store, principals: wish.principals, into: policy)
        var version = number
        let change: @Sendable (AccessPolicy) throws -> AccessPolicy = { policy in
            var policy = policy
            policy.rules += found.rules
            return policy
        }
        if isTried {
            _ = try await self.keeping.difference(from: number, change)
        } else {
            if !found.rules.isEmpty { version = try await self.keeping.change(context, from: number, change) }
            try await self.keeping.claim(Array(found.covered), on: resource)
        }
        return unstoredJSONAnswer(IAMBody.json(found, version: version, isApplied: !isTried))
    }

    // MARK: Reading

    private func situation(of store: GatewayStore, _ context: CallerContext) async throws -> IAMSituation {
        let name = try Self.resource(of: store)
        guard let healthcare = store.healthcare else { throw Self.notOfTheAPI }
        let call = context.call(.storesGetIAMPolicy)
        let (policy, number) = try await self.keeping.newest()
        let suspended = Set(self.principals.all.filter { $0.suspendedAt != nil }.map(\.principal))
        let mapping = IAMMapping(policy, of: store.name, suspended: suspended)
        async let ofStore = healthcare.iamPolicy(.store(name), call)
        async let ofDataset = healthcare.iamPolicy(.dataset(name.dataset), call)
        let roles = Dictionary(policy.rules.map { ($0.id, $0.role) }, uniquingKeysWith: { first, _ in first })
        let parts = [
            IAMSituation.Part(
                resource: .store(name),
                policy: try await ofStore,
                desired: mapping.store,
                claimed: try await self.keeping.claimedGrants(on: .store(name))
            ),
            IAMSituation.Part(
                resource: .dataset(name.dataset),
                policy: try await ofDataset,
                desired: mapping.dataset,
                claimed: try await self.keeping.claimedGrants(on: .dataset(name.dataset))
            ),
        ]
        return IAMSituation(
            store: store.name,
            version: number,
            parts: parts,
            unmapped: mapping.unmapped,
            beyond: { grant, rules in IAMSituation.beyond(grant, rules.compactMap { roles[$0] }) }
        )
    }

    private static func refuseMembers(_ request: Request) async throws {
        try QueryParameters.refuseAny(request)
        _ = try await AccessBody.read(
            request,
            known: [],
            isOptional: true,
            detail: "A plan has no members: the body is {} or absent."
        )
    }

    private static func resource(of store: GatewayStore) throws(CollimatorError) -> DICOMStoreName {
        guard let resource = store.resource, store.healthcare != nil else { throw Self.notOfTheAPI }
        return resource
    }

    private static var notOfTheAPI: CollimatorError {
        CollimatorError(
            .conflict,
            "a store of another server has no IAM policy",
            publicDetail: "The store is none of the Healthcare API and has no IAM policy."
        )
    }

    private static var unreadable: CollimatorError {
        CollimatorError(
            .conflict,
            "our credential may not read the policy",
            publicDetail: "This service may not read the IAM policy of the store."
        )
    }
}

/// What is asked of an import: a store, and who the members of IAM are here.
struct IAMImportWish: Sendable {
    let store: StoreName
    let principals: [String: Principal]

    init(_ document: StrictJSON) throws(CollimatorError) {
        guard case .object(let members) = document,
            members.keys.allSatisfy(["store", "principals"].contains),
            let name = members["store"]?.text
        else { throw Self.fault }
        guard let store = StoreName(name) else { throw Self.noStore }
        var principals: [String: Principal] = [:]
        if let given = members["principals"] {
            guard case .object(let pairs) = given else { throw Self.fault }
            for (member, text) in pairs {
                guard IAMMember.isMember(member), let principal = text.text.flatMap({ Principal($0) }) else {
                    throw Self.fault
                }
                principals[member] = principal
            }
        }
        self.store = store
        self.principals = principals
    }

    static var noStore: CollimatorError {
        CollimatorError(
            .invalidInput,
            "an import from no store",
            publicDetail: "The store is one that is configured."
        )
    }

    private static var fault: CollimatorError {
        CollimatorError(
            .invalidInput,
            "an import is not as it should be",
            publicDetail: """
                The body is an object with store, and possibly principals: an object of IAM members, each with its \
                principal.
                """
        )
    }
}
