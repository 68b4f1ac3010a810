import Catalog
import CollimatorCore
import DICOMweb

/// Where a search looks, and by which of the two trees it came.
struct SearchPlace: Sendable {
    let store: GatewayStore
    /// The study in the path, if there is one.
    let study: StudyUID?
    /// The series in the path, if there is one.
    let series: SeriesUID?
    /// Our address of the store's DICOMweb root, without a slash at its end.
    let root: String
    /// Whether it came in the Healthcare API's form.
    let isCloud: Bool
    /// What the caller may see of the store.
    let visibility: CatalogVisibility

    /// Whether the caller may see all of the store, so that its own answers need no filter.
    var isUnfiltered: Bool { self.visibility[self.store.name] == .everything }

    /// Whether the store may be asked about a study that somebody names.
    func mayAsk(about study: StudyUID) -> Bool {
        let seen = self.visibility[self.store.name]
        return seen.allowsAll || seen.allowed.studies[study.rawValue] != nil
    }

    /// How many answers are given where the client does not say: the Healthcare API's own number in its tree, and as
    /// many as there can be in the other, because viewers do not ask again.
    var limitDefault: Int { self.isCloud ? 100 : QIDOSearch.limitMax }

    /// The path of a search for instances, below the DICOMweb root.
    var instancesPath: String {
        let study = self.study.map { "studies/\($0.rawValue)/" } ?? ""
        let series = self.series.map { "series/\($0.rawValue)/" } ?? ""
        return "\(study)\(series)instances"
    }
}
