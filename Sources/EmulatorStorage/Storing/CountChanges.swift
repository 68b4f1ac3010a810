internal import Persistence

/// What a transaction adds to the counts of stores, studies and series: one update of each, however many objects.
struct CountChanges {
    private var stores: [Int64: StorageMetrics] = [:]
    private var studies: [Int64: StorageMetrics] = [:]
    private var series: [Int64: StorageMetrics] = [:]

    mutating func addStudy(to store: Int64) {
        self.stores[store, default: StorageMetrics()].studyCount += 1
    }

    mutating func addSeries(to study: Int64, store: Int64) {
        self.stores[store, default: StorageMetrics()].seriesCount += 1
        self.studies[study, default: StorageMetrics()].seriesCount += 1
    }

    mutating func add(_ entry: IndexEntry, store: Int64, study: Int64, series: Int64) {
        let added = StorageMetrics(
            instanceCount: 1,
            structuredSizeBytes: Int64(entry.description.json.count),
            blobSizeBytes: entry.digest.sizeBytes
        )
        self.stores[store, default: StorageMetrics()] += added
        self.studies[study, default: StorageMetrics()] += added
        self.series[series, default: StorageMetrics()] += added
    }

    /// Writes the changes.
    func apply(to connection: any SQLConnection) throws {
        for (id, added) in self.stores {
            try Counts.add(added, toStore: id, connection)
        }
        for (id, added) in self.studies {
            try Counts.add(added, toStudy: id, connection)
        }
        for (id, added) in self.series {
            try Counts.add(added, toSeries: id, connection)
        }
    }
}

/// The counts kept in rows, so that asking for them costs nothing.
enum Counts {
    static func add(_ added: StorageMetrics, toStore id: Int64, _ connection: any SQLConnection) throws {
        try connection.execute(
            """
            UPDATE dicomStore SET studyCount = studyCount + ?2, seriesCount = seriesCount + ?3,
                instanceCount = instanceCount + ?4, structuredSizeBytes = structuredSizeBytes + ?5,
                blobSizeBytes = blobSizeBytes + ?6
            WHERE id = ?1
            """,
            [
                .integer(id), .integer(added.studyCount), .integer(added.seriesCount), .integer(added.instanceCount),
                .integer(added.structuredSizeBytes), .integer(added.blobSizeBytes),
            ]
        )
    }

    static func add(_ added: StorageMetrics, toStudy id: Int64, _ connection: any SQLConnection) throws {
        try connection.execute(
            """
            UPDATE study SET seriesCount = seriesCount + ?2, instanceCount = instanceCount + ?3,
                structuredSizeBytes = structuredSizeBytes + ?4, blobSizeBytes = blobSizeBytes + ?5
            WHERE id = ?1
            """,
            [
                .integer(id), .integer(added.seriesCount), .integer(added.instanceCount),
                .integer(added.structuredSizeBytes), .integer(added.blobSizeBytes),
            ]
        )
    }

    static func add(_ added: StorageMetrics, toSeries id: Int64, _ connection: any SQLConnection) throws {
        try connection.execute(
            """
            UPDATE series SET instanceCount = instanceCount + ?2, structuredSizeBytes = structuredSizeBytes + ?3,
                blobSizeBytes = blobSizeBytes + ?4
            WHERE id = ?1
            """,
            [
                .integer(id), .integer(added.instanceCount), .integer(added.structuredSizeBytes),
                .integer(added.blobSizeBytes),
            ]
        )
    }
}
