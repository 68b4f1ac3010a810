/// Tags of structured reports, segmentations, encapsulated documents and presentation states (PS3.3 C.17, C.8.20, C.24, C.11).
extension Tag {
    /// (0004,1130) FileSetID, CS.
    public static let fileSetID = Tag(0x0004, 0x1130)

    /// (0004,1200) OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity, UL.
    public static let offsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity = Tag(0x0004, 0x1200)

    /// (0004,1220) DirectoryRecordSequence, SQ.
    public static let directoryRecordSequence = Tag(0x0004, 0x1220)

    /// (0004,1430) DirectoryRecordType, CS.
    public static let directoryRecordType = Tag(0x0004, 0x1430)

    /// (0004,1500) ReferencedFileID, CS.
    public static let referencedFileID = Tag(0x0004, 0x1500)

    /// (003A,0005) NumberOfWaveformChannels, US.
    public static let numberOfWaveformChannels = Tag(0x003A, 0x0005)

    /// (003A,0010) NumberOfWaveformSamples, UL.
    public static let numberOfWaveformSamples = Tag(0x003A, 0x0010)

    /// (003A,001A) SamplingFrequency, DS.
    public static let samplingFrequency = Tag(0x003A, 0x001A)

    /// (003A,0200) ChannelDefinitionSequence, SQ.
    public static let channelDefinitionSequence = Tag(0x003A, 0x0200)

    /// (0040,08EA) MeasurementUnitsCodeSequence, SQ.
    public static let measurementUnitsCodeSequence = Tag(0x0040, 0x08EA)

    /// (0040,A010) RelationshipType, CS.
    public static let relationshipType = Tag(0x0040, 0xA010)

    /// (0040,A027) VerifyingOrganization, LO.
    public static let verifyingOrganization = Tag(0x0040, 0xA027)

    /// (0040,A030) VerificationDateTime, DT.
    public static let verificationDateTime = Tag(0x0040, 0xA030)

    /// (0040,A032) ObservationDateTime, DT.
    public static let observationDateTime = Tag(0x0040, 0xA032)

    /// (0040,A040) ValueType, CS.
    public static let valueType = Tag(0x0040, 0xA040)

    /// (0040,A043) ConceptNameCodeSequence, SQ.
    public static let conceptNameCodeSequence = Tag(0x0040, 0xA043)

    /// (0040,A050) ContinuityOfContent, CS.
    public static let continuityOfContent = Tag(0x0040, 0xA050)

    /// (0040,A073) VerifyingObserverSequence, SQ.
    public static let verifyingObserverSequence = Tag(0x0040, 0xA073)

    /// (0040,A075) VerifyingObserverName, PN.
    public static let verifyingObserverName = Tag(0x0040, 0xA075)

    /// (0040,A088) VerifyingObserverIdentificationCodeSequence, SQ.
    public static let verifyingObserverIdentificationCodeSequence = Tag(0x0040, 0xA088)

    /// (0040,A120) DateTime, DT.
    public static let dateTime = Tag(0x0040, 0xA120)

    /// (0040,A121) Date, DA.
    public static let date = Tag(0x0040, 0xA121)

    /// (0040,A122) Time, TM.
    public static let time = Tag(0x0040, 0xA122)

    /// (0040,A123) PersonName, PN.
    public static let personName = Tag(0x0040, 0xA123)

    /// (0040,A124) UID, UI.
    public static let uid = Tag(0x0040, 0xA124)

    /// (0040,A130) TemporalRangeType, CS.
    public static let temporalRangeType = Tag(0x0040, 0xA130)

    /// (0040,A160) TextValue, UT.
    public static let textValue = Tag(0x0040, 0xA160)

    /// (0040,A168) ConceptCodeSequence, SQ.
    public static let conceptCodeSequence = Tag(0x0040, 0xA168)

    /// (0040,A300) MeasuredValueSequence, SQ.
    public static let measuredValueSequence = Tag(0x0040, 0xA300)

    /// (0040,A30A) NumericValue, DS.
    public static let numericValue = Tag(0x0040, 0xA30A)

    /// (0040,A360) PredecessorDocumentsSequence, SQ.
    public static let predecessorDocumentsSequence = Tag(0x0040, 0xA360)

    /// (0040,A370) ReferencedRequestSequence, SQ.
    public static let referencedRequestSequence = Tag(0x0040, 0xA370)

    /// (0040,A372) PerformedProcedureCodeSequence, SQ.
    public static let performedProcedureCodeSequence = Tag(0x0040, 0xA372)

    /// (0040,A375) CurrentRequestedProcedureEvidenceSequence, SQ.
    public static let currentRequestedProcedureEvidenceSequence = Tag(0x0040, 0xA375)

    /// (0040,A385) PertinentOtherEvidenceSequence, SQ.
    public static let pertinentOtherEvidenceSequence = Tag(0x0040, 0xA385)

    /// (0040,A491) CompletionFlag, CS.
    public static let completionFlag = Tag(0x0040, 0xA491)

    /// (0040,A492) CompletionFlagDescription, LO.
    public static let completionFlagDescription = Tag(0x0040, 0xA492)

    /// (0040,A493) VerificationFlag, CS.
    public static let verificationFlag = Tag(0x0040, 0xA493)

    /// (0040,A496) PreliminaryFlag, CS.
    public static let preliminaryFlag = Tag(0x0040, 0xA496)

    /// (0040,A504) ContentTemplateSequence, SQ.
    public static let contentTemplateSequence = Tag(0x0040, 0xA504)

    /// (0040,A730) ContentSequence, SQ.
    public static let contentSequence = Tag(0x0040, 0xA730)

    /// (0040,DB00) TemplateIdentifier, CS.
    public static let templateIdentifier = Tag(0x0040, 0xDB00)

    /// (0040,E001) HL7InstanceIdentifier, ST.
    public static let hl7InstanceIdentifier = Tag(0x0040, 0xE001)

    /// (0042,0010) DocumentTitle, ST.
    public static let documentTitle = Tag(0x0042, 0x0010)

    /// (0042,0011) EncapsulatedDocument, OB.
    public static let encapsulatedDocument = Tag(0x0042, 0x0011)

    /// (0042,0012) MIMETypeOfEncapsulatedDocument, LO.
    public static let mimeTypeOfEncapsulatedDocument = Tag(0x0042, 0x0012)

    /// (0042,0013) SourceInstanceSequence, SQ.
    public static let sourceInstanceSequence = Tag(0x0042, 0x0013)

    /// (0042,0014) ListOfMIMETypes, LO.
    public static let listOfMIMETypes = Tag(0x0042, 0x0014)

    /// (0042,0015) EncapsulatedDocumentLength, UL.
    public static let encapsulatedDocumentLength = Tag(0x0042, 0x0015)

    /// (0062,0001) SegmentationType, CS.
    public static let segmentationType = Tag(0x0062, 0x0001)

    /// (0062,0002) SegmentSequence, SQ.
    public static let segmentSequence = Tag(0x0062, 0x0002)

    /// (0062,0003) SegmentedPropertyCategoryCodeSequence, SQ.
    public static let segmentedPropertyCategoryCodeSequence = Tag(0x0062, 0x0003)

    /// (0062,0004) SegmentNumber, US.
    public static let segmentNumber = Tag(0x0062, 0x0004)

    /// (0062,0005) SegmentLabel, LO.
    public static let segmentLabel = Tag(0x0062, 0x0005)

    /// (0062,0006) SegmentDescription, ST.
    public static let segmentDescription = Tag(0x0062, 0x0006)

    /// (0062,0008) SegmentAlgorithmType, CS.
    public static let segmentAlgorithmType = Tag(0x0062, 0x0008)

    /// (0062,0009) SegmentAlgorithmName, LO.
    public static let segmentAlgorithmName = Tag(0x0062, 0x0009)

    /// (0062,000A) SegmentIdentificationSequence, SQ.
    public static let segmentIdentificationSequence = Tag(0x0062, 0x000A)

    /// (0062,000C) RecommendedDisplayGrayscaleValue, US.
    public static let recommendedDisplayGrayscaleValue = Tag(0x0062, 0x000C)

    /// (0062,000D) RecommendedDisplayCIELabValue, US.
    public static let recommendedDisplayCIELabValue = Tag(0x0062, 0x000D)

    /// (0062,000E) MaximumFractionalValue, US.
    public static let maximumFractionalValue = Tag(0x0062, 0x000E)

    /// (0062,000F) SegmentedPropertyTypeCodeSequence, SQ.
    public static let segmentedPropertyTypeCodeSequence = Tag(0x0062, 0x000F)

    /// (0062,0010) SegmentationFractionalType, CS.
    public static let segmentationFractionalType = Tag(0x0062, 0x0010)

    /// (0066,0101) TrackSetSequence, SQ.
    public static let trackSetSequence = Tag(0x0066, 0x0101)

    /// (0070,0022) GraphicData, FL.
    public static let graphicData = Tag(0x0070, 0x0022)

    /// (0070,0023) GraphicType, CS.
    public static let graphicType = Tag(0x0070, 0x0023)

    /// (0070,0080) ContentLabel, CS.
    public static let contentLabel = Tag(0x0070, 0x0080)

    /// (0070,0081) ContentDescription, LO.
    public static let contentDescription = Tag(0x0070, 0x0081)

    /// (0070,0082) PresentationCreationDate, DA.
    public static let presentationCreationDate = Tag(0x0070, 0x0082)

    /// (0070,0083) PresentationCreationTime, TM.
    public static let presentationCreationTime = Tag(0x0070, 0x0083)

    /// (0070,0084) ContentCreatorName, PN.
    public static let contentCreatorName = Tag(0x0070, 0x0084)

    /// (0070,0086) ContentCreatorIdentificationCodeSequence, SQ.
    public static let contentCreatorIdentificationCodeSequence = Tag(0x0070, 0x0086)

    /// (3004,000E) DoseGridScaling, DS.
    public static let doseGridScaling = Tag(0x3004, 0x000E)

    /// (3006,0002) StructureSetLabel, SH.
    public static let structureSetLabel = Tag(0x3006, 0x0002)

    /// (3006,0020) StructureSetROISequence, SQ.
    public static let structureSetROISequence = Tag(0x3006, 0x0020)

    /// (3006,0039) ROIContourSequence, SQ.
    public static let roiContourSequence = Tag(0x3006, 0x0039)

    /// (5400,0100) WaveformSequence, SQ.
    public static let waveformSequence = Tag(0x5400, 0x0100)

    /// (5400,1004) WaveformBitsAllocated, US.
    public static let waveformBitsAllocated = Tag(0x5400, 0x1004)

    /// (5400,1006) WaveformSampleInterpretation, CS.
    public static let waveformSampleInterpretation = Tag(0x5400, 0x1006)

    /// (5400,1010) WaveformData, OW.
    public static let waveformData = Tag(0x5400, 0x1010)

    /// (5600,0020) SpectroscopyData, OF.
    public static let spectroscopyData = Tag(0x5600, 0x0020)

    /// (FFFC,FFFC) DataSetTrailingPadding, OB.
    public static let dataSetTrailingPadding = Tag(0xFFFC, 0xFFFC)
}
