/// Tags of the general series module (PS3.3 C.7.3.1).
extension Tag {
    /// (0008,0021) SeriesDate, DA.
    public static let seriesDate = Tag(0x0008, 0x0021)

    /// (0008,0031) SeriesTime, TM.
    public static let seriesTime = Tag(0x0008, 0x0031)

    /// (0008,0060) Modality, CS.
    public static let modality = Tag(0x0008, 0x0060)

    /// (0008,103E) SeriesDescription, LO.
    public static let seriesDescription = Tag(0x0008, 0x103E)

    /// (0008,103F) SeriesDescriptionCodeSequence, SQ.
    public static let seriesDescriptionCodeSequence = Tag(0x0008, 0x103F)

    /// (0008,1050) PerformingPhysicianName, PN.
    public static let performingPhysicianName = Tag(0x0008, 0x1050)

    /// (0008,1052) PerformingPhysicianIdentificationSequence, SQ.
    public static let performingPhysicianIdentificationSequence = Tag(0x0008, 0x1052)

    /// (0008,1070) OperatorsName, PN.
    public static let operatorsName = Tag(0x0008, 0x1070)

    /// (0008,1072) OperatorIdentificationSequence, SQ.
    public static let operatorIdentificationSequence = Tag(0x0008, 0x1072)

    /// (0008,1111) ReferencedPerformedProcedureStepSequence, SQ.
    public static let referencedPerformedProcedureStepSequence = Tag(0x0008, 0x1111)

    /// (0008,1115) ReferencedSeriesSequence, SQ.
    public static let referencedSeriesSequence = Tag(0x0008, 0x1115)

    /// (0008,2218) AnatomicRegionSequence, SQ.
    public static let anatomicRegionSequence = Tag(0x0008, 0x2218)

    /// (0008,2220) AnatomicRegionModifierSequence, SQ.
    public static let anatomicRegionModifierSequence = Tag(0x0008, 0x2220)

    /// (0018,0015) BodyPartExamined, CS.
    public static let bodyPartExamined = Tag(0x0018, 0x0015)

    /// (0018,1030) ProtocolName, LO.
    public static let protocolName = Tag(0x0018, 0x1030)

    /// (0018,5100) PatientPosition, CS.
    public static let patientPosition = Tag(0x0018, 0x5100)

    /// (0020,000E) SeriesInstanceUID, UI.
    public static let seriesInstanceUID = Tag(0x0020, 0x000E)

    /// (0020,0011) SeriesNumber, IS.
    public static let seriesNumber = Tag(0x0020, 0x0011)

    /// (0020,0060) Laterality, CS.
    public static let laterality = Tag(0x0020, 0x0060)

    /// (0028,0108) SmallestPixelValueInSeries, US.
    public static let smallestPixelValueInSeries = Tag(0x0028, 0x0108)

    /// (0028,0109) LargestPixelValueInSeries, US.
    public static let largestPixelValueInSeries = Tag(0x0028, 0x0109)

    /// (0040,0007) ScheduledProcedureStepDescription, LO.
    public static let scheduledProcedureStepDescription = Tag(0x0040, 0x0007)

    /// (0040,0008) ScheduledProtocolCodeSequence, SQ.
    public static let scheduledProtocolCodeSequence = Tag(0x0040, 0x0008)

    /// (0040,0009) ScheduledProcedureStepID, SH.
    public static let scheduledProcedureStepID = Tag(0x0040, 0x0009)

    /// (0040,0244) PerformedProcedureStepStartDate, DA.
    public static let performedProcedureStepStartDate = Tag(0x0040, 0x0244)

    /// (0040,0245) PerformedProcedureStepStartTime, TM.
    public static let performedProcedureStepStartTime = Tag(0x0040, 0x0245)

    /// (0040,0250) PerformedProcedureStepEndDate, DA.
    public static let performedProcedureStepEndDate = Tag(0x0040, 0x0250)

    /// (0040,0251) PerformedProcedureStepEndTime, TM.
    public static let performedProcedureStepEndTime = Tag(0x0040, 0x0251)

    /// (0040,0253) PerformedProcedureStepID, SH.
    public static let performedProcedureStepID = Tag(0x0040, 0x0253)

    /// (0040,0254) PerformedProcedureStepDescription, LO.
    public static let performedProcedureStepDescription = Tag(0x0040, 0x0254)

    /// (0040,0260) PerformedProtocolCodeSequence, SQ.
    public static let performedProtocolCodeSequence = Tag(0x0040, 0x0260)

    /// (0040,0275) RequestAttributesSequence, SQ.
    public static let requestAttributesSequence = Tag(0x0040, 0x0275)

    /// (0040,0280) CommentsOnThePerformedProcedureStep, ST.
    public static let commentsOnThePerformedProcedureStep = Tag(0x0040, 0x0280)

    /// (0040,1001) RequestedProcedureID, SH.
    public static let requestedProcedureID = Tag(0x0040, 0x1001)
}
