import AccessControl
import Catalog
import CollimatorCore
import HTTPTypes
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

    /// Brings an earlier version back.
    func restore(_ restored: Int, _ context: CallerContext) async throws -> Int {
        let number = try await self.kept.restore(restored, by: context.caller.principal)
        await self.keepRows(context)
        return number
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

/// The version that a change was made from, as `If-Match` says it: the tag of the policy is the number of its version.
struct PolicyMatch: Sendable {
    /// Nil where any will do.
    let numbers: Set<Int>?

    static func tag(_ number: Int) -> EntityTag { EntityTag(hash: String(number)) }

    /// Throws `precondition-required` without a header, and `invalid-input` for what is no list of tags.
    init(_ request: Request) throws(CollimatorError) {
        let fields = request.headers[values: .ifMatch]
        guard !fields.isEmpty else {
            throw CollimatorError(
                .preconditionRequired,
                "a policy is to be replaced by somebody who does not say which",
                publicDetail: "Say in If-Match which version is replaced: its ETag, or * for any."
            )
        }
        if fields == ["*"] {
            self.numbers = nil
            return
        }
        var numbers: Set<Int> = []
        for tag in fields.flatMap({ $0.split(separator: ",", omittingEmptySubsequences: false) }) {
            var text = tag.drop { $0 == " " }
            while text.last == " " { text.removeLast() }
            guard text.utf8.count > 2, text.first == "\"", text.last == "\"",
                let number = PolicyVersionTarget.number(text.dropFirst().dropLast())
            else {
                throw CollimatorError(
                    .invalidInput,
                    "If-Match is no tag of a policy",
                    publicDetail: "If-Match is * or the ETag of the policy, such as \"7\"."
                )
            }
            numbers.insert(number)
        }
        self.numbers = numbers
    }

    /// The number that the newest version has to have, where it is `newest` now; nil where any will do.
    func expected(_ newest: Int) -> Int? {
        guard let numbers else { return nil }
        // None has a number below zero: what does not match is refused as changed meanwhile.
        return numbers.contains(newest) ? newest : -1
    }
}
