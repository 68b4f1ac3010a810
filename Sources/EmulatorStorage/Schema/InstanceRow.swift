internal import DICOMweb
internal import FoundationEssentials
internal import Persistence

/// A row of `instance` with the UIDs of its series and study, made into a `StoredInstance` in this one place.
struct InstanceRow {
    let id: Int64
    let stored: StoredInstance

    /// The columns, with the tables named `s`, `e` and `i`.
    static let columns = """
        i.id, s.uid, e.uid, i.uid, i.sopClassUID, i.transferSyntaxUID, i.sizeBytes, i.sha256, i.numberOfFrames,
        i.structuredSizeBytes, i.storedAtMicroseconds, i.storageClass, i.storageClassAtMicroseconds
        """

    init(_ row: SQLRow, _ vault: FileVault) throws {
        guard let study = StudyUID(try row.text(1)), let series = SeriesUID(try row.text(2)),
            let instance = InstanceUID(try row.text(3)), let storageClass = StorageClass(rawValue: try row.text(11))
        else { throw ArchiveError.internalFault }
        self.id = try row.integer(0)
        self.stored = StoredInstance(
            study: study,
            series: series,
            instance: instance,
            sopClassUID: try row.text(4),
            transferSyntaxUID: try row.text(5),
            filePath: vault.path(of: self.id),
            sizeBytes: try row.integer(6),
            sha256: try row.blob(7),
            numberOfFrames: Int(try row.integer(8)),
            structuredSizeBytes: try row.integer(9),
            storedAt: Date(microseconds: try row.integer(10)),
            storageClass: storageClass,
            storageClassUpdatedAt: Date(microseconds: try row.integer(12))
        )
    }
}

extension Date {
    /// The time that lies so many microseconds after the beginning of 1970.
    init(microseconds: Int64) {
        self.init(timeIntervalSince1970: Double(microseconds) / 1_000_000)
    }

    /// The microseconds since the beginning of 1970.
    var microseconds: Int64 { Int64((self.timeIntervalSince1970 * 1_000_000).rounded()) }
}
