/// Tags of file meta information (PS3.10 §7.1).
extension Tag {
    /// (0002,0000) FileMetaInformationGroupLength, UL.
    public static let fileMetaInformationGroupLength = Tag(0x0002, 0x0000)

    /// (0002,0001) FileMetaInformationVersion, OB.
    public static let fileMetaInformationVersion = Tag(0x0002, 0x0001)

    /// (0002,0002) MediaStorageSOPClassUID, UI.
    public static let mediaStorageSOPClassUID = Tag(0x0002, 0x0002)

    /// (0002,0003) MediaStorageSOPInstanceUID, UI.
    public static let mediaStorageSOPInstanceUID = Tag(0x0002, 0x0003)

    /// (0002,0010) TransferSyntaxUID, UI.
    public static let transferSyntaxUID = Tag(0x0002, 0x0010)

    /// (0002,0012) ImplementationClassUID, UI.
    public static let implementationClassUID = Tag(0x0002, 0x0012)

    /// (0002,0013) ImplementationVersionName, SH.
    public static let implementationVersionName = Tag(0x0002, 0x0013)

    /// (0002,0016) SourceApplicationEntityTitle, AE.
    public static let sourceApplicationEntityTitle = Tag(0x0002, 0x0016)

    /// (0002,0017) SendingApplicationEntityTitle, AE.
    public static let sendingApplicationEntityTitle = Tag(0x0002, 0x0017)

    /// (0002,0018) ReceivingApplicationEntityTitle, AE.
    public static let receivingApplicationEntityTitle = Tag(0x0002, 0x0018)

    /// (0002,0100) PrivateInformationCreatorUID, UI.
    public static let privateInformationCreatorUID = Tag(0x0002, 0x0100)

    /// (0002,0102) PrivateInformation, OB.
    public static let privateInformation = Tag(0x0002, 0x0102)
}
