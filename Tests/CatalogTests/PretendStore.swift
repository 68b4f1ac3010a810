import Catalog
import CollimatorCore
import DICOMweb
import Synchronization

/// A DICOM store in memory that pages as the Healthcare API does and can be changed between calls.
final class PretendStore: Sendable {
    struct Contents {
        var studies: [StudyUID: StudyEntry] = [:]
        /// Calls until the next one fails; nil where none does.
        var callsUntilFailure: Int?
        var studyCalls: [StudyUID: Int] = [:]
        /// What every call fails with; nil where none does.
        var failure: (any Error)?
        var calls = 0
        /// Runs once, before the next study is given out.
        var duringStudy: (@Sendable () async -> Void)?
        /// Whether every page is the first.
        var ignoresOffset = false
        /// Whether the store says how many studies it has.
        var saysCount = true
        /// Runs once, after the next page was read and before it is given out.
        var afterPage: (@Sendable () async throws -> Void)?
    }

    let contents = Mutex(Contents())
    let pageSize: Int
    let offsetMax: Int

    init(pageSize: Int = 7, offsetMax: Int = 1_000) {
        self.pageSize = pageSize
        self.offsetMax = offsetMax
    }

    struct Broken: Error {}

    func set(_ entries: [StudyEntry]) {
        self.contents.withLock { contents in
            for entry in entries { contents.studies[entry.study] = entry }
        }
    }

    func remove(_ study: StudyUID) {
        self.contents.withLock { _ = $0.studies.removeValue(forKey: study) }
    }

    var upstream: CatalogUpstream {
        CatalogUpstream(
            pageSize: self.pageSize,
            offsetMax: self.offsetMax,
            studies: { page in try await self.page(page) { [$0.listed] } },
            series: { page in try await self.page(page) { $0.listedSeries } },
            study: { study in
                try self.called()
                let duringStudy = self.contents.withLock { contents -> (@Sendable () async -> Void)? in
                    defer { contents.duringStudy = nil }
                    return contents.duringStudy
                }
                await duringStudy?()
                return self.contents.withLock { contents in
                    contents.studyCalls[study, default: 0] += 1
                    return contents.studies[study]
                }
            },
            studyCount: {
                try self.called()
                return self.contents.withLock { $0.saysCount ? $0.studies.count : nil }
            }
        )
    }

    private func page(_ page: UpstreamPage, _ rows: (StudyEntry) -> [DataSet]) async throws -> [DataSet] {
        try self.called()
        let (answer, afterPage) = self.contents.withLock { contents in
            let all = contents.studies.values.sorted { $0.study < $1.study }.filter { entry in
                guard let window = page.window else { return true }
                guard let day = StudyMoment.day(entry.attributes.string(.studyDate)) else { return false }
                return day >= window.from && day <= window.to
            }.flatMap(rows)
            let afterPage = contents.afterPage
            contents.afterPage = nil
            let offset = contents.ignoresOffset ? 0 : page.offset
            return (Array(all.dropFirst(offset).prefix(page.limit)), afterPage)
        }
        precondition(page.offset <= self.offsetMax, "the store refuses such an offset")
        try await afterPage?()
        return answer
    }

    private func called() throws {
        try self.contents.withLock { contents in
            contents.calls += 1
            if let failure = contents.failure { throw failure }
            guard let calls = contents.callsUntilFailure else { return }
            contents.callsUntilFailure = calls - 1
            if calls <= 0 { throw Broken() }
        }
    }
}

extension StudyEntry {
    fileprivate var listed: DataSet {
        var attributes = self.attributes
        attributes.set(.studyInstanceUID, self.study.rawValue)
        return attributes
    }

    fileprivate var listedSeries: [DataSet] {
        (self.series ?? []).map { series in
            var attributes = series.attributes
            attributes.set(.studyInstanceUID, self.study.rawValue)
            attributes.set(.seriesInstanceUID, series.series.rawValue)
            return attributes
        }
    }
}
