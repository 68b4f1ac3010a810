import Catalog
import DICOMweb

extension QIDOSearch {
    /// What must hold of the study, as the catalog is asked.
    var studyConditions: [StudyCondition] {
        self.keys.filter { $0.level == .study }.flatMap(\.studyConditions)
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

extension QIDOSearch.Key {
    fileprivate var studyConditions: [StudyCondition] {
        self.matches.map { match in
            guard match.path.count == 1, let tag = match.path.first else { return .attribute(match) }
            let indexed = Self.indexed[tag]
            switch match.test {
            case .range(let from, let to) where tag == .studyDate:
                return .days(from: from.flatMap { Int($0) }, to: to.flatMap { Int($0) })
            case .anyOf(let values): return indexed.map { .anyOf($0, values) } ?? .attribute(match)
            case .pattern(let pattern): return indexed.map { .pattern($0, pattern) } ?? .attribute(match)
            case .words(let words): return indexed.map { .words($0, words) } ?? .attribute(match)
            case .range: return .attribute(match)
            }
        }
    }

    /// The attributes that the catalog finds by an index.
    private static let indexed: [Tag: StudyAttribute] = [
        .patientName: .patientName, .patientID: .patientID, .issuerOfPatientID: .issuerOfPatientID,
        .patientSex: .patientSex, .accessionNumber: .accessionNumber, .studyID: .studyID,
        .studyDescription: .studyDescription, .referringPhysicianName: .referringPhysicianName,
        .institutionName: .institutionName, .modalitiesInStudy: .modality, .studyInstanceUID: .studyInstanceUID,
    ]
}
