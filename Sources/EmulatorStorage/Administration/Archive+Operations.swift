package import CollimatorCore
internal import Persistence

extension Archive {
    /// How many operations of a dataset are kept when they are done; the oldest give way.
    package static let doneOperationsMax = 1000

    /// Writes a new operation down, with what is needed to do the work again after a restart.
    ///
    /// - Throws: `datasetNotFound`.
    package func createOperation(
        in dataset: DatasetName,
        body: [UInt8],
        work: [UInt8] = []
    ) async throws(ArchiveError) -> OperationRecord {
        let id = try await self.writing { connection in
            let owner = try StoreLookup.dataset(dataset, connection)
            let row = try connection.queryOne(
                """
                INSERT INTO counter (name, value) VALUES ('operation', 1)
                ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value
                """
            )
            guard let id = try row?.integer(0) else { throw ArchiveError.internalFault }
            try connection.execute(
                "INSERT INTO operation (id, dataset, isDone, body, work) VALUES (?1, ?2, 0, ?3, ?4)",
                [.integer(id), .integer(owner), .blob(body), .blob(work)]
            )
            // Where there are no more than so many, the inner answer is NULL, which nothing equals or precedes.
            try connection.execute(
                """
                DELETE FROM operation WHERE dataset = ?1 AND isDone = 1 AND id <= (
                    SELECT id FROM operation WHERE dataset = ?1 AND isDone = 1 ORDER BY id DESC LIMIT 1 OFFSET ?2
                )
                """,
                [.integer(owner), .integer(Self.doneOperationsMax)]
            )
            return id
        }
        return OperationRecord(dataset: dataset, id: id, body: body, work: work, isDone: false)
    }

    /// Writes down how an operation stands.
    ///
    /// - Throws: `notFound` where its dataset has been deleted.
    package func updateOperation(_ operation: OperationRecord) async throws(ArchiveError) {
        try await self.writing { connection in
            let count = try connection.execute(
                "UPDATE operation SET body = ?2, work = ?3, isDone = ?4 WHERE id = ?1",
                [
                    .integer(operation.id), .blob(operation.body), .blob(operation.work),
                    .integer(operation.isDone ? 1 : 0),
                ]
            )
            guard count == 1 else { throw ArchiveError.notFound }
        }
    }

    /// The operation, nil where the dataset has none of the number.
    package func operation(
        _ id: Int64,
        in dataset: DatasetName
    ) async throws(ArchiveError) -> OperationRecord? {
        try await self.reading { connection in
            try connection.queryOne(
                "\(operationColumns) WHERE o.id = ?1 AND d.project = ?2 AND d.location = ?3 AND d.name = ?4",
                [.integer(id), .text(dataset.project), .text(dataset.location), .text(dataset.dataset)]
            ).map { try OperationRecord($0) }
        }
    }

    /// A part of the operations of a dataset, in the order of their creation.
    ///
    /// - Throws: `datasetNotFound`.
    package func operations(
        in dataset: DatasetName,
        pageSize: Int,
        after: String?
    ) async throws(ArchiveError) -> Page<OperationRecord> {
        let records = try await self.reading { connection in
            let owner = try StoreLookup.dataset(dataset, connection)
            return try connection.query(
                "\(operationColumns) WHERE o.dataset = ?1 AND o.id > ?2 ORDER BY o.id LIMIT ?3",
                [.integer(owner), .integer(after.flatMap { Int64($0) } ?? 0), .integer(pageSize + 1)]
            ).map { try OperationRecord($0) }
        }
        return Page(records, pageSize: pageSize) { String($0.id) }
    }

    /// Every operation that is not done, in the order of their creation: after a start, those to resume.
    package func unfinishedOperations() async throws(ArchiveError) -> [OperationRecord] {
        try await self.reading { connection in
            try connection.query("\(operationColumns) WHERE o.isDone = 0 ORDER BY o.id")
                .map { try OperationRecord($0) }
        }
    }
}

private let operationColumns = """
    SELECT d.project, d.location, d.name, o.id, o.body, o.work, o.isDone
    FROM operation o CROSS JOIN dataset d ON d.id = o.dataset
    """

extension OperationRecord {
    fileprivate init(_ row: SQLRow) throws {
        let name = DatasetName(project: try row.text(0), location: try row.text(1), dataset: try row.text(2))
        guard let name else { throw ArchiveError.internalFault }
        self.init(
            dataset: name,
            id: try row.integer(3),
            body: try row.blob(4),
            work: try row.blob(5),
            isDone: try row.integer(6) == 1
        )
    }
}
