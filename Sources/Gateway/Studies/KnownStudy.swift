import Catalog
import CollimatorCore
import DICOMweb

/// A study and its series, as the catalog knows them.
struct KnownStudy: Sendable {
    let study: CatalogStudy
    let series: [SeriesEntry]

    /// Reads through: a study that the catalog does not know yet is asked of the store.
    ///
    /// - Throws: `not-found` where the store does not have it either.
    static func read(_ target: StudyTarget, from catalog: StudyCatalog) async throws -> KnownStudy {
        guard let study = try await catalog.study(target.study, in: target.store.name) else {
            throw CollimatorError(.notFound, "the store has no study of this UID")
        }
        return KnownStudy(
            study: study,
            series: try await catalog.series(of: target.study, in: target.store.name)
        )
    }

    /// Whether these instances are in the series that are known, and none of these is without one.
    func has(_ instances: [DataSet]) -> Bool {
        Set(instances.compactMap { $0.string(.seriesInstanceUID) }) == Set(self.series.map(\.series.rawValue))
    }
}
