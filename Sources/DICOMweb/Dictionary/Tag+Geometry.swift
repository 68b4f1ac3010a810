/// Tags of the frame of reference and image plane modules (PS3.3 C.7.4.1, C.7.6.2).
extension Tag {
    /// (0018,0050) SliceThickness, DS.
    public static let sliceThickness = Tag(0x0018, 0x0050)

    /// (0018,0088) SpacingBetweenSlices, DS.
    public static let spacingBetweenSlices = Tag(0x0018, 0x0088)

    /// (0018,1164) ImagerPixelSpacing, DS.
    public static let imagerPixelSpacing = Tag(0x0018, 0x1164)

    /// (0018,2010) NominalScannedPixelSpacing, DS.
    public static let nominalScannedPixelSpacing = Tag(0x0018, 0x2010)

    /// (0020,0032) ImagePositionPatient, DS.
    public static let imagePositionPatient = Tag(0x0020, 0x0032)

    /// (0020,0037) ImageOrientationPatient, DS.
    public static let imageOrientationPatient = Tag(0x0020, 0x0037)

    /// (0020,0052) FrameOfReferenceUID, UI.
    public static let frameOfReferenceUID = Tag(0x0020, 0x0052)

    /// (0020,1040) PositionReferenceIndicator, LO.
    public static let positionReferenceIndicator = Tag(0x0020, 0x1040)

    /// (0020,1041) SliceLocation, DS.
    public static let sliceLocation = Tag(0x0020, 0x1041)

    /// (0028,0030) PixelSpacing, DS.
    public static let pixelSpacing = Tag(0x0028, 0x0030)

    /// (0028,0A02) PixelSpacingCalibrationType, CS.
    public static let pixelSpacingCalibrationType = Tag(0x0028, 0x0A02)

    /// (0028,0A04) PixelSpacingCalibrationDescription, LO.
    public static let pixelSpacingCalibrationDescription = Tag(0x0028, 0x0A04)
}
