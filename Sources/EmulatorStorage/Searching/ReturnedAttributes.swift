package import DICOMweb

/// The attributes that a search returns at each level: the lists of the Healthcare API.
package enum ReturnedAttributes {
    /// What a level returns without being asked.
    package static func byDefault(at level: SearchLevel) -> Set<Tag> {
        switch level {
        case .study: self.studyByDefault
        case .series: self.seriesByDefault
        case .instance: self.instanceByDefault
        }
    }

    /// What a level returns more when it is asked: for instances every attribute, for which the answer is nil.
    package static func onRequest(at level: SearchLevel) -> Set<Tag>? {
        switch level {
        case .study: self.studyOnRequest
        case .series: self.seriesOnRequest
        case .instance: nil
        }
    }

    /// Whether `includefield` can name the attribute in a search at the level.
    package static func canInclude(_ tag: Tag, at level: SearchLevel) -> Bool {
        guard level < .instance else { return true }
        return SearchLevel.allCases.filter { $0 <= level }.contains { level in
            self.byDefault(at: level).contains(tag) || self.onRequest(at: level)?.contains(tag) == true
        }
    }

    /// SpecificCharacterSet, StudyDate, StudyTime, AccessionNumber, InstanceAvailability, ReferringPhysicianName,
    /// TimezoneOffsetFromUTC, PatientName, PatientID, PatientBirthDate, PatientSex, StudyInstanceUID and StudyID.
    private static let studyByDefault: Set<Tag> = [
        Tag(0x0008, 0x0005), Tag(0x0008, 0x0020), Tag(0x0008, 0x0030), Tag(0x0008, 0x0050), Tag(0x0008, 0x0056),
        Tag(0x0008, 0x0090), Tag(0x0008, 0x0201), Tag(0x0010, 0x0010), Tag(0x0010, 0x0020), Tag(0x0010, 0x0030),
        Tag(0x0010, 0x0040), Tag(0x0020, 0x000D), Tag(0x0020, 0x0010),
    ]

    /// PersonIdentificationCodeSequence, PersonAddress, PersonTelephoneNumbers, PersonTelecomInformation,
    /// InstitutionName, InstitutionAddress, InstitutionCodeSequence, ReferringPhysicianIdentificationSequence,
    /// ConsultingPhysicianName, ConsultingPhysicianIdentificationSequence, IssuerOfAccessionNumberSequence,
    /// LocalNamespaceEntityID, UniversalEntityID, UniversalEntityIDType, StudyDescription, PhysiciansOfRecord,
    /// PhysiciansOfRecordIdentificationSequence, NameOfPhysiciansReadingStudy,
    /// PhysiciansReadingStudyIdentificationSequence, RequestingServiceCodeSequence, ReferencedStudySequence,
    /// ProcedureCodeSequence and ReasonForPerformedProcedureCodeSequence.
    private static let studyOnRequest: Set<Tag> = [
        Tag(0x0040, 0x1101), Tag(0x0040, 0x1102), Tag(0x0040, 0x1103), Tag(0x0040, 0x1104),
        Tag(0x0008, 0x0080), Tag(0x0008, 0x0081), Tag(0x0008, 0x0082), Tag(0x0008, 0x0096),
        Tag(0x0008, 0x009C), Tag(0x0008, 0x009D), Tag(0x0008, 0x0051),
        Tag(0x0040, 0x0031), Tag(0x0040, 0x0032), Tag(0x0040, 0x0033), Tag(0x0008, 0x1030), Tag(0x0008, 0x1048),
        Tag(0x0008, 0x1049), Tag(0x0008, 0x1060),
        Tag(0x0008, 0x1062), Tag(0x0032, 0x1034), Tag(0x0008, 0x1110),
        Tag(0x0008, 0x1032), Tag(0x0040, 0x1012),
    ]

    /// SpecificCharacterSet, Modality, TimezoneOffsetFromUTC, SeriesDescription, SeriesInstanceUID,
    /// PerformedProcedureStepStartDate, PerformedProcedureStepStartTime and RequestAttributesSequence.
    private static let seriesByDefault: Set<Tag> = [
        Tag(0x0008, 0x0005), Tag(0x0008, 0x0060), Tag(0x0008, 0x0201), Tag(0x0008, 0x103E), Tag(0x0020, 0x000E),
        Tag(0x0040, 0x0244), Tag(0x0040, 0x0245), Tag(0x0040, 0x0275),
    ]

    /// SeriesNumber, Laterality, SeriesDate and SeriesTime.
    private static let seriesOnRequest: Set<Tag> = [
        Tag(0x0020, 0x0011), Tag(0x0020, 0x0060), Tag(0x0008, 0x0021), Tag(0x0008, 0x0031),
    ]

    /// SpecificCharacterSet, SOPClassUID, SOPInstanceUID, InstanceAvailability, TimezoneOffsetFromUTC, InstanceNumber,
    /// Rows, Columns, BitsAllocated and NumberOfFrames.
    private static let instanceByDefault: Set<Tag> = [
        Tag(0x0008, 0x0005), Tag(0x0008, 0x0016), Tag(0x0008, 0x0018), Tag(0x0008, 0x0056), Tag(0x0008, 0x0201),
        Tag(0x0020, 0x0013), Tag(0x0028, 0x0010), Tag(0x0028, 0x0011), Tag(0x0028, 0x0100), Tag(0x0028, 0x0008),
    ]
}
