internal import Persistence

/// That somebody looked at a study, or changed it, for an emergency: once for each minute, caller and study.
package struct EmergencyLook: Hashable, Sendable {
    /// Since 1970.
    package let minute: Int64
    /// The text of the principal.
    package let caller: String
    package let store: String
    package let study: String

    /// The purposes of use that stand for an emergency: emergency treatment, and breaking the glass (HL7 v3 PurposeOfUse).
    ///
    /// They are compared as they are, like those of access rules.
    package static let purposes: Set<String> = ["ETREAT", "BTG"]

    /// Nil for a record of anything else: of a refusal, of a fault, of repeats, or of no study.
    init?(_ record: AuditRecord) {
        guard record.outcome == .success, !record.isRepeats, let purpose = record.caller.purpose,
            Self.purposes.contains(purpose), let store = record.subject.store, let study = record.subject.study
        else { return nil }
        self.minute = record.timeMilliseconds / 60_000
        self.caller = record.caller.principal
        self.store = store
        self.study = study
    }

    fileprivate init(row: SQLRow) throws {
        self.minute = try row.integer(0)
        self.caller = try row.text(1)
        self.store = try row.text(2)
        self.study = try row.text(3)
    }

    fileprivate var key: [SQLValue] {
        [.integer(self.minute), .text(self.caller), .text(self.store), .text(self.study)]
    }
}

extension AuditStore {
    /// How long it is known that a look was told, in minutes: one of the same minute that comes from the spool by then is
    /// not told again.
    static let toldMinutes: Int64 = 24 * 60

    /// Has the look told, in the transaction of its record, unless one of its minute was before it.
    static func noteToTell(_ look: EmergencyLook, on connection: any SQLConnection) throws {
        try connection.execute(
            """
            INSERT INTO emergencyLook (minute, caller, store, study) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (minute, caller, store, study) DO NOTHING
            """,
            look.key
        )
    }

    /// Looks for an emergency that are still to be told, the oldest first.
    package func untoldEmergencies(limit: Int) async throws -> [EmergencyLook] {
        try await self.database.read { connection in
            try connection.query(
                """
                SELECT minute, caller, store, study FROM emergencyLook WHERE isTold = 0
                ORDER BY minute, caller, store, study LIMIT ?1
                """,
                [.integer(limit)]
            ).map { try EmergencyLook(row: $0) }
        }
    }

    /// The looks have been told; what was told long before them is forgotten.
    package func noteTold(_ looks: [EmergencyLook]) async throws {
        guard let latest = looks.map(\.minute).max() else { return }
        try await self.database.write { connection in
            for look in looks {
                try connection.execute(
                    """
                    UPDATE emergencyLook SET isTold = 1
                    WHERE minute = ?1 AND caller = ?2 AND store = ?3 AND study = ?4
                    """,
                    look.key
                )
            }
            _ = try connection.execute(
                "DELETE FROM emergencyLook WHERE minute < ?1 AND isTold = 1",
                [.integer(latest - Self.toldMinutes)]
            )
        }
    }
}
