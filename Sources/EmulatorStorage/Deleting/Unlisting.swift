internal import Persistence

/// Takes rows out of every answer and out of the counts, in one transaction.
struct Unlisting {
    let connection: any SQLConnection
    let store: Int64
    let study: Int64

    /// Unlists the study with all of its series.
    func unlistStudy() throws -> Deletion {
        let counts = try self.counts("SELECT seriesCount, instanceCount, structuredSizeBytes, blobSizeBytes FROM study")
        try self.unlist(counts)
        return Deletion(instanceCount: counts.instanceCount, target: .study(self.study), removedInstances: [])
    }

    /// Unlists a series, and the study when that was its last.
    func unlistSeries(_ id: Int64) throws -> Deletion {
        let counts = try self.counts(
            "SELECT 1, instanceCount, structuredSizeBytes, blobSizeBytes FROM series",
            id: id
        )
        let target = try self.unlistSeries(id, counts)
        return Deletion(instanceCount: counts.instanceCount, target: target, removedInstances: [])
    }

    /// Removes the rows of an instance, and unlists the parents that it leaves empty.
    func removeInstance(_ uid: String, of series: Int64) throws -> Deletion {
        let row = try self.connection.queryOne(
            "SELECT id, series, structuredSizeBytes, sizeBytes FROM instance WHERE store = ?1 AND uid = ?2",
            [.integer(self.store), .text(uid)]
        )
        guard let row, try row.integer(1) == series else { throw ArchiveError.notFound }
        let id = try row.integer(0)
        let counts = StorageMetrics(
            instanceCount: 1,
            structuredSizeBytes: try row.integer(2),
            blobSizeBytes: try row.integer(3)
        )
        try self.connection.execute("DELETE FROM instanceMetadata WHERE instance = ?1", [.integer(id)])
        try self.connection.execute("DELETE FROM instance WHERE id = ?1", [.integer(id)])
        try Counts.add(-counts, toSeries: series, self.connection)
        try Counts.add(-counts, toStudy: self.study, self.connection)
        try Counts.add(-counts, toStore: self.store, self.connection)
        let rest = try self.counts(
            "SELECT 1, instanceCount, structuredSizeBytes, blobSizeBytes FROM series",
            id: series
        )
        let target = rest.instanceCount > 0 ? .nothing : try self.unlistSeries(series, rest)
        return Deletion(instanceCount: 1, target: target, removedInstances: [id])
    }

    private func unlistSeries(_ id: Int64, _ counts: StorageMetrics) throws -> Deletion.Target {
        try self.connection.execute("UPDATE series SET listing = NULL WHERE id = ?1", [.integer(id)])
        try Counts.add(-counts, toStudy: self.study, self.connection)
        try Counts.add(-counts, toStore: self.store, self.connection)
        let rest = try self.counts("SELECT seriesCount, instanceCount, structuredSizeBytes, blobSizeBytes FROM study")
        guard rest.seriesCount == 0 else { return .series(id, ofStudy: self.study) }
        try self.unlist(rest)
        return .study(self.study)
    }

    private func unlist(_ counts: StorageMetrics) throws {
        var counts = counts
        counts.studyCount = 1
        try Counts.add(-counts, toStore: self.store, self.connection)
        try self.connection.execute("UPDATE study SET listing = NULL WHERE id = ?1", [.integer(self.study)])
        try self.connection.execute("UPDATE series SET listing = NULL WHERE study = ?1", [.integer(self.study)])
        try self.connection.execute("DELETE FROM nameToken WHERE study = ?1", [.integer(self.study)])
    }

    private func counts(_ sql: String, id: Int64? = nil) throws -> StorageMetrics {
        let row = try self.connection.queryOne("\(sql) WHERE id = ?1", [.integer(id ?? self.study)])
        guard let row else { throw ArchiveError.notFound }
        return StorageMetrics(
            seriesCount: try row.integer(0),
            instanceCount: try row.integer(1),
            structuredSizeBytes: try row.integer(2),
            blobSizeBytes: try row.integer(3)
        )
    }
}
