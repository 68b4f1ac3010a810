internal import DICOMweb

extension StudyCondition {
    /// The condition on an attribute of the study level, in the form that the catalog answers fastest.
    ///
    /// Whoever has an attribute and a test, as QIDO does, makes the condition here: an indexed attribute becomes
    /// ``anyOf(_:_:)``, ``pattern(_:_:)``, ``words(_:_:)`` or ``days(from:to:)``, anything else stays
    /// ``attribute(_:)``. What is found is the same; `.attribute` in a query is put through this function anyway.
    ///
    /// The computed attributes ModalitiesInStudy, NumberOfStudyRelatedSeries and NumberOfStudyRelatedInstances are
    /// matched by what the catalog has counted. A range of StudyDate is one of days on the study's own date.
    package static func matching(_ match: AttributeMatch) -> StudyCondition {
        guard match.path.count == 1, let attribute = StudyAttribute(match.path[0]) else { return .attribute(match) }
        if attribute == .studyInstanceUID {
            guard case .anyOf(let uids) = match.test else { return .attribute(match) }
            return .anyOf(.studyInstanceUID, uids)
        }
        switch match.test {
        case .anyOf(let values):
            // Groups of one name are not kept together in the index.
            if attribute.form == .name, values.contains(where: { $0.contains("=") }) { return .attribute(match) }
            return .anyOf(attribute, values)
        case .pattern(let pattern):
            return .pattern(attribute, pattern)
        case .words(let words):
            return attribute.words == nil ? .attribute(match) : .words(attribute, words)
        case .range(let from, let to):
            guard attribute == .studyDate, let range = DateTimeRange(from: from, to: to, .date) else {
                return .attribute(match)
            }
            return .days(from: range.from.flatMap { Int($0.first) }, to: range.to.flatMap { Int($0.last) })
        }
    }
}

extension StudyAttribute {
    /// The attribute that holds the values of the tag, where one does.
    init?(_ tag: Tag) {
        guard let attribute = Self.byTag[tag] else { return nil }
        self = attribute
    }

    private static let byTag: [Tag: StudyAttribute] = [
        .patientName: .patientName, .patientID: .patientID, .issuerOfPatientID: .issuerOfPatientID,
        .patientBirthDate: .patientBirthDate, .patientSex: .patientSex, .accessionNumber: .accessionNumber,
        .studyID: .studyID, .studyDescription: .studyDescription, .referringPhysicianName: .referringPhysicianName,
        .institutionName: .institutionName, .modalitiesInStudy: .modality, .studyDate: .studyDate,
        .studyTime: .studyTime, .studyInstanceUID: .studyInstanceUID,
    ]

    /// How its values are compared.
    var form: AttributeForm {
        switch self {
        case .patientName, .referringPhysicianName: .name
        case .patientBirthDate, .studyDate: .dateTime(.date)
        case .studyTime: .dateTime(.time)
        case .studyInstanceUID: .uid
        default: .text
        }
    }
}
