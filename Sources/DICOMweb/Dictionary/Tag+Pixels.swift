/// Tags of the image pixel, LUT and multi-frame modules (PS3.3 C.7.6.3, C.11, C.7.6.6).
extension Tag {
    /// (0008,2142) StartTrim, IS.
    public static let startTrim = Tag(0x0008, 0x2142)

    /// (0008,2143) StopTrim, IS.
    public static let stopTrim = Tag(0x0008, 0x2143)

    /// (0008,2144) RecommendedDisplayFrameRate, IS.
    public static let recommendedDisplayFrameRate = Tag(0x0008, 0x2144)

    /// (0008,9007) FrameType, CS.
    public static let frameType = Tag(0x0008, 0x9007)

    /// (0008,9124) DerivationImageSequence, SQ.
    public static let derivationImageSequence = Tag(0x0008, 0x9124)

    /// (0018,0040) CineRate, IS.
    public static let cineRate = Tag(0x0018, 0x0040)

    /// (0018,0072) EffectiveDuration, DS.
    public static let effectiveDuration = Tag(0x0018, 0x0072)

    /// (0018,1063) FrameTime, DS.
    public static let frameTime = Tag(0x0018, 0x1063)

    /// (0018,1065) FrameTimeVector, DS.
    public static let frameTimeVector = Tag(0x0018, 0x1065)

    /// (0018,1066) FrameDelay, DS.
    public static let frameDelay = Tag(0x0018, 0x1066)

    /// (0018,1242) ActualFrameDuration, IS.
    public static let actualFrameDuration = Tag(0x0018, 0x1242)

    /// (0018,1244) PreferredPlaybackSequencing, US.
    public static let preferredPlaybackSequencing = Tag(0x0018, 0x1244)

    /// (0018,9074) FrameAcquisitionDateTime, DT.
    public static let frameAcquisitionDateTime = Tag(0x0018, 0x9074)

    /// (0018,9151) FrameReferenceDateTime, DT.
    public static let frameReferenceDateTime = Tag(0x0018, 0x9151)

    /// (0018,9220) FrameAcquisitionDuration, FD.
    public static let frameAcquisitionDuration = Tag(0x0018, 0x9220)

    /// (0020,9056) StackID, SH.
    public static let stackID = Tag(0x0020, 0x9056)

    /// (0020,9057) InStackPositionNumber, UL.
    public static let inStackPositionNumber = Tag(0x0020, 0x9057)

    /// (0020,9071) FrameAnatomySequence, SQ.
    public static let frameAnatomySequence = Tag(0x0020, 0x9071)

    /// (0020,9072) FrameLaterality, CS.
    public static let frameLaterality = Tag(0x0020, 0x9072)

    /// (0020,9111) FrameContentSequence, SQ.
    public static let frameContentSequence = Tag(0x0020, 0x9111)

    /// (0020,9113) PlanePositionSequence, SQ.
    public static let planePositionSequence = Tag(0x0020, 0x9113)

    /// (0020,9116) PlaneOrientationSequence, SQ.
    public static let planeOrientationSequence = Tag(0x0020, 0x9116)

    /// (0020,9128) TemporalPositionIndex, UL.
    public static let temporalPositionIndex = Tag(0x0020, 0x9128)

    /// (0020,9156) FrameAcquisitionNumber, US.
    public static let frameAcquisitionNumber = Tag(0x0020, 0x9156)

    /// (0020,9157) DimensionIndexValues, UL.
    public static let dimensionIndexValues = Tag(0x0020, 0x9157)

    /// (0020,9161) ConcatenationUID, UI.
    public static let concatenationUID = Tag(0x0020, 0x9161)

    /// (0020,9162) InConcatenationNumber, US.
    public static let inConcatenationNumber = Tag(0x0020, 0x9162)

    /// (0020,9164) DimensionOrganizationUID, UI.
    public static let dimensionOrganizationUID = Tag(0x0020, 0x9164)

    /// (0020,9165) DimensionIndexPointer, AT.
    public static let dimensionIndexPointer = Tag(0x0020, 0x9165)

    /// (0020,9167) FunctionalGroupPointer, AT.
    public static let functionalGroupPointer = Tag(0x0020, 0x9167)

    /// (0020,9221) DimensionOrganizationSequence, SQ.
    public static let dimensionOrganizationSequence = Tag(0x0020, 0x9221)

    /// (0020,9222) DimensionIndexSequence, SQ.
    public static let dimensionIndexSequence = Tag(0x0020, 0x9222)

    /// (0020,9228) ConcatenationFrameOffsetNumber, UL.
    public static let concatenationFrameOffsetNumber = Tag(0x0020, 0x9228)

    /// (0020,9311) DimensionOrganizationType, CS.
    public static let dimensionOrganizationType = Tag(0x0020, 0x9311)

    /// (0020,9421) DimensionDescriptionLabel, LO.
    public static let dimensionDescriptionLabel = Tag(0x0020, 0x9421)

    /// (0028,0002) SamplesPerPixel, US.
    public static let samplesPerPixel = Tag(0x0028, 0x0002)

    /// (0028,0004) PhotometricInterpretation, CS.
    public static let photometricInterpretation = Tag(0x0028, 0x0004)

    /// (0028,0006) PlanarConfiguration, US.
    public static let planarConfiguration = Tag(0x0028, 0x0006)

    /// (0028,0008) NumberOfFrames, IS.
    public static let numberOfFrames = Tag(0x0028, 0x0008)

    /// (0028,0009) FrameIncrementPointer, AT.
    public static let frameIncrementPointer = Tag(0x0028, 0x0009)

    /// (0028,0010) Rows, US.
    public static let rows = Tag(0x0028, 0x0010)

    /// (0028,0011) Columns, US.
    public static let columns = Tag(0x0028, 0x0011)

    /// (0028,0034) PixelAspectRatio, IS.
    public static let pixelAspectRatio = Tag(0x0028, 0x0034)

    /// (0028,0100) BitsAllocated, US.
    public static let bitsAllocated = Tag(0x0028, 0x0100)

    /// (0028,0101) BitsStored, US.
    public static let bitsStored = Tag(0x0028, 0x0101)

    /// (0028,0102) HighBit, US.
    public static let highBit = Tag(0x0028, 0x0102)

    /// (0028,0103) PixelRepresentation, US.
    public static let pixelRepresentation = Tag(0x0028, 0x0103)

    /// (0028,0106) SmallestImagePixelValue, US.
    public static let smallestImagePixelValue = Tag(0x0028, 0x0106)

    /// (0028,0107) LargestImagePixelValue, US.
    public static let largestImagePixelValue = Tag(0x0028, 0x0107)

    /// (0028,1040) PixelIntensityRelationship, CS.
    public static let pixelIntensityRelationship = Tag(0x0028, 0x1040)

    /// (0028,1041) PixelIntensityRelationshipSign, SS.
    public static let pixelIntensityRelationshipSign = Tag(0x0028, 0x1041)

    /// (0028,1050) WindowCenter, DS.
    public static let windowCenter = Tag(0x0028, 0x1050)

    /// (0028,1051) WindowWidth, DS.
    public static let windowWidth = Tag(0x0028, 0x1051)

    /// (0028,1052) RescaleIntercept, DS.
    public static let rescaleIntercept = Tag(0x0028, 0x1052)

    /// (0028,1053) RescaleSlope, DS.
    public static let rescaleSlope = Tag(0x0028, 0x1053)

    /// (0028,1054) RescaleType, LO.
    public static let rescaleType = Tag(0x0028, 0x1054)

    /// (0028,1055) WindowCenterWidthExplanation, LO.
    public static let windowCenterWidthExplanation = Tag(0x0028, 0x1055)

    /// (0028,1056) VOILUTFunction, CS.
    public static let voiLUTFunction = Tag(0x0028, 0x1056)

    /// (0028,1101) RedPaletteColorLookupTableDescriptor, US.
    public static let redPaletteColorLookupTableDescriptor = Tag(0x0028, 0x1101)

    /// (0028,1102) GreenPaletteColorLookupTableDescriptor, US.
    public static let greenPaletteColorLookupTableDescriptor = Tag(0x0028, 0x1102)

    /// (0028,1103) BluePaletteColorLookupTableDescriptor, US.
    public static let bluePaletteColorLookupTableDescriptor = Tag(0x0028, 0x1103)

    /// (0028,1104) AlphaPaletteColorLookupTableDescriptor, US.
    public static let alphaPaletteColorLookupTableDescriptor = Tag(0x0028, 0x1104)

    /// (0028,1199) PaletteColorLookupTableUID, UI.
    public static let paletteColorLookupTableUID = Tag(0x0028, 0x1199)

    /// (0028,1201) RedPaletteColorLookupTableData, OW.
    public static let redPaletteColorLookupTableData = Tag(0x0028, 0x1201)

    /// (0028,1202) GreenPaletteColorLookupTableData, OW.
    public static let greenPaletteColorLookupTableData = Tag(0x0028, 0x1202)

    /// (0028,1203) BluePaletteColorLookupTableData, OW.
    public static let bluePaletteColorLookupTableData = Tag(0x0028, 0x1203)

    /// (0028,1204) AlphaPaletteColorLookupTableData, OW.
    public static let alphaPaletteColorLookupTableData = Tag(0x0028, 0x1204)

    /// (0028,1221) SegmentedRedPaletteColorLookupTableData, OW.
    public static let segmentedRedPaletteColorLookupTableData = Tag(0x0028, 0x1221)

    /// (0028,1222) SegmentedGreenPaletteColorLookupTableData, OW.
    public static let segmentedGreenPaletteColorLookupTableData = Tag(0x0028, 0x1222)

    /// (0028,1223) SegmentedBluePaletteColorLookupTableData, OW.
    public static let segmentedBluePaletteColorLookupTableData = Tag(0x0028, 0x1223)

    /// (0028,2000) ICCProfile, OB.
    public static let iccProfile = Tag(0x0028, 0x2000)

    /// (0028,2002) ColorSpace, CS.
    public static let colorSpace = Tag(0x0028, 0x2002)

    /// (0028,3000) ModalityLUTSequence, SQ.
    public static let modalityLUTSequence = Tag(0x0028, 0x3000)

    /// (0028,3002) LUTDescriptor, US.
    public static let lutDescriptor = Tag(0x0028, 0x3002)

    /// (0028,3003) LUTExplanation, LO.
    public static let lutExplanation = Tag(0x0028, 0x3003)

    /// (0028,3004) ModalityLUTType, LO.
    public static let modalityLUTType = Tag(0x0028, 0x3004)

    /// (0028,3006) LUTData, OW.
    public static let lutData = Tag(0x0028, 0x3006)

    /// (0028,3010) VOILUTSequence, SQ.
    public static let voiLUTSequence = Tag(0x0028, 0x3010)

    /// (0028,6010) RepresentativeFrameNumber, US.
    public static let representativeFrameNumber = Tag(0x0028, 0x6010)

    /// (0028,7FE0) PixelDataProviderURL, UR.
    public static let pixelDataProviderURL = Tag(0x0028, 0x7FE0)

    /// (0028,9110) PixelMeasuresSequence, SQ.
    public static let pixelMeasuresSequence = Tag(0x0028, 0x9110)

    /// (0028,9132) FrameVOILUTSequence, SQ.
    public static let frameVOILUTSequence = Tag(0x0028, 0x9132)

    /// (0028,9145) PixelValueTransformationSequence, SQ.
    public static let pixelValueTransformationSequence = Tag(0x0028, 0x9145)

    /// (0048,0006) TotalPixelMatrixColumns, UL.
    public static let totalPixelMatrixColumns = Tag(0x0048, 0x0006)

    /// (0048,0007) TotalPixelMatrixRows, UL.
    public static let totalPixelMatrixRows = Tag(0x0048, 0x0007)

    /// (2050,0010) PresentationLUTSequence, SQ.
    public static let presentationLUTSequence = Tag(0x2050, 0x0010)

    /// (2050,0020) PresentationLUTShape, CS.
    public static let presentationLUTShape = Tag(0x2050, 0x0020)

    /// (5200,9229) SharedFunctionalGroupsSequence, SQ.
    public static let sharedFunctionalGroupsSequence = Tag(0x5200, 0x9229)

    /// (5200,9230) PerFrameFunctionalGroupsSequence, SQ.
    public static let perFrameFunctionalGroupsSequence = Tag(0x5200, 0x9230)

    /// (6000,0010) OverlayRows, US.
    public static let overlayRows = Tag(0x6000, 0x0010)

    /// (6000,0011) OverlayColumns, US.
    public static let overlayColumns = Tag(0x6000, 0x0011)

    /// (6000,0040) OverlayType, CS.
    public static let overlayType = Tag(0x6000, 0x0040)

    /// (6000,0050) OverlayOrigin, SS.
    public static let overlayOrigin = Tag(0x6000, 0x0050)

    /// (6000,0100) OverlayBitsAllocated, US.
    public static let overlayBitsAllocated = Tag(0x6000, 0x0100)

    /// (6000,0102) OverlayBitPosition, US.
    public static let overlayBitPosition = Tag(0x6000, 0x0102)

    /// (6000,3000) OverlayData, OW.
    public static let overlayData = Tag(0x6000, 0x3000)

    /// (7FE0,0001) ExtendedOffsetTable, OV.
    public static let extendedOffsetTable = Tag(0x7FE0, 0x0001)

    /// (7FE0,0002) ExtendedOffsetTableLengths, OV.
    public static let extendedOffsetTableLengths = Tag(0x7FE0, 0x0002)

    /// (7FE0,0008) FloatPixelData, OF.
    public static let floatPixelData = Tag(0x7FE0, 0x0008)

    /// (7FE0,0009) DoubleFloatPixelData, OD.
    public static let doubleFloatPixelData = Tag(0x7FE0, 0x0009)

    /// (7FE0,0010) PixelData, OW.
    public static let pixelData = Tag(0x7FE0, 0x0010)
}
