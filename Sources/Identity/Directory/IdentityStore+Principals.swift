internal import CollimatorCore
internal import Persistence

extension IdentityStore {
    /// The principals that are known: every suspended one, then those that were seen last.
    func principals(max: Int) async throws -> [Versioned<PrincipalRecord>] {
        try await self.database.read { connection in
            try connection.query(
                """
                \(Self.selectPrincipal)
                ORDER BY CASE WHEN suspendedAt IS NULL THEN 1 ELSE 0 END, coalesce(lastSeenAt, 0) DESC LIMIT ?1
                """,
                [.integer(max)]
            ).map { try Self.principal($0) }
        }
    }

    /// Changes whether a principal is suspended, from what is so by then.
    func change(
        _ principal: Principal,
        suspendedMax: Int,
        _ change: @Sendable (inout PrincipalRecord) -> Void
    ) async throws -> Versioned<PrincipalRecord> {
        try await self.database.write { connection in
            let name = SQLValue.text(principal.description)
            let known = try connection.queryOne("\(Self.selectPrincipal) WHERE principal = ?1", [name])
                .map { try Self.principal($0) }
            var record = known?.value ?? PrincipalRecord(principal)
            let wasSuspended = record.suspendedAt != nil
            change(&record)
            if !wasSuspended, record.suspendedAt != nil {
                let count = try connection.queryOne("SELECT count(*) FROM principal WHERE suspendedAt IS NOT NULL")
                guard let count, try count.integer(0) < suspendedMax else { throw Self.tooManySuspended }
            }
            let changed = Versioned(value: record, version: (known?.version ?? 0) + 1)
            try connection.execute(
                """
                INSERT INTO principal (principal, memberships, suspendedAt, suspendedBy, version)
                VALUES (?1, '', ?2, ?3, ?4)
                ON CONFLICT (principal) DO UPDATE SET suspendedAt = ?2, suspendedBy = ?3, version = ?4
                """,
                [
                    name, .integer(record.suspendedAt), .text(record.suspendedBy?.description),
                    .integer(changed.version),
                ]
            )
            return changed
        }
    }

    /// Notes who was seen; whether they are suspended stays as it is.
    func write(seen records: [PrincipalRecord]) async throws {
        try await self.database.write { connection in
            for record in records {
                try connection.execute(
                    """
                    INSERT INTO principal (principal, firstSeenAt, lastSeenAt, method, memberships, version)
                    VALUES (?1, ?2, ?3, ?4, ?5, 0)
                    ON CONFLICT (principal) DO UPDATE SET
                        firstSeenAt = coalesce(principal.firstSeenAt, ?2), lastSeenAt = ?3, method = ?4,
                        memberships = ?5
                    """,
                    [
                        .text(record.principal.description), .integer(record.firstSeenAt),
                        .integer(record.lastSeenAt), .text(record.method?.rawValue),
                        .text(record.memberships.map(\.description).joined(separator: "\n")),
                    ]
                )
            }
        }
    }

    private static let selectPrincipal = """
        SELECT principal, firstSeenAt, lastSeenAt, method, memberships, suspendedAt, suspendedBy, version
        FROM principal
        """

    private static func principal(_ row: SQLRow) throws -> Versioned<PrincipalRecord> {
        guard let principal = Principal(try row.text(0)) else { throw Self.unreadable }
        var record = PrincipalRecord(principal)
        record.firstSeenAt = try row.integerIfPresent(1)
        record.lastSeenAt = try row.integerIfPresent(2)
        record.method = try row.textIfPresent(3).flatMap { AuthenticationMethod(rawValue: $0) }
        record.memberships = try row.text(4).split(separator: "\n").compactMap { Principal($0) }
        record.suspendedAt = try row.integerIfPresent(5)
        record.suspendedBy = try row.textIfPresent(6).flatMap { Principal($0) }
        return Versioned(value: record, version: try row.integer(7))
    }

    private static var tooManySuspended: CollimatorError {
        CollimatorError(
            .conflict,
            "too many principals are suspended",
            publicDetail: "As many are suspended as can be."
        )
    }
}
