package import CollimatorCore
internal import DICOMweb
internal import FoundationEssentials
internal import Persistence

extension Archive {
    /// How much a DICOM store holds.
    ///
    /// - Throws: `storeNotFound`.
    package func metrics(of store: DICOMStoreName) async throws(ArchiveError) -> StorageMetrics {
        try await self.reading { connection in
            let id = try StoreLookup.store(store, connection)
            return try StorageMetrics(
                connection.queryOne(
                    """
                    SELECT studyCount, seriesCount, instanceCount, structuredSizeBytes, blobSizeBytes
                    FROM dicomStore WHERE id = ?1
                    """,
                    [.integer(id)]
                )
            )
        }
    }

    /// How much a study or series holds; of an instance use `instance(_:)`.
    ///
    /// - Throws: `storeNotFound`, `notFound`.
    package func metrics(of scope: InstanceScope) async throws(ArchiveError) -> StorageMetrics {
        precondition(scope.instance == nil, "an instance has no counts")
        return try await self.reading { connection in
            let store = try StoreLookup.store(scope.store, connection)
            guard let study = try StoreLookup.study(scope.study.rawValue, in: store, connection) else {
                throw ArchiveError.notFound
            }
            guard let uid = scope.series else {
                return try StorageMetrics(
                    connection.queryOne(
                        """
                        SELECT 1, seriesCount, instanceCount, structuredSizeBytes, blobSizeBytes
                        FROM study WHERE id = ?1
                        """,
                        [.integer(study)]
                    )
                )
            }
            return try StorageMetrics(
                connection.queryOne(
                    """
                    SELECT 1, 1, instanceCount, structuredSizeBytes, blobSizeBytes
                    FROM series WHERE study = ?1 AND uid = ?2 AND listing IS NOT NULL
                    """,
                    [.integer(study), .text(uid.rawValue)]
                )
            )
        }
    }

    /// Gives the instances of a scope another storage class; returns how many there are.
    ///
    /// - Throws: `storeNotFound`, `notFound`.
    @discardableResult
    package func setStorageClass(
        _ storageClass: StorageClass,
        of scope: InstanceScope
    ) async throws(ArchiveError) -> Int64 {
        let now = self.clock.now().microseconds
        return try await self.writing { connection in
            guard let walk = try InstanceWalk(scope, connection) else { throw ArchiveError.notFound }
            var count: Int64 = 0
            // The statement changes no column of the index that the walk goes along.
            _ = try walk.forEach(after: nil, limit: .max) { _, id in
                count += 1
                try connection.execute(
                    "UPDATE instance SET storageClass = ?2, storageClassAtMicroseconds = ?3 WHERE id = ?1",
                    [.integer(id), .text(storageClass.rawValue), .integer(now)]
                )
            }
            guard count > 0 else { throw ArchiveError.notFound }
            return count
        }
    }

    /// Gives every instance of a store another storage class; returns how many there are.
    ///
    /// Study by study, so that other writers get their turn.
    ///
    /// - Throws: `storeNotFound`.
    @discardableResult
    package func setStorageClass(
        _ storageClass: StorageClass,
        in store: DICOMStoreName
    ) async throws(ArchiveError) -> Int64 {
        let now = self.clock.now().microseconds
        var total: Int64 = 0
        var last: Int64 = 0
        while true {
            let after = last
            let step = try await self.writing { connection -> (study: Int64, count: Int)? in
                let id = try StoreLookup.store(store, connection)
                let row = try connection.queryOne(
                    "SELECT id FROM study WHERE listing = ?1 AND id > ?2 ORDER BY id LIMIT 1",
                    [.integer(id), .integer(after)]
                )
                guard let study = try row?.integer(0) else { return nil }
                let count = try connection.execute(
                    "UPDATE instance SET storageClass = ?2, storageClassAtMicroseconds = ?3 WHERE study = ?1",
                    [.integer(study), .text(storageClass.rawValue), .integer(now)]
                )
                return (study, count)
            }
            guard let step else { return total }
            total += Int64(step.count)
            last = step.study
        }
    }
}

extension StorageMetrics {
    fileprivate init(_ row: SQLRow?) throws {
        guard let row else { throw ArchiveError.notFound }
        self.init(
            studyCount: try row.integer(0),
            seriesCount: try row.integer(1),
            instanceCount: try row.integer(2),
            structuredSizeBytes: try row.integer(3),
            blobSizeBytes: try row.integer(4)
        )
    }
}
