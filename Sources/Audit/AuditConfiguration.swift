/// Every limit of the audit, with its unit.
package struct AuditConfiguration: Sendable, Hashable {
    /// How long records are kept, in days; nil for ever.
    package var retentionDays: Int?
    /// Bytes of records that are kept in a file while the database cannot be written.
    package var spoolBytesMax = 16 * 1024 * 1024
    /// Records that wait to be written at the same time; one more is refused.
    package var waitingMax = 10_000
    /// Records of one transaction.
    package var batchMax = 500
    /// Looks whose repeats are being counted at the same time; one more is written by itself.
    package var foldsMax = 20_000
    /// Records that one transaction deletes.
    package var deletedAtATime = 1_000

    package init(retentionDays: Int? = nil) {
        self.retentionDays = retentionDays
    }
}
