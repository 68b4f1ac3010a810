/// Tags of the modality modules (PS3.3 C.8).
extension Tag {
    /// (0008,0068) PresentationIntentType, CS.
    public static let presentationIntentType = Tag(0x0008, 0x0068)

    /// (0008,2120) StageName, SH.
    public static let stageName = Tag(0x0008, 0x2120)

    /// (0008,2122) StageNumber, IS.
    public static let stageNumber = Tag(0x0008, 0x2122)

    /// (0008,2124) NumberOfStages, IS.
    public static let numberOfStages = Tag(0x0008, 0x2124)

    /// (0008,2127) ViewName, SH.
    public static let viewName = Tag(0x0008, 0x2127)

    /// (0008,212A) NumberOfViewsInStage, IS.
    public static let numberOfViewsInStage = Tag(0x0008, 0x212A)

    /// (0018,0010) ContrastBolusAgent, LO.
    public static let contrastBolusAgent = Tag(0x0018, 0x0010)

    /// (0018,0020) ScanningSequence, CS.
    public static let scanningSequence = Tag(0x0018, 0x0020)

    /// (0018,0021) SequenceVariant, CS.
    public static let sequenceVariant = Tag(0x0018, 0x0021)

    /// (0018,0022) ScanOptions, CS.
    public static let scanOptions = Tag(0x0018, 0x0022)

    /// (0018,0023) MRAcquisitionType, CS.
    public static let mrAcquisitionType = Tag(0x0018, 0x0023)

    /// (0018,0024) SequenceName, SH.
    public static let sequenceName = Tag(0x0018, 0x0024)

    /// (0018,0025) AngioFlag, CS.
    public static let angioFlag = Tag(0x0018, 0x0025)

    /// (0018,0060) KVP, DS.
    public static let kvp = Tag(0x0018, 0x0060)

    /// (0018,0080) RepetitionTime, DS.
    public static let repetitionTime = Tag(0x0018, 0x0080)

    /// (0018,0081) EchoTime, DS.
    public static let echoTime = Tag(0x0018, 0x0081)

    /// (0018,0082) InversionTime, DS.
    public static let inversionTime = Tag(0x0018, 0x0082)

    /// (0018,0083) NumberOfAverages, DS.
    public static let numberOfAverages = Tag(0x0018, 0x0083)

    /// (0018,0084) ImagingFrequency, DS.
    public static let imagingFrequency = Tag(0x0018, 0x0084)

    /// (0018,0085) ImagedNucleus, SH.
    public static let imagedNucleus = Tag(0x0018, 0x0085)

    /// (0018,0086) EchoNumbers, IS.
    public static let echoNumbers = Tag(0x0018, 0x0086)

    /// (0018,0087) MagneticFieldStrength, DS.
    public static let magneticFieldStrength = Tag(0x0018, 0x0087)

    /// (0018,0089) NumberOfPhaseEncodingSteps, IS.
    public static let numberOfPhaseEncodingSteps = Tag(0x0018, 0x0089)

    /// (0018,0090) DataCollectionDiameter, DS.
    public static let dataCollectionDiameter = Tag(0x0018, 0x0090)

    /// (0018,0091) EchoTrainLength, IS.
    public static let echoTrainLength = Tag(0x0018, 0x0091)

    /// (0018,0093) PercentSampling, DS.
    public static let percentSampling = Tag(0x0018, 0x0093)

    /// (0018,0094) PercentPhaseFieldOfView, DS.
    public static let percentPhaseFieldOfView = Tag(0x0018, 0x0094)

    /// (0018,0095) PixelBandwidth, DS.
    public static let pixelBandwidth = Tag(0x0018, 0x0095)

    /// (0018,1040) ContrastBolusRoute, LO.
    public static let contrastBolusRoute = Tag(0x0018, 0x1040)

    /// (0018,1041) ContrastBolusVolume, DS.
    public static let contrastBolusVolume = Tag(0x0018, 0x1041)

    /// (0018,1088) HeartRate, IS.
    public static let heartRate = Tag(0x0018, 0x1088)

    /// (0018,1100) ReconstructionDiameter, DS.
    public static let reconstructionDiameter = Tag(0x0018, 0x1100)

    /// (0018,1110) DistanceSourceToDetector, DS.
    public static let distanceSourceToDetector = Tag(0x0018, 0x1110)

    /// (0018,1111) DistanceSourceToPatient, DS.
    public static let distanceSourceToPatient = Tag(0x0018, 0x1111)

    /// (0018,1120) GantryDetectorTilt, DS.
    public static let gantryDetectorTilt = Tag(0x0018, 0x1120)

    /// (0018,1130) TableHeight, DS.
    public static let tableHeight = Tag(0x0018, 0x1130)

    /// (0018,1140) RotationDirection, CS.
    public static let rotationDirection = Tag(0x0018, 0x1140)

    /// (0018,1147) FieldOfViewShape, CS.
    public static let fieldOfViewShape = Tag(0x0018, 0x1147)

    /// (0018,1149) FieldOfViewDimensions, IS.
    public static let fieldOfViewDimensions = Tag(0x0018, 0x1149)

    /// (0018,1150) ExposureTime, IS.
    public static let exposureTime = Tag(0x0018, 0x1150)

    /// (0018,1151) XRayTubeCurrent, IS.
    public static let xRayTubeCurrent = Tag(0x0018, 0x1151)

    /// (0018,1152) Exposure, IS.
    public static let exposure = Tag(0x0018, 0x1152)

    /// (0018,1153) ExposureInuAs, IS.
    public static let exposureInMicroampereSeconds = Tag(0x0018, 0x1153)

    /// (0018,1160) FilterType, SH.
    public static let filterType = Tag(0x0018, 0x1160)

    /// (0018,1166) Grid, CS.
    public static let grid = Tag(0x0018, 0x1166)

    /// (0018,1170) GeneratorPower, IS.
    public static let generatorPower = Tag(0x0018, 0x1170)

    /// (0018,1190) FocalSpots, DS.
    public static let focalSpots = Tag(0x0018, 0x1190)

    /// (0018,1191) AnodeTargetMaterial, CS.
    public static let anodeTargetMaterial = Tag(0x0018, 0x1191)

    /// (0018,11A0) BodyPartThickness, DS.
    public static let bodyPartThickness = Tag(0x0018, 0x11A0)

    /// (0018,11A2) CompressionForce, DS.
    public static let compressionForce = Tag(0x0018, 0x11A2)

    /// (0018,1210) ConvolutionKernel, SH.
    public static let convolutionKernel = Tag(0x0018, 0x1210)

    /// (0018,1250) ReceiveCoilName, SH.
    public static let receiveCoilName = Tag(0x0018, 0x1250)

    /// (0018,1251) TransmitCoilName, SH.
    public static let transmitCoilName = Tag(0x0018, 0x1251)

    /// (0018,1310) AcquisitionMatrix, US.
    public static let acquisitionMatrix = Tag(0x0018, 0x1310)

    /// (0018,1312) InPlanePhaseEncodingDirection, CS.
    public static let inPlanePhaseEncodingDirection = Tag(0x0018, 0x1312)

    /// (0018,1314) FlipAngle, DS.
    public static let flipAngle = Tag(0x0018, 0x1314)

    /// (0018,1315) VariableFlipAngleFlag, CS.
    public static let variableFlipAngleFlag = Tag(0x0018, 0x1315)

    /// (0018,1316) SAR, DS.
    public static let sar = Tag(0x0018, 0x1316)

    /// (0018,1400) AcquisitionDeviceProcessingDescription, LO.
    public static let acquisitionDeviceProcessingDescription = Tag(0x0018, 0x1400)

    /// (0018,1402) CassetteOrientation, CS.
    public static let cassetteOrientation = Tag(0x0018, 0x1402)

    /// (0018,1403) CassetteSize, CS.
    public static let cassetteSize = Tag(0x0018, 0x1403)

    /// (0018,1404) ExposuresOnPlate, US.
    public static let exposuresOnPlate = Tag(0x0018, 0x1404)

    /// (0018,1405) RelativeXRayExposure, IS.
    public static let relativeXRayExposure = Tag(0x0018, 0x1405)

    /// (0018,1411) ExposureIndex, DS.
    public static let exposureIndex = Tag(0x0018, 0x1411)

    /// (0018,1412) TargetExposureIndex, DS.
    public static let targetExposureIndex = Tag(0x0018, 0x1412)

    /// (0018,1413) DeviationIndex, DS.
    public static let deviationIndex = Tag(0x0018, 0x1413)

    /// (0018,1508) PositionerType, CS.
    public static let positionerType = Tag(0x0018, 0x1508)

    /// (0018,1510) PositionerPrimaryAngle, DS.
    public static let positionerPrimaryAngle = Tag(0x0018, 0x1510)

    /// (0018,1511) PositionerSecondaryAngle, DS.
    public static let positionerSecondaryAngle = Tag(0x0018, 0x1511)

    /// (0018,5010) TransducerData, LO.
    public static let transducerData = Tag(0x0018, 0x5010)

    /// (0018,5022) MechanicalIndex, DS.
    public static let mechanicalIndex = Tag(0x0018, 0x5022)

    /// (0018,5027) SoftTissueThermalIndex, DS.
    public static let softTissueThermalIndex = Tag(0x0018, 0x5027)

    /// (0018,6000) Sensitivity, DS.
    public static let sensitivity = Tag(0x0018, 0x6000)

    /// (0018,6011) SequenceOfUltrasoundRegions, SQ.
    public static let sequenceOfUltrasoundRegions = Tag(0x0018, 0x6011)

    /// (0018,6012) RegionSpatialFormat, US.
    public static let regionSpatialFormat = Tag(0x0018, 0x6012)

    /// (0018,6014) RegionDataType, US.
    public static let regionDataType = Tag(0x0018, 0x6014)

    /// (0018,6016) RegionFlags, UL.
    public static let regionFlags = Tag(0x0018, 0x6016)

    /// (0018,6018) RegionLocationMinX0, UL.
    public static let regionLocationMinX0 = Tag(0x0018, 0x6018)

    /// (0018,601A) RegionLocationMinY0, UL.
    public static let regionLocationMinY0 = Tag(0x0018, 0x601A)

    /// (0018,601C) RegionLocationMaxX1, UL.
    public static let regionLocationMaxX1 = Tag(0x0018, 0x601C)

    /// (0018,601E) RegionLocationMaxY1, UL.
    public static let regionLocationMaxY1 = Tag(0x0018, 0x601E)

    /// (0018,6020) ReferencePixelX0, SL.
    public static let referencePixelX0 = Tag(0x0018, 0x6020)

    /// (0018,6022) ReferencePixelY0, SL.
    public static let referencePixelY0 = Tag(0x0018, 0x6022)

    /// (0018,6024) PhysicalUnitsXDirection, US.
    public static let physicalUnitsXDirection = Tag(0x0018, 0x6024)

    /// (0018,6026) PhysicalUnitsYDirection, US.
    public static let physicalUnitsYDirection = Tag(0x0018, 0x6026)

    /// (0018,602C) PhysicalDeltaX, FD.
    public static let physicalDeltaX = Tag(0x0018, 0x602C)

    /// (0018,602E) PhysicalDeltaY, FD.
    public static let physicalDeltaY = Tag(0x0018, 0x602E)

    /// (0018,6030) TransducerFrequency, UL.
    public static let transducerFrequency = Tag(0x0018, 0x6030)

    /// (0018,6031) TransducerType, CS.
    public static let transducerType = Tag(0x0018, 0x6031)

    /// (0018,7004) DetectorType, CS.
    public static let detectorType = Tag(0x0018, 0x7004)

    /// (0018,700A) DetectorID, SH.
    public static let detectorID = Tag(0x0018, 0x700A)

    /// (0018,8150) ExposureTimeInuS, DS.
    public static let exposureTimeInMicroseconds = Tag(0x0018, 0x8150)

    /// (0018,8151) XRayTubeCurrentInuA, DS.
    public static let xRayTubeCurrentInMicroamperes = Tag(0x0018, 0x8151)

    /// (0018,9306) SingleCollimationWidth, FD.
    public static let singleCollimationWidth = Tag(0x0018, 0x9306)

    /// (0018,9307) TotalCollimationWidth, FD.
    public static let totalCollimationWidth = Tag(0x0018, 0x9307)

    /// (0018,9309) TableSpeed, FD.
    public static let tableSpeed = Tag(0x0018, 0x9309)

    /// (0018,9310) TableFeedPerRotation, FD.
    public static let tableFeedPerRotation = Tag(0x0018, 0x9310)

    /// (0018,9311) SpiralPitchFactor, FD.
    public static let spiralPitchFactor = Tag(0x0018, 0x9311)

    /// (0018,9345) CTDIvol, FD.
    public static let ctdiVol = Tag(0x0018, 0x9345)

    /// (0028,0014) UltrasoundColorDataPresent, US.
    public static let ultrasoundColorDataPresent = Tag(0x0028, 0x0014)

    /// (0028,1300) BreastImplantPresent, CS.
    public static let breastImplantPresent = Tag(0x0028, 0x1300)

    /// (0028,1350) PartialView, CS.
    public static let partialView = Tag(0x0028, 0x1350)

    /// (0040,0318) OrganExposed, CS.
    public static let organExposed = Tag(0x0040, 0x0318)

    /// (0054,0016) RadiopharmaceuticalInformationSequence, SQ.
    public static let radiopharmaceuticalInformationSequence = Tag(0x0054, 0x0016)

    /// (0054,0220) ViewCodeSequence, SQ.
    public static let viewCodeSequence = Tag(0x0054, 0x0220)

    /// (0054,0222) ViewModifierCodeSequence, SQ.
    public static let viewModifierCodeSequence = Tag(0x0054, 0x0222)

    /// (0054,1001) Units, CS.
    public static let units = Tag(0x0054, 0x1001)

    /// (0054,1102) DecayCorrection, CS.
    public static let decayCorrection = Tag(0x0054, 0x1102)
}
