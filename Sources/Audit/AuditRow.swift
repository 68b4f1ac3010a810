internal import CollimatorCore
internal import Cryptography
internal import Persistence

/// A record as it stands in the chain: with its number, an id that no other has, and the hash that binds it to all before.
package struct AuditRow: Sendable, Hashable {
    package let number: Int64
    package let id: String
    package let record: AuditRecord
    let hash: [UInt8]

    /// The columns that the initialiser reads, in their order.
    static let columns = """
        number, id, time, caller, method, purpose, address, permission, route, store, study, series, instance,
        patientID, patientIssuer, outcome, requestID, decision, count, repeats, hash
        """

    /// A record at its place: the hash is worked out from the one before.
    init(number: Int64, id: String, record: AuditRecord, after previous: [UInt8]) {
        self.number = number
        self.id = id
        self.record = record
        self.hash = Self.hash(number: number, id: id, record: record, after: previous)
    }

    init(row: SQLRow) throws {
        guard let outcome = AuditRecord.Outcome(rawValue: try row.text(15)) else {
            throw CollimatorError(.internalError, "a row of the audit has an unknown outcome")
        }
        let patientIssuer = try row.textIfPresent(14)
        self.number = try row.integer(0)
        self.id = try row.text(1)
        self.record = AuditRecord(
            timeMilliseconds: try row.integer(2),
            caller: AuditRecord.Caller(
                principal: try row.text(3),
                method: try row.text(4),
                purpose: try row.textIfPresent(5),
                address: try row.textIfPresent(6)
            ),
            action: AuditRecord.Action(permission: try row.text(7), route: try row.text(8)),
            subject: AuditRecord.Subject(
                store: try row.textIfPresent(9),
                study: try row.textIfPresent(10),
                series: try row.textIfPresent(11),
                instance: try row.textIfPresent(12),
                patient: try row.textIfPresent(13).map { AuditRecord.Patient(id: $0, issuer: patientIssuer) }
            ),
            outcome: outcome,
            requestID: try row.text(16),
            decision: try row.textIfPresent(17),
            count: Int(try row.integer(18)),
            isRepeats: try row.integer(19) != 0
        )
        self.hash = try row.blob(20)
    }

    /// Whether the row follows on the hash of the row before it.
    func follows(_ previous: [UInt8]) -> Bool {
        self.hash == Self.hash(number: self.number, id: self.id, record: self.record, after: previous)
    }

    /// The values of ``columns``.
    var values: [SQLValue] {
        let record = self.record
        return [
            .integer(self.number), .text(self.id), .integer(record.timeMilliseconds), .text(record.caller.principal),
            .text(record.caller.method), .text(record.caller.purpose), .text(record.caller.address),
            .text(record.action.permission), .text(record.action.route), .text(record.subject.store),
            .text(record.subject.study), .text(record.subject.series), .text(record.subject.instance),
            .text(record.subject.patient?.id), .text(record.subject.patient?.issuer), .text(record.outcome.rawValue),
            .text(record.requestID), .text(record.decision), .integer(record.count),
            .integer(record.isRepeats ? 1 : 0), .blob(self.hash),
        ]
    }

    /// The digest of the hash before and of every value in order, each with its length, so that no two rows read alike.
    private static func hash(number: Int64, id: String, record: AuditRecord, after previous: [UInt8]) -> [UInt8] {
        var bytes = previous
        let row = AuditRow(number: number, id: id, record: record, hash: [])
        for value in row.values.dropLast() {
            switch value {
            case .integer(let number): Self.append(Array(String(number).utf8), kind: 1, to: &bytes)
            case .text(let text): Self.append(Array(text.utf8), kind: 2, to: &bytes)
            case .null, .real, .blob: Self.append([], kind: 0, to: &bytes)
            }
        }
        return SHA256.hash(bytes)
    }

    private init(number: Int64, id: String, record: AuditRecord, hash: [UInt8]) {
        self.number = number
        self.id = id
        self.record = record
        self.hash = hash
    }

    private static func append(_ value: [UInt8], kind: UInt8, to bytes: inout [UInt8]) {
        bytes.append(kind)
        for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: value.count >> shift)) }
        bytes.append(contentsOf: value)
    }
}
