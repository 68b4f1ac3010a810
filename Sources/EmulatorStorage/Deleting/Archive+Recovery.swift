internal import CollimatorCore
internal import Logging
internal import NIOPosix
internal import Persistence
internal import Synchronization

extension Archive {
    /// Returns when what `open` and later deletions started in the background is done.
    @discardableResult
    package func settled() async -> SweepReport {
        await self.jobs.settle()
        return self.sweepReport.withLock { $0 }
    }

    /// Starts to finish what an earlier process left undone.
    func startRecovery() async throws(ArchiveError) {
        let end = try await self.reading { try Sweep.end($0) }
        self.jobs.start {
            await self.loggingFailure { try await self.resumeDeletions() }
            await self.loggingFailure { try await self.removeDetachedStores() }
            await self.loggingFailure { try await self.sweep(upTo: end) }
        }
    }

    func startRemovingDetachedStores() {
        self.jobs.start { await self.loggingFailure { try await self.removeDetachedStores() } }
    }

    private func resumeDeletions() async throws(ArchiveError) {
        let targets = try await self.reading { connection in
            let studies = try connection.query("SELECT id FROM study WHERE listing IS NULL ORDER BY id")
            let series = try connection.query("SELECT id, study FROM series WHERE listing IS NULL ORDER BY id")
            return try series.map { Deletion.Target.series(try $0.integer(0), ofStudy: try $0.integer(1)) }
                + studies.map { Deletion.Target.study(try $0.integer(0)) }
        }
        for target in targets {
            guard !Task.isCancelled else { throw .cancelled }
            // One that cannot be finished does not keep the others from it.
            await self.loggingFailure {
                try await self.finishDeletion(Deletion(instanceCount: 0, target: target, removedInstances: []))
            }
        }
    }

    /// Removes the contents of stores that have been deleted.
    private func removeDetachedStores() async throws(ArchiveError) {
        while let store = try await self.firstNumber("SELECT id FROM dicomStore WHERE dataset IS NULL LIMIT 1", []) {
            let first = "SELECT id FROM study WHERE store = ?1 LIMIT 1"
            while let study = try await self.firstNumber(first, [.integer(store)]) {
                let target = Deletion.Target.study(study)
                try await self.finishDeletion(Deletion(instanceCount: 0, target: target, removedInstances: []))
            }
            try await self.writing { connection in
                _ = try connection.execute("DELETE FROM dicomStore WHERE id = ?1", [.integer(store)])
            }
        }
    }

    private func firstNumber(_ sql: String, _ arguments: [SQLValue]) async throws(ArchiveError) -> Int64? {
        guard !Task.isCancelled else { throw .cancelled }
        return try await self.reading { try $0.queryOne(sql, arguments)?.integer(0) }
    }

    /// Compares folder after folder with the rows; reads names only, and none of the files.
    ///
    /// It looks only at numbers below `end`, which this process gives to no file, and reads the rows page by page: it is
    /// in nobody's way. A row that goes meanwhile takes its file along or leaves it to be removed here.
    func sweep(upTo end: Int64, numbersAtOnce: Int64 = Sweep.numbersAtOnce) async throws(ArchiveError) {
        var report = SweepReport()
        var start: Int64 = 0
        while start < end {
            let sweep = try await self.rows(in: start..<min(end, start + numbersAtOnce))
            for folder in 0..<FileVault.folderCount {
                guard !Task.isCancelled else { throw .cancelled }
                let found = try await archiveErrors {
                    try await self.filePool.runIfActive { try sweep.removeOrphans(in: folder) }
                }
                report.orphansRemoved += found.orphansRemoved
                report.filesMissing += try await self.stillThere(found.missing)
            }
            start = sweep.range.upperBound
        }
        let result = report
        self.sweepReport.withLock { $0 = result }
        guard report != SweepReport() else { return }
        self.logger.warning(
            "archive swept",
            metadata: ["files.removed": "\(report.orphansRemoved)", "files.missing": "\(report.filesMissing)"]
        )
    }

    private func rows(in range: Range<Int64>) async throws(ArchiveError) -> Sweep {
        var sweep = Sweep(vault: self.vault, range: range)
        var place: Sweep.Place? = Sweep.Place()
        while let last = place {
            guard !Task.isCancelled else { throw .cancelled }
            let page = try await self.reading { try Sweep.page(after: last, $0) }
            sweep.note(page.ids)
            place = page.next
        }
        return sweep
    }

    /// How many of the instances have rows: one that was deleted since the rows were read misses no file.
    private func stillThere(_ ids: [Int64]) async throws(ArchiveError) -> Int {
        guard !ids.isEmpty else { return 0 }
        return try await self.reading { connection in
            try ids.count { id in
                try connection.queryOne("SELECT id FROM instance WHERE id = ?1", [.integer(id)]) != nil
            }
        }
    }
}

/// What the comparison of files and rows at the start has found.
package struct SweepReport: Sendable, Hashable {
    /// Files without rows, which have been removed: uploads that were cut off, and deletions.
    package var orphansRemoved = 0
    /// Rows without files: damage that only a copy can mend.
    package var filesMissing = 0
}
