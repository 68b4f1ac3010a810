internal import CollimatorCore
internal import DICOMFiles
internal import FoundationEssentials

/// An upload whose bytes are on the disk under a temporary name and whose description is worked out.
struct PreparedInstance: Sendable {
    let spool: SpoolFile
    let digest: SpoolDigest
    let description: InstanceDescription
    let store: DICOMStoreName
    let arrivedAt: Date
}

/// What a transaction writes about one object.
struct IndexEntry: Sendable {
    /// The number that the row and the file get.
    let id: Int64
    let digest: SpoolDigest
    let description: InstanceDescription
    let store: DICOMStoreName
    let arrivedAt: Date
}

extension IndexEntry {
    init(_ instance: PreparedInstance, id: Int64) {
        self.init(
            id: id,
            digest: instance.digest,
            description: instance.description,
            store: instance.store,
            arrivedAt: instance.arrivedAt
        )
    }

    /// The object as it is found once it is committed.
    func stored(_ vault: FileVault) -> StoredInstance {
        let identity = self.description.identity
        // As the column will give it back.
        let arrivedAt = Date(microseconds: self.arrivedAt.microseconds)
        return StoredInstance(
            study: identity.studyInstanceUID,
            series: identity.seriesInstanceUID,
            instance: identity.sopInstanceUID,
            sopClassUID: identity.sopClassUID,
            transferSyntaxUID: identity.transferSyntaxUID,
            filePath: vault.path(of: self.id),
            sizeBytes: self.digest.sizeBytes,
            sha256: self.digest.sha256,
            numberOfFrames: self.description.numberOfFrames,
            structuredSizeBytes: Int64(self.description.json.count),
            storedAt: arrivedAt,
            storageClass: .standard,
            storageClassUpdatedAt: arrivedAt
        )
    }
}
