internal import CollimatorCore
internal import Persistence

/// Finds the numbers of rows by the names that callers use.
enum StoreLookup {
    /// The number of the dataset.
    static func dataset(_ name: DatasetName, _ connection: any SQLConnection) throws -> Int64 {
        let row = try connection.queryOne(
            "SELECT id FROM dataset WHERE project = ?1 AND location = ?2 AND name = ?3",
            [.text(name.project), .text(name.location), .text(name.dataset)]
        )
        guard let row else { throw ArchiveError.datasetNotFound }
        return try row.integer(0)
    }

    /// The number of the store.
    static func store(_ name: DICOMStoreName, _ connection: any SQLConnection) throws -> Int64 {
        let row = try connection.queryOne(
            """
            SELECT t.id FROM dataset d CROSS JOIN dicomStore t
            WHERE d.project = ?1 AND d.location = ?2 AND d.name = ?3 AND t.dataset = d.id AND t.name = ?4
            """,
            [
                .text(name.dataset.project), .text(name.dataset.location), .text(name.dataset.dataset),
                .text(name.store),
            ]
        )
        guard let row else { throw ArchiveError.storeNotFound }
        return try row.integer(0)
    }

    /// The number of a study that is not being deleted.
    static func study(_ uid: String, in store: Int64, _ connection: any SQLConnection) throws -> Int64? {
        try connection.queryOne(
            "SELECT id FROM study WHERE store = ?1 AND uid = ?2 AND listing IS NOT NULL",
            [.integer(store), .text(uid)]
        )?.integer(0)
    }

    /// The number of a series that is not being deleted, in a study that is not either.
    static func series(_ uid: String, in study: Int64, _ connection: any SQLConnection) throws -> Int64? {
        try connection.queryOne(
            "SELECT id FROM series WHERE study = ?1 AND uid = ?2 AND listing IS NOT NULL",
            [.integer(study), .text(uid)]
        )?.integer(0)
    }
}
