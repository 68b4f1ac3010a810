/// How much a store, a study or a series holds.
package struct StorageMetrics: Sendable, Hashable {
    package var studyCount: Int64 = 0
    package var seriesCount: Int64 = 0
    package var instanceCount: Int64 = 0
    /// The bytes of DICOM JSON.
    package var structuredSizeBytes: Int64 = 0
    /// The bytes of the files.
    package var blobSizeBytes: Int64 = 0

    static func += (left: inout StorageMetrics, right: StorageMetrics) {
        left.studyCount += right.studyCount
        left.seriesCount += right.seriesCount
        left.instanceCount += right.instanceCount
        left.structuredSizeBytes += right.structuredSizeBytes
        left.blobSizeBytes += right.blobSizeBytes
    }

    static prefix func - (metrics: StorageMetrics) -> StorageMetrics {
        StorageMetrics(
            studyCount: -metrics.studyCount,
            seriesCount: -metrics.seriesCount,
            instanceCount: -metrics.instanceCount,
            structuredSizeBytes: -metrics.structuredSizeBytes,
            blobSizeBytes: -metrics.blobSizeBytes
        )
    }
}
