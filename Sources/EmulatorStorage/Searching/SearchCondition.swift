internal import DICOMweb
internal import Persistence

/// One condition of a search in the terms of the index.
enum SearchCondition: Sendable, Hashable {
    /// A column of the row at the level equals the value.
    case equals(Column, String)
    /// The study's date lies between the two, both included.
    case date(from: String, through: String)
    /// A word of the patient's name begins so.
    case namePrefix(String)
    /// Nothing can match.
    case never

    /// A column that has an index which starts with the store.
    enum Column: String, Sendable, Hashable {
        case studyUID = "s.uid"
        case patientName = "s.patientName"
        case patientNameGroups = "s.patientNameGroups"
        case patientID = "s.patientID"
        case accessionNumber = "s.accessionNumber"
        case referringPhysicianName = "s.referringPhysicianName"
        case referringPhysicianNameGroups = "s.referringPhysicianNameGroups"
        case studyDate = "s.studyDate"
        case seriesUID = "e.uid"
        case modality = "e.modality"
        case instanceUID = "i.uid"

        var index: String {
            switch self {
            case .studyUID: "studyByUID"
            case .patientName: "studyByPatientName"
            case .patientNameGroups: "studyByPatientNameGroups"
            case .patientID: "studyByPatientID"
            case .accessionNumber: "studyByAccessionNumber"
            case .referringPhysicianName: "studyByReferringPhysicianName"
            case .referringPhysicianNameGroups: "studyByReferringPhysicianNameGroups"
            case .studyDate: "studyByDate"
            case .seriesUID: "seriesByUID"
            case .modality: "seriesByModality"
            case .instanceUID: "instanceByUID"
            }
        }
    }

    /// Which row the condition is about.
    var level: SearchLevel {
        switch self {
        case .equals(.seriesUID, _), .equals(.modality, _): .series
        case .equals(.instanceUID, _): .instance
        case .equals, .date, .namePrefix, .never: .study
        }
    }

    /// The conditions of a search, those of its path first.
    static func all(of search: ArchiveSearch) -> [SearchCondition] {
        var conditions: [SearchCondition] = []
        if let study = search.study { conditions.append(.equals(.studyUID, study.rawValue)) }
        if let series = search.series { conditions.append(.equals(.seriesUID, series.rawValue)) }
        for match in search.match {
            switch match {
            case .equals(let key, let value): conditions.append(self.equality(key, value))
            case .studyDate(let from, let through): conditions.append(.date(from: from ?? "0", through: through ?? ":"))
            case .fuzzyPatientName(let text):
                let words = PersonNameKeys.words(of: text)
                conditions += words.isEmpty ? [.never] : words.map { .namePrefix($0) }
            }
        }
        return conditions
    }

    private static func equality(_ key: SearchKey, _ value: String) -> SearchCondition {
        let text = trimmingSpaces(value)
        switch key {
        case .studyInstanceUID: return .equals(.studyUID, text)
        case .patientID: return .equals(.patientID, text)
        case .accessionNumber: return .equals(.accessionNumber, text)
        case .studyDate: return .equals(.studyDate, text)
        case .seriesInstanceUID: return .equals(.seriesUID, text)
        case .modality: return .equals(.modality, text)
        case .sopInstanceUID: return .equals(.instanceUID, text)
        case .patientName: return self.name(text, .patientName, .patientNameGroups)
        case .referringPhysicianName:
            return self.name(text, .referringPhysicianName, .referringPhysicianNameGroups)
        }
    }

    private static func name(_ text: String, _ alphabetic: Column, _ groups: Column) -> SearchCondition {
        let keys = PersonNameKeys(text)
        if let all = keys.groups { return .equals(groups, all) }
        guard let name = keys.alphabetic else { return .never }
        return .equals(alphabetic, name)
    }
}
