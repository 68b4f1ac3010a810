package import CollimatorCore
internal import Persistence

/// Which grants of IAM policies are ours: those that the rules put in, or that were read as rules.
///
/// They are written down before they are put in. So a binding that somebody else made is never taken for ours, and one of
/// ours is known for it whenever the change that put it in broke off.
extension PolicyStore {
    /// Those of the policy of one dataset or store.
    package func claimedGrants(on resource: IAMResource) async throws -> Set<IAMGrant> {
        try await self.database.read { connection in
            let rows = try connection.query(
                "SELECT role, member FROM iamGrant WHERE resource = ?1",
                [.text(resource.description)]
            )
            return Set(try rows.map { IAMGrant(role: try $0.text(0), member: try $0.text(1)) })
        }
    }

    /// Notes that some are ours from now on, and others are no longer.
    package func claim(
        _ claimed: some Sequence<IAMGrant> & Sendable,
        releasing released: some Sequence<IAMGrant> & Sendable = [],
        on resource: IAMResource
    ) async throws {
        _ = try await self.database.write { connection in
            let statements = [
                ("DELETE FROM iamGrant WHERE resource = ?1 AND role = ?2 AND member = ?3", Array(released)),
                (
                    """
                    INSERT INTO iamGrant (resource, role, member) VALUES (?1, ?2, ?3)
                    ON CONFLICT (resource, role, member) DO NOTHING
                    """,
                    Array(claimed)
                ),
            ]
            for (statement, grants) in statements {
                for grant in grants {
                    try connection.execute(
                        statement,
                        [.text(resource.description), .text(grant.role), .text(grant.member)]
                    )
                }
            }
        }
    }
}
