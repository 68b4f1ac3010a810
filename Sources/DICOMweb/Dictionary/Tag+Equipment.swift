/// Tags of the general equipment module (PS3.3 C.7.5.1).
extension Tag {
    /// (0008,0064) ConversionType, CS.
    public static let conversionType = Tag(0x0008, 0x0064)

    /// (0008,0070) Manufacturer, LO.
    public static let manufacturer = Tag(0x0008, 0x0070)

    /// (0008,1010) StationName, SH.
    public static let stationName = Tag(0x0008, 0x1010)

    /// (0008,1090) ManufacturerModelName, LO.
    public static let manufacturerModelName = Tag(0x0008, 0x1090)

    /// (0018,1000) DeviceSerialNumber, LO.
    public static let deviceSerialNumber = Tag(0x0018, 0x1000)

    /// (0018,1002) DeviceUID, UI.
    public static let deviceUID = Tag(0x0018, 0x1002)

    /// (0018,1008) GantryID, LO.
    public static let gantryID = Tag(0x0018, 0x1008)

    /// (0018,100A) UDISequence, SQ.
    public static let udiSequence = Tag(0x0018, 0x100A)

    /// (0018,1012) DateOfSecondaryCapture, DA.
    public static let dateOfSecondaryCapture = Tag(0x0018, 0x1012)

    /// (0018,1014) TimeOfSecondaryCapture, TM.
    public static let timeOfSecondaryCapture = Tag(0x0018, 0x1014)

    /// (0018,1016) SecondaryCaptureDeviceManufacturer, LO.
    public static let secondaryCaptureDeviceManufacturer = Tag(0x0018, 0x1016)

    /// (0018,1018) SecondaryCaptureDeviceManufacturerModelName, LO.
    public static let secondaryCaptureDeviceManufacturerModelName = Tag(0x0018, 0x1018)

    /// (0018,1020) SoftwareVersions, LO.
    public static let softwareVersions = Tag(0x0018, 0x1020)

    /// (0018,1050) SpatialResolution, DS.
    public static let spatialResolution = Tag(0x0018, 0x1050)

    /// (0018,1200) DateOfLastCalibration, DA.
    public static let dateOfLastCalibration = Tag(0x0018, 0x1200)

    /// (0018,1201) TimeOfLastCalibration, TM.
    public static let timeOfLastCalibration = Tag(0x0018, 0x1201)

    /// (0028,0120) PixelPaddingValue, US.
    public static let pixelPaddingValue = Tag(0x0028, 0x0120)

    /// (0028,0121) PixelPaddingRangeLimit, US.
    public static let pixelPaddingRangeLimit = Tag(0x0028, 0x0121)
}
