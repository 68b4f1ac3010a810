internal import CollimatorCore
internal import NIOCore
internal import Persistence

extension Archive {
    /// A part of the instances of a scope; none where it is not there or is being deleted.
    ///
    /// - Throws: `storeNotFound`.
    package func instances(
        _ scope: InstanceScope,
        after cursor: InstanceCursor? = nil,
        limit: Int = 1000
    ) async throws(ArchiveError) -> InstancePage {
        let vault = self.vault
        return try await self.reading { connection in
            var items: [StoredInstance] = []
            let next = try InstanceWalk(scope, connection)?.forEach(after: cursor, limit: limit) { series, id in
                let row = try connection.queryOne(
                    """
                    SELECT \(InstanceRow.columns) FROM instance i CROSS JOIN series e CROSS JOIN study s
                    WHERE i.id = ?1 AND e.id = i.series AND s.id = i.study
                    """,
                    [.integer(id)]
                )
                if let row { items.append(try InstanceRow(row, vault).stored) }
            }
            return InstancePage(items: items, next: next)
        }
    }

    /// One instance, nil where it is not there or is being deleted; the scope must name one.
    ///
    /// - Throws: `storeNotFound`.
    package func instance(_ scope: InstanceScope) async throws(ArchiveError) -> StoredInstance? {
        precondition(scope.instance != nil, "the scope must name an instance")
        return try await self.instances(scope, limit: 1).items.first
    }

    /// How many bytes of DICOM JSON bring a part of a scope's metadata to its end.
    package static let metadataPageBytesMax = 4 * 1024 * 1024

    /// A part of the DICOM JSON of a scope's instances; none where it is not there or is being deleted.
    ///
    /// Bulk data URIs begin with `dicomWebRoot`, the URL of the store's DICOMweb service. The part ends with the limit,
    /// or with the instance that brings it to `bytesMax`.
    ///
    /// - Throws: `storeNotFound`.
    package func metadata(
        _ scope: InstanceScope,
        dicomWebRoot: String,
        after cursor: InstanceCursor? = nil,
        limit: Int = 200,
        bytesMax: Int = Archive.metadataPageBytesMax
    ) async throws(ArchiveError) -> MetadataPage {
        let root = BulkDataURIs.root(dicomWebRoot)
        return try await self.reading { connection in
            var json = ByteBuffer()
            var count = 0
            let next = try InstanceWalk(scope, connection)?.forEach(
                after: cursor,
                limit: limit,
                isFull: { json.readableBytes >= bytesMax }
            ) { _, id in
                try connection.forEach(
                    "SELECT json, uriOffsets FROM instanceMetadata WHERE instance = ?1",
                    [.integer(id)]
                ) { row in
                    if count > 0 { json.writeInteger(UInt8(ascii: ",")) }
                    let offsets = BulkDataURIs.decoded(try row.blob(1))
                    BulkDataURIs.append(try row.blob(0), offsets, root: root, to: &json)
                    count += 1
                }
            }
            return MetadataPage(json: json, count: count, next: next)
        }
    }

    /// Whether there is at least one instance in the scope that is not being deleted.
    ///
    /// - Throws: `storeNotFound`.
    package func contains(_ scope: InstanceScope) async throws(ArchiveError) -> Bool {
        try await self.reading { connection in
            var isThere = false
            _ = try InstanceWalk(scope, connection)?.forEach(after: nil, limit: 1) { _, _ in isThere = true }
            return isThere
        }
    }
}
