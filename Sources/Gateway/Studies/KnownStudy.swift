import Catalog
import CollimatorCore
import DICOMweb

/// A study and its series, as the catalog knows them.
struct KnownStudy: Sendable {
    let study: CatalogStudy
    let series: [SeriesEntry]

    /// As much of it as is permitted.
    ///
    /// Reads through: a study that the catalog does not know yet is asked of the store.
    ///
    /// - Throws: `not-found` where the store does not have it either.
    static func read(
        _ target: StudyTarget,
        _ part: StudyPart,
        from catalog: StudyCatalog
    ) async throws -> KnownStudy {
        guard let study = try await catalog.study(target.study, in: target.store.name) else {
            throw CollimatorError(.notFound, "the store has no study of this UID")
        }
        let series = try await catalog.series(of: target.study, in: target.store.name)
        switch part {
        case .whole: return KnownStudy(study: study, series: series)
        case .nothing: throw AccessGate.hidden
        case .series(let permitted):
            let narrowed = study.narrowed(to: permitted, of: series)
            let seen = series.seen(of: narrowed)
            guard !seen.isEmpty else { throw AccessGate.hidden }
            return KnownStudy(study: narrowed, series: seen)
        }
    }

    /// Whether these instances are in the series that are known, and none of these is without one.
    func has(_ instances: [DataSet]) -> Bool {
        Set(instances.compactMap { $0.string(.seriesInstanceUID) }) == Set(self.series.map(\.series.rawValue))
    }
}

extension [SeriesEntry] {
    /// Those that are shown of the study.
    func seen(of study: CatalogStudy) -> [SeriesEntry] {
        guard let visible = study.visibleSeries else { return self }
        return self.filter { visible.contains($0.series) }
    }
}
