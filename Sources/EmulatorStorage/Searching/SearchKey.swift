package import DICOMweb

/// At which level a search answers.
package enum SearchLevel: Int, Sendable, Hashable, Comparable, CaseIterable {
    case study
    case series
    case instance

    package static func < (left: SearchLevel, right: SearchLevel) -> Bool { left.rawValue < right.rawValue }
}

/// An attribute that a search can match: the closed list of the Healthcare API.
package enum SearchKey: String, Sendable, Hashable, CaseIterable {
    case studyInstanceUID = "StudyInstanceUID"
    case patientName = "PatientName"
    case patientID = "PatientID"
    case accessionNumber = "AccessionNumber"
    case referringPhysicianName = "ReferringPhysicianName"
    case studyDate = "StudyDate"
    case seriesInstanceUID = "SeriesInstanceUID"
    case modality = "Modality"
    case sopInstanceUID = "SOPInstanceUID"

    /// The key of a tag; nil where the attribute cannot be matched at any level.
    package init?(_ tag: Tag) {
        guard let key = SearchKey.allCases.first(where: { $0.tag == tag }) else { return nil }
        self = key
    }

    package var tag: Tag {
        switch self {
        case .studyInstanceUID: Tag(0x0020, 0x000D)
        case .patientName: Tag(0x0010, 0x0010)
        case .patientID: Tag(0x0010, 0x0020)
        case .accessionNumber: Tag(0x0008, 0x0050)
        case .referringPhysicianName: Tag(0x0008, 0x0090)
        case .studyDate: Tag(0x0008, 0x0020)
        case .seriesInstanceUID: Tag(0x0020, 0x000E)
        case .modality: Tag(0x0008, 0x0060)
        case .sopInstanceUID: Tag(0x0008, 0x0018)
        }
    }

    /// The level that the attribute belongs to; it can be matched there and below.
    package var level: SearchLevel {
        switch self {
        case .studyInstanceUID, .patientName, .patientID, .accessionNumber, .referringPhysicianName, .studyDate: .study
        case .seriesInstanceUID, .modality: .series
        case .sopInstanceUID: .instance
        }
    }
}
