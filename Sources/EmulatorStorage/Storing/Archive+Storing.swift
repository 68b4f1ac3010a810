package import CollimatorCore
internal import DICOMFiles
package import DICOMweb
internal import NIOPosix
internal import Synchronization

extension Archive {
    /// A new empty file for an upload; it is removed when it is neither stored nor kept.
    package func makeSpoolFile() throws(ArchiveError) -> SpoolFile {
        let number = self.spoolNumber.add(1, ordering: .relaxed).newValue
        return try SpoolFile(path: "\(self.vault.spoolPath)/\(number).dcm", pool: self.filePool)
    }

    /// Stores the object in the file.
    ///
    /// An outcome of `stored` means that bytes and index entry are on the disk. Any other leaves nothing behind; the
    /// spool file is used up in every case. Where a `study` is expected, an object of another one is refused.
    package func storeInstance(
        _ spool: SpoolFile,
        in store: DICOMStoreName,
        expecting study: StudyUID? = nil
    ) async -> StoreOutcome {
        let arrivedAt = self.clock.now()
        let prepared: PreparedInstance
        do {
            let digest = try await spool.finish()
            self.faults.reach(.spooled)
            // The disk works while the file, which is still in memory, is parsed.
            async let flushed: Void = spool.flush()
            let description = try await self.describe(spool)
            if let study, description.identity.studyInstanceUID != study {
                await spool.discard()
                return .refused(.studyMismatch, identity: description.identity)
            }
            try await flushed
            self.faults.reach(.flushed)
            prepared = PreparedInstance(
                spool: spool,
                digest: digest,
                description: description,
                store: store,
                arrivedAt: arrivedAt
            )
        } catch {
            await spool.discard()
            return StoreOutcome(error)
        }
        return await self.committer.commit(prepared)
    }

    private func describe(_ spool: SpoolFile) async throws -> InstanceDescription {
        let path = spool.path
        return try await self.parserPool.runIfActive { try InstanceDescription(path: path) }
    }
}

extension StoreOutcome {
    /// The outcome where the upload could not be read or written.
    fileprivate init(_ error: any Error) {
        switch error as? InstanceParseError {
        case .refused(let reason): self = .refused(reason, identity: nil)
        case .failed(let error): self = .failed(error)
        case nil: self = .failed(ArchiveError(error))
        }
    }
}
