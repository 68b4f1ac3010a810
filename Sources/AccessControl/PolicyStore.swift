package import CollimatorCore
internal import Cryptography
internal import FoundationEssentials
package import Persistence

/// Keeps every version of the policy and puts the newest into force.
///
/// A change is checked as a whole, written in one transaction, and counts from the moment it is written; one with a fault
/// changes nothing. Versions are numbered from 1; before the first there is the empty policy, of number 0.
package struct PolicyStore: Sendable {
    let database: Database
    private let authorizer: Authorizer
    private let clock: WallClock

    /// Versions that are kept; the oldest go first.
    package static let versionsMax = 1_000

    /// One version, without what is in it.
    package struct Version: Sendable, Hashable {
        package let number: Int
        package let madeBy: String
        package let madeAtMilliseconds: Int64
        /// The version that it brought back; nil for one that was written.
        package let restored: Int?
    }

    package init(database: Database, authorizer: Authorizer, clock: WallClock = .live) {
        self.database = database
        self.authorizer = authorizer
        self.clock = clock
    }

    package static let migrations = [
        Migration(
            1,
            "add-policy-versions",
            [
                """
                CREATE TABLE policyVersion (
                    number INTEGER NOT NULL PRIMARY KEY, madeBy TEXT NOT NULL, madeAt INTEGER NOT NULL,
                    restored INTEGER, CHECK (number > 0)
                )
                """,
                """
                CREATE TABLE policyPart (
                    version INTEGER NOT NULL REFERENCES policyVersion (number) ON DELETE CASCADE,
                    kind TEXT NOT NULL, position INTEGER NOT NULL, document TEXT NOT NULL,
                    PRIMARY KEY (version, kind, position), CHECK (kind IN ('role', 'group', 'rule'))
                )
                """,
            ]
        ),
        Migration(
            2,
            "add-iam-grants",
            [
                """
                CREATE TABLE iamGrant (
                    resource TEXT NOT NULL, role TEXT NOT NULL, member TEXT NOT NULL,
                    PRIMARY KEY (resource, role, member)
                )
                """
            ]
        ),
    ]

    /// Brings the schema up to date and the newest version into force.
    ///
    /// - Throws: also where what is written cannot be read: without its rules the service must not start, for a denial
    ///   may be among them.
    package func prepare() async throws {
        try await self.database.migrate(Self.migrations)
        let (policy, number) = try await self.database.read { connection in
            let number = try Self.newest(connection)
            return (try Self.policy(number, connection), number)
        }
        self.authorizer.install(try Self.compiled(policy, number))
    }

    /// The policy of that number.
    ///
    /// - Throws: `not-found`.
    package func policy(_ number: Int) async throws -> AccessPolicy {
        try await self.database.read { connection in
            guard try number == 0 || Self.version(number, connection) != nil else { throw Self.noVersion }
            return try Self.policy(number, connection)
        }
    }

    /// The newest policy with its number.
    package func newest() async throws -> (policy: AccessPolicy, number: Int) {
        try await self.database.read { connection in
            let number = try Self.newest(connection)
            return (try Self.policy(number, connection), number)
        }
    }

    /// The newest versions first, before that number where one is given.
    package func versions(before number: Int? = nil, limit: Int) async throws -> [Version] {
        try await self.database.read { connection in
            try connection.query(
                """
                SELECT number, madeBy, madeAt, restored FROM policyVersion WHERE number < ?1
                ORDER BY number DESC LIMIT ?2
                """,
                [.integer(number ?? Int.max), .integer(limit)]
            ).map(Self.version)
        }
    }

    /// Writes the next version and puts it into force.
    ///
    /// `expected` is the number of the version that the change was made from; nil where it does not matter. Throws
    /// ``PolicyFaults``, and `precondition-failed` where somebody else was faster.
    @discardableResult
    package func change(
        by principal: Principal,
        from expected: Int? = nil,
        _ change: @Sendable (AccessPolicy) throws -> AccessPolicy
    ) async throws -> Int {
        try await self.write(by: principal, from: expected, restoring: nil) { policy, _ in try change(policy) }
    }

    /// What the change would do, and the number of the version that it was tried on; nothing is written.
    ///
    /// Throws as ``change(by:from:_:)`` does.
    package func difference(
        from expected: Int? = nil,
        _ change: @Sendable (AccessPolicy) throws -> AccessPolicy
    ) async throws -> (difference: PolicyDifference, number: Int) {
        let (old, number) = try await self.newest()
        guard expected ?? number == number else { throw Self.changedMeanwhile }
        let policy = try change(old)
        _ = try Self.checked(policy, after: old, number + 1)
        return (PolicyDifference(from: old, to: policy), number)
    }

    /// Brings back the policy of an earlier version, as a new one.
    @discardableResult
    package func restore(_ number: Int, by principal: Principal, from expected: Int? = nil) async throws -> Int {
        try await self.write(by: principal, from: expected, restoring: number) { _, connection in
            guard try number == 0 || Self.version(number, connection) != nil else { throw Self.noVersion }
            return try Self.policy(number, connection)
        }
    }

    private func write(
        by principal: Principal,
        from expected: Int?,
        restoring restored: Int?,
        _ change: @Sendable (AccessPolicy, any SQLConnection) throws -> AccessPolicy
    ) async throws -> Int {
        let now = Int64(self.clock.now().timeIntervalSince1970 * 1_000)
        let compiled = try await self.database.write { connection in
            let newest = try Self.newest(connection)
            guard expected ?? newest == newest else { throw Self.changedMeanwhile }
            let old = try Self.policy(newest, connection)
            let policy = try change(old, connection)
            let number = newest + 1
            let compiled = try Self.checked(policy, after: old, number)
            try connection.execute(
                "INSERT INTO policyVersion (number, madeBy, madeAt, restored) VALUES (?1, ?2, ?3, ?4)",
                [
                    .integer(number), .text(principal.description), .integer(now),
                    .integer(restored.map(Int64.init)),
                ]
            )
            try Self.insert(policy, number, connection)
            for table in ["DELETE FROM policyPart WHERE version <= ?1", "DELETE FROM policyVersion WHERE number <= ?1"]
            {
                try connection.execute(table, [.integer(number - Self.versionsMax)])
            }
            return compiled
        }
        self.authorizer.install(compiled)
        return compiled.version
    }

    private static func checked(
        _ policy: AccessPolicy,
        after old: AccessPolicy,
        _ number: Int
    ) throws(PolicyFaults) -> CompiledPolicy {
        let compiled = try CompiledPolicy(policy, version: number)
        if !old.ruleMakers.isEmpty, policy.ruleMakers.isEmpty {
            throw PolicyFaults(faults: [.init(place: "rules", problem: .lockOut)])
        }
        return compiled
    }

    private static func insert(_ policy: AccessPolicy, _ number: Int, _ connection: any SQLConnection) throws {
        let parts: [(String, [String])] = [
            ("role", policy.roles.map { PolicyDocument.text($0) }),
            ("group", policy.groups.map { PolicyDocument.text($0) }),
            ("rule", policy.rules.map { PolicyDocument.text($0) }),
        ]
        for (kind, documents) in parts {
            for (position, document) in documents.enumerated() {
                try connection.execute(
                    "INSERT INTO policyPart (version, kind, position, document) VALUES (?1, ?2, ?3, ?4)",
                    [.integer(number), .text(kind), .integer(position), .text(document)]
                )
            }
        }
    }

    private static func newest(_ connection: any SQLConnection) throws -> Int {
        Int(try connection.queryOne("SELECT MAX(number) FROM policyVersion")?.integerIfPresent(0) ?? 0)
    }

    private static func version(_ number: Int, _ connection: any SQLConnection) throws -> Version? {
        try connection.queryOne(
            "SELECT number, madeBy, madeAt, restored FROM policyVersion WHERE number = ?1",
            [.integer(number)]
        ).map(Self.version)
    }

    private static func version(_ row: SQLRow) throws -> Version {
        Version(
            number: Int(try row.integer(0)),
            madeBy: try row.text(1),
            madeAtMilliseconds: try row.integer(2),
            restored: try row.integerIfPresent(3).map(Int.init)
        )
    }

    private static func policy(_ number: Int, _ connection: any SQLConnection) throws -> AccessPolicy {
        var parts: [String: [StrictJSON]] = [:]
        try connection.forEach(
            "SELECT kind, document FROM policyPart WHERE version = ?1 ORDER BY kind, position",
            [.integer(number)]
        ) { row in
            guard let document = StrictJSON(parsing: Array(try row.text(1).utf8)) else { throw Self.unreadable }
            parts[try row.text(0), default: []].append(document)
        }
        do {
            return try PolicyDocument.policy(
                roles: parts["role"] ?? [],
                groups: parts["group"] ?? [],
                rules: parts["rule"] ?? []
            )
        } catch {
            throw Self.unreadable
        }
    }

    private static func compiled(_ policy: AccessPolicy, _ number: Int) throws -> CompiledPolicy {
        do {
            return try CompiledPolicy(policy, version: number)
        } catch {
            throw Self.unreadable
        }
    }

    private static var noVersion: CollimatorError {
        CollimatorError(.notFound, "the policy has no version of this number")
    }

    private static var changedMeanwhile: CollimatorError {
        CollimatorError(
            .preconditionFailed,
            "the policy was changed by somebody else",
            publicDetail: "The rules were changed meanwhile. Read them again."
        )
    }

    private static var unreadable: CollimatorError {
        CollimatorError(.internalError, "a version of the policy cannot be read")
    }
}
