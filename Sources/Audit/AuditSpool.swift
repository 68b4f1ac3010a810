internal import CollimatorCore
internal import FoundationEssentials
internal import Glibc

/// The file that takes records while the database cannot: one JSON text in each line, on the disk before it counts.
///
/// It is bounded. It is only used by one task at a time, the one that writes the records.
struct AuditSpool: Sendable {
    let path: String
    let bytesMax: Int

    /// Adds the records; either all of them are on the disk or none counts.
    ///
    /// - Throws: `unavailable` where there is no room or the file cannot be written.
    func append(_ batch: [(id: String, record: AuditRecord)]) throws(CollimatorError) {
        var bytes: [UInt8] = []
        do {
            for (id, record) in batch {
                bytes.append(contentsOf: try JSONEncoder().encode(SpooledRecord(id: id, record: record)))
                bytes.append(UInt8(ascii: "\n"))
            }
        } catch {
            throw CollimatorError(.internalError, "a record of the audit cannot be encoded", cause: error)
        }
        let descriptor = open(self.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.unusable }
        defer { close(descriptor) }

        let before = lseek(descriptor, 0, SEEK_END)
        guard before >= 0, Int(before) + bytes.count <= self.bytesMax else {
            throw CollimatorError(.unavailable, "the spool of the audit is full", retryAfterSeconds: 10)
        }
        guard Self.write(bytes, to: descriptor), fsync(descriptor) == 0 else {
            // Half a line must not stand before the next.
            _ = ftruncate(descriptor, before)
            throw Self.unusable
        }
    }

    /// Cuts off a last line that was not finished when the process ended: it never counted.
    func repair() throws {
        guard !self.isEmpty else { return }
        let bytes = try Data(contentsOf: URL(filePath: self.path))
        let end = bytes.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        guard end < bytes.count else { return }
        guard truncate(self.path, off_t(end)) == 0 else { throw Self.unusable }
    }

    /// What is in it, in order.
    func records() throws -> [(id: String, record: AuditRecord)] {
        guard !self.isEmpty else { return [] }
        let lines = try Data(contentsOf: URL(filePath: self.path)).split(separator: UInt8(ascii: "\n"))
        return try lines.map { line in
            let spooled = try JSONDecoder().decode(SpooledRecord.self, from: Data(line))
            return (id: spooled.id, record: try spooled.record)
        }
    }

    /// Whether there is anything in it.
    var isEmpty: Bool {
        var status = stat()
        return stat(self.path, &status) != 0 || status.st_size == 0
    }

    /// Forgets what is in it.
    func clear() {
        unlink(self.path)
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { return false }
            written += count
        }
        return true
    }

    private static var unusable: CollimatorError {
        CollimatorError(.unavailable, "the spool of the audit cannot be written", retryAfterSeconds: 10)
    }
}

/// A record in a line of the spool.
private struct SpooledRecord: Codable {
    let id: String
    let time: Int64
    let caller: [String?]
    let action: [String]
    let subject: [String?]
    let outcome: String
    let requestID: String
    let decision: String?
    let count: Int
    let isRepeats: Bool

    init(id: String, record: AuditRecord) {
        self.id = id
        self.time = record.timeMilliseconds
        self.caller = [record.caller.principal, record.caller.method, record.caller.purpose, record.caller.address]
        self.action = [record.action.permission, record.action.route]
        let subject = record.subject
        self.subject = [
            subject.store, subject.study, subject.series, subject.instance, subject.patient?.id,
            subject.patient?.issuer,
        ]
        self.outcome = record.outcome.rawValue
        self.requestID = record.requestID
        self.decision = record.decision
        self.count = record.count
        self.isRepeats = record.isRepeats
    }

    var record: AuditRecord {
        get throws {
            guard self.caller.count == 4, self.action.count == 2, self.subject.count == 6,
                let outcome = AuditRecord.Outcome(rawValue: self.outcome), let principal = self.caller[0],
                let method = self.caller[1]
            else { throw CollimatorError(.internalError, "a line of the audit's spool is no record") }
            return AuditRecord(
                timeMilliseconds: self.time,
                caller: AuditRecord.Caller(
                    principal: principal,
                    method: method,
                    purpose: self.caller[2],
                    address: self.caller[3]
                ),
                action: AuditRecord.Action(permission: self.action[0], route: self.action[1]),
                subject: AuditRecord.Subject(
                    store: self.subject[0],
                    study: self.subject[1],
                    series: self.subject[2],
                    instance: self.subject[3],
                    patient: self.subject[4].map { AuditRecord.Patient(id: $0, issuer: self.subject[5]) }
                ),
                outcome: outcome,
                requestID: self.requestID,
                decision: self.decision,
                count: self.count,
                isRepeats: self.isRepeats
            )
        }
    }
}
