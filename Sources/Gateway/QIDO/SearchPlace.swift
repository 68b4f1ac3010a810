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
