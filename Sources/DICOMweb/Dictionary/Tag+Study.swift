/// Tags of the general study module (PS3.3 C.7.2.1) and what goes with it.
extension Tag {
    /// (0008,0005) SpecificCharacterSet, CS.
    public static let specificCharacterSet = Tag(0x0008, 0x0005)

    /// (0008,0006) LanguageCodeSequence, SQ.
    public static let languageCodeSequence = Tag(0x0008, 0x0006)

    /// (0008,0020) StudyDate, DA.
    public static let studyDate = Tag(0x0008, 0x0020)

    /// (0008,0030) StudyTime, TM.
    public static let studyTime = Tag(0x0008, 0x0030)

    /// (0008,0050) AccessionNumber, SH.
    public static let accessionNumber = Tag(0x0008, 0x0050)

    /// (0008,0051) IssuerOfAccessionNumberSequence, SQ.
    public static let issuerOfAccessionNumberSequence = Tag(0x0008, 0x0051)

    /// (0008,0056) InstanceAvailability, CS.
    public static let instanceAvailability = Tag(0x0008, 0x0056)

    /// (0008,0080) InstitutionName, LO.
    public static let institutionName = Tag(0x0008, 0x0080)

    /// (0008,0081) InstitutionAddress, ST.
    public static let institutionAddress = Tag(0x0008, 0x0081)

    /// (0008,0082) InstitutionCodeSequence, SQ.
    public static let institutionCodeSequence = Tag(0x0008, 0x0082)

    /// (0008,0090) ReferringPhysicianName, PN.
    public static let referringPhysicianName = Tag(0x0008, 0x0090)

    /// (0008,0092) ReferringPhysicianAddress, ST.
    public static let referringPhysicianAddress = Tag(0x0008, 0x0092)

    /// (0008,0094) ReferringPhysicianTelephoneNumbers, SH.
    public static let referringPhysicianTelephoneNumbers = Tag(0x0008, 0x0094)

    /// (0008,0096) ReferringPhysicianIdentificationSequence, SQ.
    public static let referringPhysicianIdentificationSequence = Tag(0x0008, 0x0096)

    /// (0008,009C) ConsultingPhysicianName, PN.
    public static let consultingPhysicianName = Tag(0x0008, 0x009C)

    /// (0008,009D) ConsultingPhysicianIdentificationSequence, SQ.
    public static let consultingPhysicianIdentificationSequence = Tag(0x0008, 0x009D)

    /// (0008,0201) TimezoneOffsetFromUTC, SH.
    public static let timezoneOffsetFromUTC = Tag(0x0008, 0x0201)

    /// (0008,1030) StudyDescription, LO.
    public static let studyDescription = Tag(0x0008, 0x1030)

    /// (0008,1032) ProcedureCodeSequence, SQ.
    public static let procedureCodeSequence = Tag(0x0008, 0x1032)

    /// (0008,1040) InstitutionalDepartmentName, LO.
    public static let institutionalDepartmentName = Tag(0x0008, 0x1040)

    /// (0008,1048) PhysiciansOfRecord, PN.
    public static let physiciansOfRecord = Tag(0x0008, 0x1048)

    /// (0008,1049) PhysiciansOfRecordIdentificationSequence, SQ.
    public static let physiciansOfRecordIdentificationSequence = Tag(0x0008, 0x1049)

    /// (0008,1060) NameOfPhysiciansReadingStudy, PN.
    public static let nameOfPhysiciansReadingStudy = Tag(0x0008, 0x1060)

    /// (0008,1062) PhysiciansReadingStudyIdentificationSequence, SQ.
    public static let physiciansReadingStudyIdentificationSequence = Tag(0x0008, 0x1062)

    /// (0008,1080) AdmittingDiagnosesDescription, LO.
    public static let admittingDiagnosesDescription = Tag(0x0008, 0x1080)

    /// (0008,1110) ReferencedStudySequence, SQ.
    public static let referencedStudySequence = Tag(0x0008, 0x1110)

    /// (0008,1120) ReferencedPatientSequence, SQ.
    public static let referencedPatientSequence = Tag(0x0008, 0x1120)

    /// (0020,000D) StudyInstanceUID, UI.
    public static let studyInstanceUID = Tag(0x0020, 0x000D)

    /// (0020,0010) StudyID, SH.
    public static let studyID = Tag(0x0020, 0x0010)

    /// (0032,000A) StudyStatusID, CS.
    public static let studyStatusID = Tag(0x0032, 0x000A)

    /// (0032,000C) StudyPriorityID, CS.
    public static let studyPriorityID = Tag(0x0032, 0x000C)

    /// (0032,1032) RequestingPhysician, PN.
    public static let requestingPhysician = Tag(0x0032, 0x1032)

    /// (0032,1033) RequestingService, LO.
    public static let requestingService = Tag(0x0032, 0x1033)

    /// (0032,1034) RequestingServiceCodeSequence, SQ.
    public static let requestingServiceCodeSequence = Tag(0x0032, 0x1034)

    /// (0032,1060) RequestedProcedureDescription, LO.
    public static let requestedProcedureDescription = Tag(0x0032, 0x1060)

    /// (0032,1064) RequestedProcedureCodeSequence, SQ.
    public static let requestedProcedureCodeSequence = Tag(0x0032, 0x1064)

    /// (0032,4000) StudyComments, LT.
    public static let studyComments = Tag(0x0032, 0x4000)

    /// (0038,0010) AdmissionID, LO.
    public static let admissionID = Tag(0x0038, 0x0010)

    /// (0038,0300) CurrentPatientLocation, LO.
    public static let currentPatientLocation = Tag(0x0038, 0x0300)

    /// (0040,0031) LocalNamespaceEntityID, UT.
    public static let localNamespaceEntityID = Tag(0x0040, 0x0031)

    /// (0040,0032) UniversalEntityID, UT.
    public static let universalEntityID = Tag(0x0040, 0x0032)

    /// (0040,0033) UniversalEntityIDType, CS.
    public static let universalEntityIDType = Tag(0x0040, 0x0033)

    /// (0040,1012) ReasonForPerformedProcedureCodeSequence, SQ.
    public static let reasonForPerformedProcedureCodeSequence = Tag(0x0040, 0x1012)

    /// (0040,1101) PersonIdentificationCodeSequence, SQ.
    public static let personIdentificationCodeSequence = Tag(0x0040, 0x1101)

    /// (0040,1102) PersonAddress, ST.
    public static let personAddress = Tag(0x0040, 0x1102)

    /// (0040,1103) PersonTelephoneNumbers, LO.
    public static let personTelephoneNumbers = Tag(0x0040, 0x1103)

    /// (0040,1104) PersonTelecomInformation, LT.
    public static let personTelecomInformation = Tag(0x0040, 0x1104)
}
