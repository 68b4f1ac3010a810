internal import CollimatorCore
package import Persistence

/// The kept records: appended in batches, read by filter, verified from end to end, deleted from the oldest on.
package struct AuditStore: Sendable {
    let database: Database

    /// The database must hold nothing else, and ``prepare()`` comes before anything else is called.
    package init(database: Database) {
        self.database = database
    }

    /// Brings the database to the schema of this module.
    package func prepare() async throws {
        try await self.database.migrate(AuditSchema.migrations)
    }

    /// Appends the records in one transaction; what is there already, by id, is passed over.
    func append(_ batch: [(id: String, record: AuditRecord)]) async throws {
        try await self.database.write { connection in
            var head = try Self.head(on: connection)
            for (id, record) in batch {
                let known = try connection.queryOne("SELECT number FROM auditRecord WHERE id = ?1", [.text(id)])
                guard known == nil else { continue }
                let row = AuditRow(number: head.number + 1, id: id, record: record, after: head.hash)
                try connection.execute(Self.insert, row.values)
                if let look = EmergencyLook(record) { try Self.noteToTell(look, on: connection) }
                head = AuditHead(number: row.number, hash: row.hash)
            }
        }
    }

    /// Writes nothing new, but for real: where the disk is full or the file cannot be written it fails.
    package func probe() async throws {
        _ = try await self.database.write { connection in
            try connection.execute("UPDATE auditAnchor SET number = number")
        }
    }

    /// A page of records, the latest first.
    package func page(_ query: AuditQuery) async throws -> AuditPage {
        let (condition, arguments) = query.condition
        let statement = """
            SELECT \(AuditRow.columns) FROM auditRecord \(condition)
            ORDER BY number DESC LIMIT ?\(arguments.count + 1)
            """
        return try await self.database.read { connection in
            var rows = try connection.query(statement, arguments + [.integer(query.limit + 1)]).map(AuditRow.init(row:))
            let hasMore = rows.count > query.limit
            if hasMore { rows.removeLast() }
            return AuditPage(rows: rows, next: hasMore ? rows.last?.number : nil)
        }
    }

    /// Follows the chain from the oldest record that is kept to the latest.
    ///
    /// It is read in pieces, so that nobody waits for it; what is appended meanwhile is verified too.
    package func verify() async throws -> AuditVerification {
        var head = try await self.database.read { try Self.anchor(on: $0) }
        var verified = 0
        while true {
            try Task.checkCancellation()
            let from = head
            let rows = try await self.database.read { connection in
                // What was deleted meanwhile is not missed: the anchor has gone on.
                let anchor = try Self.anchor(on: connection)
                let start = anchor.number > from.number ? anchor : from
                let rows = try connection.query(
                    "SELECT \(AuditRow.columns) FROM auditRecord WHERE number > ?1 ORDER BY number LIMIT ?2",
                    [.integer(start.number), .integer(Self.verifiedAtATime)]
                )
                return (start, try rows.map(AuditRow.init(row:)))
            }
            head = rows.0
            for row in rows.1 {
                guard row.number == head.number + 1, row.follows(head.hash) else {
                    return AuditVerification(records: verified, brokenAt: head.number + 1, head: head)
                }
                head = AuditHead(number: row.number, hash: row.hash)
                verified += 1
            }
            guard rows.1.count == Self.verifiedAtATime else {
                return AuditVerification(records: verified, brokenAt: nil, head: head)
            }
        }
    }

    /// Deletes records that are older, from the oldest on, up to a number of them; whether there may be more.
    ///
    /// It ends at the first that is not older, so that the chain never has a hole.
    func deleteRecords(before milliseconds: Int64, max: Int) async throws -> Bool {
        try await self.database.write { connection in
            let anchor = try Self.anchor(on: connection)
            let rows = try connection.query(
                "SELECT number, time, hash FROM auditRecord WHERE number > ?1 ORDER BY number LIMIT ?2",
                [.integer(anchor.number), .integer(max)]
            )
            let old = try rows.prefix { try $0.integer(1) < milliseconds }
            guard let last = old.last else { return false }
            try connection.execute("DELETE FROM auditRecord WHERE number <= ?1", [.integer(try last.integer(0))])
            try connection.execute(
                "UPDATE auditAnchor SET number = ?1, hash = ?2",
                [.integer(try last.integer(0)), .blob(try last.blob(2))]
            )
            return old.count == max
        }
    }

    /// The place after which the next record comes.
    private static func head(on connection: any SQLConnection) throws -> AuditHead {
        let last = try connection.queryOne("SELECT number, hash FROM auditRecord ORDER BY number DESC LIMIT 1")
        return try last.map { AuditHead(number: try $0.integer(0), hash: try $0.blob(1)) }
            ?? Self.anchor(on: connection)
    }

    private static func anchor(on connection: any SQLConnection) throws -> AuditHead {
        guard let row = try connection.queryOne("SELECT number, hash FROM auditAnchor") else {
            throw CollimatorError(.internalError, "the audit has no beginning")
        }
        return AuditHead(number: try row.integer(0), hash: try row.blob(1))
    }

    private static let insert = """
        INSERT INTO auditRecord (\(AuditRow.columns))
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)
        """
    /// Records that are verified with one look into the database.
    private static let verifiedAtATime = 1_000
}

/// A place in the chain.
package struct AuditHead: Sendable, Hashable {
    package let number: Int64
    package let hash: [UInt8]
}

/// What following the chain has shown.
package struct AuditVerification: Sendable, Hashable {
    /// How many records follow on each other.
    package let records: Int
    /// The number of the first that is missing or was changed; nil where the chain is whole.
    package let brokenAt: Int64?
    /// The last that is sound.
    ///
    /// Whoever has noted it elsewhere knows later that nothing before it was changed.
    package let head: AuditHead
}
