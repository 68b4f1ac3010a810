package import CollimatorCore
internal import Persistence

extension Archive {
    /// Makes a DICOM store.
    ///
    /// - Throws: `datasetNotFound`, `alreadyExists`.
    package func createStore(_ name: DICOMStoreName, body: [UInt8]) async throws(ArchiveError) {
        try await self.creating { connection in
            let dataset = try StoreLookup.dataset(name.dataset, connection)
            try connection.execute(
                "INSERT INTO dicomStore (dataset, name, body) VALUES (?1, ?2, ?3)",
                [.integer(dataset), .text(name.store), .blob(body)]
            )
        }
    }

    /// The DICOM store, nil where there is none of the name.
    package func store(_ name: DICOMStoreName) async throws(ArchiveError) -> StoreRecord? {
        try await self.reading { connection in
            do {
                let id = try StoreLookup.store(name, connection)
                let row = try connection.queryOne("SELECT body FROM dicomStore WHERE id = ?1", [.integer(id)])
                return try row.map { StoreRecord(name: name, body: try $0.blob(0)) }
            } catch ArchiveError.storeNotFound {
                return nil
            }
        }
    }

    /// A part of the DICOM stores of a dataset, by name.
    ///
    /// - Throws: `datasetNotFound`.
    package func stores(
        in dataset: DatasetName,
        pageSize: Int,
        after: String?
    ) async throws(ArchiveError) -> Page<StoreRecord> {
        let records = try await self.reading { connection in
            let id = try StoreLookup.dataset(dataset, connection)
            return try connection.query(
                "SELECT name, body FROM dicomStore WHERE dataset = ?1 AND name > ?2 ORDER BY name LIMIT ?3",
                [.integer(id), .text(after ?? ""), .integer(pageSize + 1)]
            ).compactMap { row in
                let name = DICOMStoreName(dataset: dataset, store: try row.text(0))
                return try name.map { StoreRecord(name: $0, body: try row.blob(1)) }
            }
        }
        return Page(records, pageSize: pageSize) { $0.name.store }
    }

    /// Changes a DICOM store.
    ///
    /// `old` is the body that the change was worked out from.
    ///
    /// - Throws: `storeNotFound`; `changed` where the body is not `old` any more.
    package func updateStore(
        _ name: DICOMStoreName,
        body: [UInt8],
        replacing old: [UInt8]
    ) async throws(ArchiveError) {
        try await self.writing { connection in
            let id = try StoreLookup.store(name, connection)
            let count = try connection.execute(
                "UPDATE dicomStore SET body = ?2 WHERE id = ?1 AND body = ?3",
                [.integer(id), .blob(body), .blob(old)]
            )
            guard count == 1 else { throw ArchiveError.changed }
        }
    }

    /// Deletes a DICOM store and everything in it.
    ///
    /// It is gone for every caller when this returns, and its name is free; files and rows are removed in the
    /// background.
    ///
    /// - Throws: `storeNotFound`.
    package func deleteStore(_ name: DICOMStoreName) async throws(ArchiveError) {
        try await self.writing { connection in
            let id = try StoreLookup.store(name, connection)
            try connection.execute("UPDATE dicomStore SET dataset = NULL WHERE id = ?1", [.integer(id)])
        }
        self.startRemovingDetachedStores()
    }
}
