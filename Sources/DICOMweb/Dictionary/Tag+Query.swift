/// Tags of searches and store answers (PS3.18 §10.5 and §10.6; PS3.4 C.3.4).
extension Tag {
    /// (0008,0052) QueryRetrieveLevel, CS.
    public static let queryRetrieveLevel = Tag(0x0008, 0x0052)

    /// (0008,0054) RetrieveAETitle, AE.
    public static let retrieveAETitle = Tag(0x0008, 0x0054)

    /// (0008,0058) FailedSOPInstanceUIDList, UI.
    public static let failedSOPInstanceUIDList = Tag(0x0008, 0x0058)

    /// (0008,0061) ModalitiesInStudy, CS.
    public static let modalitiesInStudy = Tag(0x0008, 0x0061)

    /// (0008,0062) SOPClassesInStudy, UI.
    public static let sopClassesInStudy = Tag(0x0008, 0x0062)

    /// (0008,0063) AnatomicRegionsInStudyCodeSequence, SQ.
    public static let anatomicRegionsInStudyCodeSequence = Tag(0x0008, 0x0063)

    /// (0008,1150) ReferencedSOPClassUID, UI.
    public static let referencedSOPClassUID = Tag(0x0008, 0x1150)

    /// (0008,1155) ReferencedSOPInstanceUID, UI.
    public static let referencedSOPInstanceUID = Tag(0x0008, 0x1155)

    /// (0008,1160) ReferencedFrameNumber, IS.
    public static let referencedFrameNumber = Tag(0x0008, 0x1160)

    /// (0008,1190) RetrieveURL, UR.
    public static let retrieveURL = Tag(0x0008, 0x1190)

    /// (0008,1196) WarningReason, US.
    public static let warningReason = Tag(0x0008, 0x1196)

    /// (0008,1197) FailureReason, US.
    public static let failureReason = Tag(0x0008, 0x1197)

    /// (0008,1198) FailedSOPSequence, SQ.
    public static let failedSOPSequence = Tag(0x0008, 0x1198)

    /// (0008,1199) ReferencedSOPSequence, SQ.
    public static let referencedSOPSequence = Tag(0x0008, 0x1199)

    /// (0008,119A) OtherFailuresSequence, SQ.
    public static let otherFailuresSequence = Tag(0x0008, 0x119A)

    /// (0008,3002) AvailableTransferSyntaxUID, UI.
    public static let availableTransferSyntaxUID = Tag(0x0008, 0x3002)

    /// (0020,1200) NumberOfPatientRelatedStudies, IS.
    public static let numberOfPatientRelatedStudies = Tag(0x0020, 0x1200)

    /// (0020,1202) NumberOfPatientRelatedSeries, IS.
    public static let numberOfPatientRelatedSeries = Tag(0x0020, 0x1202)

    /// (0020,1204) NumberOfPatientRelatedInstances, IS.
    public static let numberOfPatientRelatedInstances = Tag(0x0020, 0x1204)

    /// (0020,1206) NumberOfStudyRelatedSeries, IS.
    public static let numberOfStudyRelatedSeries = Tag(0x0020, 0x1206)

    /// (0020,1208) NumberOfStudyRelatedInstances, IS.
    public static let numberOfStudyRelatedInstances = Tag(0x0020, 0x1208)

    /// (0020,1209) NumberOfSeriesRelatedInstances, IS.
    public static let numberOfSeriesRelatedInstances = Tag(0x0020, 0x1209)

    /// (0040,E010) RetrieveURI, UR.
    public static let retrieveURI = Tag(0x0040, 0xE010)

    /// (0040,E011) RetrieveLocationUID, UI.
    public static let retrieveLocationUID = Tag(0x0040, 0xE011)

    /// (0062,000B) ReferencedSegmentNumber, US.
    public static let referencedSegmentNumber = Tag(0x0062, 0x000B)

    /// (0400,0550) ModifiedAttributesSequence, SQ.
    public static let modifiedAttributesSequence = Tag(0x0400, 0x0550)

    /// (0400,0561) OriginalAttributesSequence, SQ.
    public static let originalAttributesSequence = Tag(0x0400, 0x0561)

    /// (0400,0562) AttributeModificationDateTime, DT.
    public static let attributeModificationDateTime = Tag(0x0400, 0x0562)

    /// (0400,0563) ModifyingSystem, LO.
    public static let modifyingSystem = Tag(0x0400, 0x0563)

    /// (0400,0564) SourceOfPreviousValues, LO.
    public static let sourceOfPreviousValues = Tag(0x0400, 0x0564)

    /// (0400,0565) ReasonForTheAttributeModification, CS.
    public static let reasonForTheAttributeModification = Tag(0x0400, 0x0565)
}
