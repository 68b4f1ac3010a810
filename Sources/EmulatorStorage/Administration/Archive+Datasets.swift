package import CollimatorCore
internal import Persistence

extension Archive {
    /// Makes a dataset.
    ///
    /// - Throws: `alreadyExists`.
    package func createDataset(_ name: DatasetName, body: [UInt8]) async throws(ArchiveError) {
        try await self.creating {
            try $0.execute(
                "INSERT INTO dataset (project, location, name, body) VALUES (?1, ?2, ?3, ?4)",
                [.text(name.project), .text(name.location), .text(name.dataset), .blob(body)]
            )
        }
    }

    /// The dataset, nil where there is none of the name.
    package func dataset(_ name: DatasetName) async throws(ArchiveError) -> DatasetRecord? {
        let body = try await self.reading { connection in
            try connection.queryOne(
                "SELECT body FROM dataset WHERE project = ?1 AND location = ?2 AND name = ?3",
                [.text(name.project), .text(name.location), .text(name.dataset)]
            )?.blob(0)
        }
        return body.map { DatasetRecord(name: name, body: $0) }
    }

    /// A part of the datasets of a location, by name.
    package func datasets(
        project: String,
        location: String,
        pageSize: Int,
        after: String?
    ) async throws(ArchiveError) -> Page<DatasetRecord> {
        let records = try await self.reading { connection in
            try connection.query(
                """
                SELECT name, body FROM dataset WHERE project = ?1 AND location = ?2 AND name > ?3
                ORDER BY name LIMIT ?4
                """,
                [.text(project), .text(location), .text(after ?? ""), .integer(pageSize + 1)]
            ).compactMap { row in
                let name = DatasetName(project: project, location: location, dataset: try row.text(0))
                return try name.map { DatasetRecord(name: $0, body: try row.blob(1)) }
            }
        }
        return Page(records, pageSize: pageSize) { $0.name.dataset }
    }

    /// Changes a dataset.
    ///
    /// `old` is the body that the change was worked out from.
    ///
    /// - Throws: `datasetNotFound`; `changed` where the body is not `old` any more.
    package func updateDataset(
        _ name: DatasetName,
        body: [UInt8],
        replacing old: [UInt8]
    ) async throws(ArchiveError) {
        try await self.writing { connection in
            let id = try StoreLookup.dataset(name, connection)
            let count = try connection.execute(
                "UPDATE dataset SET body = ?2 WHERE id = ?1 AND body = ?3",
                [.integer(id), .blob(body), .blob(old)]
            )
            guard count == 1 else { throw ArchiveError.changed }
        }
    }

    /// Deletes a dataset and everything below it.
    ///
    /// It is gone for every caller when this returns; files and rows are removed in the background.
    ///
    /// - Throws: `datasetNotFound`.
    package func deleteDataset(_ name: DatasetName) async throws(ArchiveError) {
        try await self.writing { connection in
            let id = try StoreLookup.dataset(name, connection)
            try connection.execute("UPDATE dicomStore SET dataset = NULL WHERE dataset = ?1", [.integer(id)])
            try connection.execute("DELETE FROM dataset WHERE id = ?1", [.integer(id)])
        }
        self.startRemovingDetachedStores()
    }

    /// Runs a read.
    func reading<Answer: Sendable>(
        _ body: @Sendable (any SQLConnection) throws -> Answer
    ) async throws(ArchiveError) -> Answer {
        try await archiveErrors { try await self.database.read(body) }
    }

    /// Runs a transaction.
    func writing<Answer: Sendable>(
        _ body: @Sendable (any SQLConnection) throws -> Answer
    ) async throws(ArchiveError) -> Answer {
        try await archiveErrors { try await self.database.write(body) }
    }

    /// Runs a transaction in which a broken constraint means that the name is taken.
    func creating(_ body: @Sendable (any SQLConnection) throws -> Void) async throws(ArchiveError) {
        try await self.writing { connection in
            do {
                try body(connection)
            } catch let error as CollimatorError where error.code == .conflict {
                throw ArchiveError.alreadyExists
            }
        }
    }
}

extension Page {
    /// A page of up to `pageSize` of the items, of which there is one more where the list goes on.
    init(_ items: [Item], pageSize: Int, token: (Item) -> String) {
        self.items = Array(items.prefix(pageSize))
        self.next = items.count > pageSize ? self.items.last.map(token) : nil
    }
}
