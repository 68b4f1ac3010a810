/// Tags of the SOP common module (PS3.3 C.12.1) and the general image module (C.7.6.1).
extension Tag {
    /// (0008,0008) ImageType, CS.
    public static let imageType = Tag(0x0008, 0x0008)

    /// (0008,0012) InstanceCreationDate, DA.
    public static let instanceCreationDate = Tag(0x0008, 0x0012)

    /// (0008,0013) InstanceCreationTime, TM.
    public static let instanceCreationTime = Tag(0x0008, 0x0013)

    /// (0008,0014) InstanceCreatorUID, UI.
    public static let instanceCreatorUID = Tag(0x0008, 0x0014)

    /// (0008,0015) InstanceCoercionDateTime, DT.
    public static let instanceCoercionDateTime = Tag(0x0008, 0x0015)

    /// (0008,0016) SOPClassUID, UI.
    public static let sopClassUID = Tag(0x0008, 0x0016)

    /// (0008,0017) AcquisitionUID, UI.
    public static let acquisitionUID = Tag(0x0008, 0x0017)

    /// (0008,0018) SOPInstanceUID, UI.
    public static let sopInstanceUID = Tag(0x0008, 0x0018)

    /// (0008,001A) RelatedGeneralSOPClassUID, UI.
    public static let relatedGeneralSOPClassUID = Tag(0x0008, 0x001A)

    /// (0008,0022) AcquisitionDate, DA.
    public static let acquisitionDate = Tag(0x0008, 0x0022)

    /// (0008,0023) ContentDate, DA.
    public static let contentDate = Tag(0x0008, 0x0023)

    /// (0008,002A) AcquisitionDateTime, DT.
    public static let acquisitionDateTime = Tag(0x0008, 0x002A)

    /// (0008,0032) AcquisitionTime, TM.
    public static let acquisitionTime = Tag(0x0008, 0x0032)

    /// (0008,0033) ContentTime, TM.
    public static let contentTime = Tag(0x0008, 0x0033)

    /// (0008,0100) CodeValue, SH.
    public static let codeValue = Tag(0x0008, 0x0100)

    /// (0008,0102) CodingSchemeDesignator, SH.
    public static let codingSchemeDesignator = Tag(0x0008, 0x0102)

    /// (0008,0103) CodingSchemeVersion, SH.
    public static let codingSchemeVersion = Tag(0x0008, 0x0103)

    /// (0008,0104) CodeMeaning, LO.
    public static let codeMeaning = Tag(0x0008, 0x0104)

    /// (0008,0105) MappingResource, CS.
    public static let mappingResource = Tag(0x0008, 0x0105)

    /// (0008,010F) ContextIdentifier, CS.
    public static let contextIdentifier = Tag(0x0008, 0x010F)

    /// (0008,0117) ContextUID, UI.
    public static let contextUID = Tag(0x0008, 0x0117)

    /// (0008,0119) LongCodeValue, UC.
    public static let longCodeValue = Tag(0x0008, 0x0119)

    /// (0008,0120) URNCodeValue, UR.
    public static let urnCodeValue = Tag(0x0008, 0x0120)

    /// (0008,1140) ReferencedImageSequence, SQ.
    public static let referencedImageSequence = Tag(0x0008, 0x1140)

    /// (0008,114A) ReferencedInstanceSequence, SQ.
    public static let referencedInstanceSequence = Tag(0x0008, 0x114A)

    /// (0008,2111) DerivationDescription, ST.
    public static let derivationDescription = Tag(0x0008, 0x2111)

    /// (0008,2112) SourceImageSequence, SQ.
    public static let sourceImageSequence = Tag(0x0008, 0x2112)

    /// (0008,3010) IrradiationEventUID, UI.
    public static let irradiationEventUID = Tag(0x0008, 0x3010)

    /// (0008,9215) DerivationCodeSequence, SQ.
    public static let derivationCodeSequence = Tag(0x0008, 0x9215)

    /// (0018,5101) ViewPosition, CS.
    public static let viewPosition = Tag(0x0018, 0x5101)

    /// (0018,A001) ContributingEquipmentSequence, SQ.
    public static let contributingEquipmentSequence = Tag(0x0018, 0xA001)

    /// (0020,0012) AcquisitionNumber, IS.
    public static let acquisitionNumber = Tag(0x0020, 0x0012)

    /// (0020,0013) InstanceNumber, IS.
    public static let instanceNumber = Tag(0x0020, 0x0013)

    /// (0020,0020) PatientOrientation, CS.
    public static let patientOrientation = Tag(0x0020, 0x0020)

    /// (0020,0062) ImageLaterality, CS.
    public static let imageLaterality = Tag(0x0020, 0x0062)

    /// (0020,1002) ImagesInAcquisition, IS.
    public static let imagesInAcquisition = Tag(0x0020, 0x1002)

    /// (0020,4000) ImageComments, LT.
    public static let imageComments = Tag(0x0020, 0x4000)

    /// (0028,0300) QualityControlImage, CS.
    public static let qualityControlImage = Tag(0x0028, 0x0300)

    /// (0028,0301) BurnedInAnnotation, CS.
    public static let burnedInAnnotation = Tag(0x0028, 0x0301)

    /// (0028,0302) RecognizableVisualFeatures, CS.
    public static let recognizableVisualFeatures = Tag(0x0028, 0x0302)

    /// (0028,0303) LongitudinalTemporalInformationModified, CS.
    public static let longitudinalTemporalInformationModified = Tag(0x0028, 0x0303)

    /// (0028,2110) LossyImageCompression, CS.
    public static let lossyImageCompression = Tag(0x0028, 0x2110)

    /// (0028,2112) LossyImageCompressionRatio, DS.
    public static let lossyImageCompressionRatio = Tag(0x0028, 0x2112)

    /// (0028,2114) LossyImageCompressionMethod, CS.
    public static let lossyImageCompressionMethod = Tag(0x0028, 0x2114)

    /// (0040,A170) PurposeOfReferenceCodeSequence, SQ.
    public static let purposeOfReferenceCodeSequence = Tag(0x0040, 0xA170)

    /// (0088,0200) IconImageSequence, SQ.
    public static let iconImageSequence = Tag(0x0088, 0x0200)

    /// (0400,0500) EncryptedAttributesSequence, SQ.
    public static let encryptedAttributesSequence = Tag(0x0400, 0x0500)

    /// (FFFA,FFFA) DigitalSignaturesSequence, SQ.
    public static let digitalSignaturesSequence = Tag(0xFFFA, 0xFFFA)
}
