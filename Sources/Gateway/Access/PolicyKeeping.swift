import AccessControl
import Catalog
import CollimatorCore
import Hummingbird
import Identity
import Telemetry

/// The policy, and what follows from a change of it.
struct PolicyKeeping: Sendable {
    /// Nil where nobody can change it.
    let store: PolicyStore?
    let authorizer: Authorizer
    let catalog: StudyCatalog

    func newest() async throws -> (policy: AccessPolicy, number: Int) { try await self.kept.newest() }

    /// See ``PolicyStore/policy(_:)``.
    func policy(_ number: Int) async throws -> AccessPolicy { try await self.kept.policy(number) }

    func versions(before number: Int?, limit: Int) async throws -> [PolicyStore.Version] {
        try await self.kept.versions(before: number, limit: limit)
    }

    /// What the change would do; see ``PolicyStore/difference(from:_:)``.
    func difference(
        from expected: Int?,
        _ change: @Sendable (AccessPolicy) throws -> AccessPolicy
    ) async throws -> (difference: PolicyDifference, number: Int) {
        try await self.kept.difference(from: expected, change)
    }

    /// Writes the next version; it decides from then on.
    func change(
        _ context: CallerContext,
        from expected: Int? = nil,
        _ change: @Sendable (AccessPolicy) throws -> AccessPolicy
    ) async throws -> Int {
        let number = try await self.kept.change(by: context.caller.principal, from: expected, change)
        await self.keepRows(context)
        return number
    }

    /// Brings an earlier version back, where `expected` is the newest; nil where any may be.
    func restore(_ restored: Int, from expected: Int?, _ context: CallerContext) async throws -> Int {
        let number = try await self.kept.restore(restored, by: context.caller.principal, from: expected)
        await self.keepRows(context)
        return number
    }

    /// See ``PolicyStore/claimedGrants(on:)``.
    func claimedGrants(on resource: IAMResource) async throws -> Set<IAMGrant> {
        try await self.kept.claimedGrants(on: resource)
    }

    /// See ``PolicyStore/claim(_:releasing:on:)``.
    func claim(_ claimed: [IAMGrant], releasing released: [IAMGrant] = [], on resource: IAMResource) async throws {
        try await self.kept.claim(claimed, releasing: released, on: resource)
    }

    /// The change is in force whether this succeeds or not.
    private func keepRows(_ context: CallerContext) async {
        await allowFailure("lists show less than is allowed until the next change or start", logger: context.logger) {
            try await self.authorizer.keepRows(in: self.catalog)
        }
    }

    private var kept: PolicyStore {
        get throws(CollimatorError) {
            guard let store else {
                throw CollimatorError(.unavailable, "no access rules are kept", retryAfterSeconds: 60)
            }
            return store
        }
    }
}

/// The tag of the policy: the number of its version.
enum PolicyVersionTag {
    static func tag(_ number: Int) -> EntityTag { EntityTag(hash: String(number)) }

    /// The number that the newest version has to have, where it is `newest` now; nil where any will do.
    static func expected(_ match: IfMatch, _ newest: Int) -> Int? {
        guard match.tags != nil else { return nil }
        // None has a number below zero: what does not match is refused as changed meanwhile.
        return match.holds(Self.tag(newest)) ? newest : -1
    }
}
