import DICOMweb

/// Which attributes the catalog asks for by name.
enum CatalogFields {
    /// Of a study, where a server does not give everything at once; what it computes itself stands first.
    static let study: [Tag] = [
        .modalitiesInStudy, .numberOfStudyRelatedSeries, .numberOfStudyRelatedInstances,
        .studyDescription, .institutionName, .patientBirthDate, .patientSex, .studyID, .referringPhysicianName,
        .requestedProcedureDescription, .requestingPhysician, .otherPatientIDs, .timezoneOffsetFromUTC,
    ]

    /// Of a series.
    static let series: [Tag] = [
        .studyInstanceUID, .numberOfSeriesRelatedInstances, .modality, .seriesDescription, .seriesNumber, .seriesDate,
        .seriesTime, .bodyPartExamined, .protocolName, .laterality, .stationName, .operatorsName,
        .performedProcedureStepStartDate, .performedProcedureStepStartTime, .performedProcedureStepDescription,
        .requestAttributesSequence,
    ]

    /// Of an instance: what its study is found by, and may differ from instance to instance.
    static let shared: [Tag] = [
        .studyDate, .studyTime, .accessionNumber, .institutionName, .referringPhysicianName, .studyDescription,
        .patientName, .patientID, .issuerOfPatientID, .patientBirthDate, .patientSex, .studyID,
    ]

    /// Of an instance: what says where it is.
    static let place: [Tag] = [.seriesInstanceUID, .sopInstanceUID]

    /// A row of a search for series without what belongs to its study and to the answer.
    ///
    /// Some searches give more of the study than others; a series must look the same by whichever it was found.
    static func seriesLevel(_ row: DataSet) -> DataSet {
        var series = row
        for tag in row.tags where Self.isOfStudy(tag) { series.remove(tag) }
        return series
    }

    private static func isOfStudy(_ tag: Tag) -> Bool {
        tag.group == Self.patientGroup || Self.ofStudy.contains(tag)
    }

    private static let patientGroup: UInt16 = 0x0010
    private static let ofStudy: Set<Tag> = [
        .retrieveURL, .studyDate, .studyTime, .accessionNumber, .instanceAvailability, .modalitiesInStudy,
        .referringPhysicianName, .studyDescription, .studyID, .numberOfStudyRelatedSeries,
        .numberOfStudyRelatedInstances, .institutionName, .institutionAddress, .institutionCodeSequence,
        .issuerOfAccessionNumberSequence, .referringPhysicianIdentificationSequence, .consultingPhysicianName,
        .consultingPhysicianIdentificationSequence, .procedureCodeSequence, .physiciansOfRecord,
        .physiciansOfRecordIdentificationSequence, .nameOfPhysiciansReadingStudy,
        .physiciansReadingStudyIdentificationSequence, .referencedStudySequence, .requestingServiceCodeSequence,
        .localNamespaceEntityID, .universalEntityID, .universalEntityIDType, .reasonForPerformedProcedureCodeSequence,
        .personIdentificationCodeSequence, .personAddress, .personTelephoneNumbers, .personTelecomInformation,
        .requestedProcedureDescription, .requestingPhysician,
    ]
}
