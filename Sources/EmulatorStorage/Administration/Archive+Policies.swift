package import CollimatorCore
internal import Persistence

/// What an IAM policy can be attached to.
package enum PolicyOwner: Sendable, Hashable {
    case dataset(DatasetName)
    case store(DICOMStoreName)
}

extension Archive {
    /// The JSON text of the policy of a dataset or store; nil where none was ever set.
    ///
    /// - Throws: `datasetNotFound`, `storeNotFound`.
    package func policy(of owner: PolicyOwner) async throws(ArchiveError) -> [UInt8]? {
        try await self.reading { try Self.row(of: owner, $0).policy }
    }

    /// Sets the policy of a dataset or store.
    ///
    /// `old` is the text that the change was worked out from.
    ///
    /// - Throws: `datasetNotFound`, `storeNotFound`; `changed` where the text is not `old` any more.
    package func setPolicy(
        of owner: PolicyOwner,
        _ policy: [UInt8],
        replacing old: [UInt8]?
    ) async throws(ArchiveError) {
        try await self.writing { connection in
            let row = try Self.row(of: owner, connection)
            guard row.policy == old else { throw ArchiveError.changed }
            switch owner {
            case .dataset:
                try connection.execute(
                    "UPDATE dataset SET policy = ?2 WHERE id = ?1",
                    [.integer(row.id), .blob(policy)]
                )
            case .store:
                try connection.execute(
                    "UPDATE dicomStore SET policy = ?2 WHERE id = ?1",
                    [.integer(row.id), .blob(policy)]
                )
            }
        }
    }

    private static func row(
        of owner: PolicyOwner,
        _ connection: any SQLConnection
    ) throws -> (id: Int64, policy: [UInt8]?) {
        switch owner {
        case .dataset(let name):
            let id = try StoreLookup.dataset(name, connection)
            let row = try connection.queryOne("SELECT policy FROM dataset WHERE id = ?1", [.integer(id)])
            return (id, try row?.blobIfPresent(0))
        case .store(let name):
            let id = try StoreLookup.store(name, connection)
            let row = try connection.queryOne("SELECT policy FROM dicomStore WHERE id = ?1", [.integer(id)])
            return (id, try row?.blobIfPresent(0))
        }
    }
}
