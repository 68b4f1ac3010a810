/// The attributes by which studies are found; the raw values are kept in the database and never change their meaning.
package enum StudyAttribute: Int, Sendable, CaseIterable {
    /// (0010,0010), each of its component groups as a whole, components divided by `^`.
    case patientName = 1
    /// Words of (0010,0010).
    case patientNameWord = 2
    /// (0010,0020), compared as it is but for the folding.
    case patientID = 3
    /// (0010,0021).
    case issuerOfPatientID = 4
    /// (0010,0030), in one form however it was written.
    case patientBirthDate = 5
    /// (0010,0040).
    case patientSex = 6
    /// (0008,0050).
    case accessionNumber = 7
    /// (0020,0010).
    case studyID = 8
    /// (0008,1030).
    case studyDescription = 9
    /// Words of (0008,1030).
    case studyDescriptionWord = 10
    /// (0008,0090), as the patient's name.
    case referringPhysicianName = 11
    /// Words of (0008,0090).
    case referringPhysicianNameWord = 12
    /// (0008,0080).
    case institutionName = 13
    /// Words of (0008,0080).
    case institutionNameWord = 14
    /// (0008,0061), each value.
    case modality = 15
    /// (0008,0020), in one form however it was written.
    case studyDate = 16
    /// (0008,0030), in one form however it was written.
    case studyTime = 17
    /// (0020,000D); the study's own column holds it.
    case studyInstanceUID = 18
    /// Words of the patient's ID, its issuer, the accession number and the study ID: `MRN-77` is found by `77` too.
    case codeWord = 19
    /// (0040,1001) in the request attributes of any series.
    case requestedProcedureID = 20
    /// (0040,0009) in the request attributes of any series.
    case scheduledProcedureStepID = 21

    /// The attribute that holds further words of this one, where words are kept.
    ///
    /// A word at the very beginning of a value is not kept again: who looks for words looks for values that begin with
    /// them, too.
    package var words: StudyAttribute? {
        switch self {
        case .patientName: .patientNameWord
        case .studyDescription: .studyDescriptionWord
        case .referringPhysicianName: .referringPhysicianNameWord
        case .institutionName: .institutionNameWord
        default: nil
        }
    }

    /// The attribute of which this one holds words; nil where it holds something of its own.
    var whole: StudyAttribute? { Self.allCases.first { $0.words == self } }

    /// Where a search without a field looks.
    package static let freeText: [StudyAttribute] = [
        .patientName, .patientID, .issuerOfPatientID, .accessionNumber, .studyDescription, .studyID,
        .referringPhysicianName, .institutionName,
    ]

    /// Where the words of these stand.
    static let freeTextWords: [StudyAttribute] = freeText + freeText.compactMap(\.words) + [.codeWord]
}
