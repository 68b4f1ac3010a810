import Catalog
import DICOMweb

extension QIDOSearch {
    /// What must hold of the study, as the catalog is asked.
    var studyConditions: [StudyCondition] {
        self.keys.filter { $0.level == .study }.flatMap(\.matches).map(StudyCondition.matching)
    }

    /// What must hold of the series.
    var seriesConditions: [AttributeMatch] {
        self.keys.filter { $0.level == .series }.flatMap(\.matches)
    }

    /// The one study that is asked for by its identifier, if there is one.
    var namedStudy: StudyUID? {
        guard let key = self.keys.first(where: { $0.path.tags == [.studyInstanceUID] }),
            case .anyOf(let uids) = key.tests.first, uids.count == 1
        else { return nil }
        return uids.first.flatMap { StudyUID($0) }
    }
}
