/// Tags of the patient module (PS3.3 C.7.1.1) and the patient study module (C.7.2.2).
extension Tag {
    /// (0010,0010) PatientName, PN.
    public static let patientName = Tag(0x0010, 0x0010)

    /// (0010,0020) PatientID, LO.
    public static let patientID = Tag(0x0010, 0x0020)

    /// (0010,0021) IssuerOfPatientID, LO.
    public static let issuerOfPatientID = Tag(0x0010, 0x0021)

    /// (0010,0022) TypeOfPatientID, CS.
    public static let typeOfPatientID = Tag(0x0010, 0x0022)

    /// (0010,0024) IssuerOfPatientIDQualifiersSequence, SQ.
    public static let issuerOfPatientIDQualifiersSequence = Tag(0x0010, 0x0024)

    /// (0010,0030) PatientBirthDate, DA.
    public static let patientBirthDate = Tag(0x0010, 0x0030)

    /// (0010,0032) PatientBirthTime, TM.
    public static let patientBirthTime = Tag(0x0010, 0x0032)

    /// (0010,0040) PatientSex, CS.
    public static let patientSex = Tag(0x0010, 0x0040)

    /// (0010,0050) PatientInsurancePlanCodeSequence, SQ.
    public static let patientInsurancePlanCodeSequence = Tag(0x0010, 0x0050)

    /// (0010,1000) OtherPatientIDs, LO.
    public static let otherPatientIDs = Tag(0x0010, 0x1000)

    /// (0010,1001) OtherPatientNames, PN.
    public static let otherPatientNames = Tag(0x0010, 0x1001)

    /// (0010,1002) OtherPatientIDsSequence, SQ.
    public static let otherPatientIDsSequence = Tag(0x0010, 0x1002)

    /// (0010,1005) PatientBirthName, PN.
    public static let patientBirthName = Tag(0x0010, 0x1005)

    /// (0010,1010) PatientAge, AS.
    public static let patientAge = Tag(0x0010, 0x1010)

    /// (0010,1020) PatientSize, DS.
    public static let patientSize = Tag(0x0010, 0x1020)

    /// (0010,1030) PatientWeight, DS.
    public static let patientWeight = Tag(0x0010, 0x1030)

    /// (0010,1040) PatientAddress, LO.
    public static let patientAddress = Tag(0x0010, 0x1040)

    /// (0010,1060) PatientMotherBirthName, PN.
    public static let patientMotherBirthName = Tag(0x0010, 0x1060)

    /// (0010,2000) MedicalAlerts, LO.
    public static let medicalAlerts = Tag(0x0010, 0x2000)

    /// (0010,2110) Allergies, LO.
    public static let allergies = Tag(0x0010, 0x2110)

    /// (0010,2154) PatientTelephoneNumbers, SH.
    public static let patientTelephoneNumbers = Tag(0x0010, 0x2154)

    /// (0010,2155) PatientTelecomInformation, LT.
    public static let patientTelecomInformation = Tag(0x0010, 0x2155)

    /// (0010,2160) EthnicGroup, SH.
    public static let ethnicGroup = Tag(0x0010, 0x2160)

    /// (0010,2180) Occupation, SH.
    public static let occupation = Tag(0x0010, 0x2180)

    /// (0010,21A0) SmokingStatus, CS.
    public static let smokingStatus = Tag(0x0010, 0x21A0)

    /// (0010,21B0) AdditionalPatientHistory, LT.
    public static let additionalPatientHistory = Tag(0x0010, 0x21B0)

    /// (0010,21C0) PregnancyStatus, US.
    public static let pregnancyStatus = Tag(0x0010, 0x21C0)

    /// (0010,2201) PatientSpeciesDescription, LO.
    public static let patientSpeciesDescription = Tag(0x0010, 0x2201)

    /// (0010,2203) PatientSexNeutered, CS.
    public static let patientSexNeutered = Tag(0x0010, 0x2203)

    /// (0010,2292) PatientBreedDescription, LO.
    public static let patientBreedDescription = Tag(0x0010, 0x2292)

    /// (0010,2297) ResponsiblePerson, PN.
    public static let responsiblePerson = Tag(0x0010, 0x2297)

    /// (0010,4000) PatientComments, LT.
    public static let patientComments = Tag(0x0010, 0x4000)

    /// (0012,0062) PatientIdentityRemoved, CS.
    public static let patientIdentityRemoved = Tag(0x0012, 0x0062)

    /// (0012,0063) DeidentificationMethod, LO.
    public static let deidentificationMethod = Tag(0x0012, 0x0063)

    /// (0012,0064) DeidentificationMethodCodeSequence, SQ.
    public static let deidentificationMethodCodeSequence = Tag(0x0012, 0x0064)
}
