internal import CollimatorCore
internal import DICOMweb
internal import Logging
internal import NIOPosix
internal import Persistence

extension Archive {
    /// Deletes a study, a series or an instance, and the parents that it leaves empty; returns how many instances went.
    ///
    /// - Throws: `storeNotFound`, `notFound`.
    @discardableResult
    package func delete(_ scope: InstanceScope) async throws(ArchiveError) -> Int64 {
        let deletion = try await self.beginDeletion(scope)
        do {
            try await self.finishOnce(deletion)
        } catch {
            // It is out of every answer already: what is left to do is ours.
            self.finishDeletionInBackground(deletion)
        }
        return deletion.instanceCount
    }

    /// Takes a study, a series or an instance out of every answer.
    ///
    /// Until `finishDeletion` is through, or the archive has finished it after a restart, objects for the study or
    /// series are refused as `deleting`.
    ///
    /// - Throws: `storeNotFound`, `notFound`.
    package func beginDeletion(_ scope: InstanceScope) async throws(ArchiveError) -> Deletion {
        let now = self.clock.now()
        let deletion = try await self.writing { connection in
            let store = try StoreLookup.store(scope.store, connection)
            guard let study = try StoreLookup.study(scope.study.rawValue, in: store, connection) else {
                throw ArchiveError.notFound
            }
            try DeletionNotice(scope: scope, store: store, study: study).publish(at: now, connection)
            let removal = Unlisting(connection: connection, store: store, study: study)
            guard let seriesUID = scope.series else { return try removal.unlistStudy() }
            guard let series = try StoreLookup.series(seriesUID.rawValue, in: study, connection) else {
                throw ArchiveError.notFound
            }
            guard let instanceUID = scope.instance else { return try removal.unlistSeries(series) }
            return try removal.removeInstance(instanceUID.rawValue, of: series)
        }
        self.bell.ring()
        self.faults.reach(.unlisted)
        return deletion
    }

    /// Removes the rows and files of a deletion; what fails is tried again a few times, after longer and longer pauses.
    ///
    /// Where the last attempt fails too, the next opening of the archive finishes the deletion.
    package func finishDeletion(_ deletion: Deletion) async throws(ArchiveError) {
        for pause in self.deletionPauses {
            do {
                return try await self.finishOnce(deletion)
            } catch {
                guard error != .closed, error != .cancelled else { throw error }
                self.logger.warning("a deletion failed and is tried again", error: error)
            }
            try await archiveErrors { try await Task.sleep(for: pause) }
        }
        try await self.finishOnce(deletion)
    }

    /// Removes the rows and files of a deletion that nobody waits for.
    package func finishDeletionInBackground(_ deletion: Deletion) {
        self.jobs.start { await self.loggingFailure { try await self.finishDeletion(deletion) } }
    }

    /// Removes the rows and files, some at a time, so that other writers get their turn; to do it again is fine.
    private func finishOnce(_ deletion: Deletion) async throws(ArchiveError) {
        await self.removeFiles(deletion.removedInstances)
        let columns: (study: Int64, series: Int64?)
        switch deletion.target {
        case .nothing: return
        case .study(let study): columns = (study, nil)
        case .series(let series, let study): columns = (study, series)
        }
        while try await self.removeSomeInstances(ofStudy: columns.study, series: columns.series) {}
        try await self.writing { connection in
            try Removal.parents(study: columns.study, series: columns.series, connection)
        }
        self.faults.reach(.deletionFinished)
    }

    /// Removes the first instances of a study or series; false where there are none.
    func removeSomeInstances(ofStudy study: Int64, series: Int64?) async throws(ArchiveError) -> Bool {
        let ids = try await self.writing { connection in
            try Removal.someInstances(study: study, series: series, connection)
        }
        self.faults.reach(.rowsDeleted)
        await self.removeFiles(ids)
        self.faults.reach(.filesRemoved)
        return !ids.isEmpty
    }

    /// Removes files whose rows are gone: one that stays is in no answer, and the next opening's sweep removes it.
    private func removeFiles(_ ids: [Int64]) async {
        guard !ids.isEmpty else { return }
        let vault = self.vault
        await self.loggingFailure {
            let failures = try await self.filePool.runIfActive {
                ids.compactMap { id in
                    Result { () throws(ArchiveError) in try vault.remove(id) }.failure
                }
            }
            if let first = failures.first { throw first }
        }
    }
}

extension Result {
    fileprivate var failure: Failure? {
        guard case .failure(let error) = self else { return nil }
        return error
    }
}
