import DICOMweb

/// What a search is for (PS3.18 §10.6.1).
enum SearchLevel: Int, Sendable, Comparable, CaseIterable {
    case study
    case series
    case instance

    static func < (left: SearchLevel, right: SearchLevel) -> Bool { left.rawValue < right.rawValue }

    /// The level whose index or instances decide on an attribute; nil for one that nothing here can decide on.
    ///
    /// What the catalog does not keep would match nothing, and that would be no true answer.
    init?(matching path: AttributePath, in kind: GatewayStore.Kind) {
        guard let first = path.tags.first, let last = path.tags.last, first.group > 0x0002,
            !SearchedAttributes.computed.contains(first), let vr = last.vr, !vr.isBinary, vr != .SQ
        else { return nil }
        let isHealthcare = kind == .healthcare
        let moreOfStudy = isHealthcare ? SearchedAttributes.healthcareStudy : SearchedAttributes.otherStudy
        if SearchedAttributes.study.contains(first) || moreOfStudy.contains(first) {
            self = .study
        } else if SearchedAttributes.series.contains(first)
            || !isHealthcare && SearchedAttributes.otherSeries.contains(first)
        {
            self = .series
        } else {
            self = .instance
        }
    }
}

/// Which attributes a search matches and returns at which level.
enum SearchedAttributes {
    /// Returned of every study (PS3.18 Table 10.6.3-3), where known; the description too, which every worklist shows.
    static let requiredOfStudy: [Tag] = [
        .studyDate, .studyTime, .accessionNumber, .referringPhysicianName, .timezoneOffsetFromUTC, .studyDescription,
        .patientName, .patientID, .patientBirthDate, .patientSex, .studyInstanceUID, .studyID,
    ]

    /// Returned of every series (PS3.18 Table 10.6.3-4), where known.
    static let requiredOfSeries: [Tag] = [
        .modality, .timezoneOffsetFromUTC, .seriesDescription, .seriesInstanceUID, .seriesNumber,
        .performedProcedureStepStartDate, .performedProcedureStepStartTime, .requestAttributesSequence,
    ]

    /// What is worked out here, or by nobody: it can be returned but not matched.
    static let computed: Set<Tag> = [
        .queryRetrieveLevel, .retrieveAETitle, .instanceAvailability, .sopClassesInStudy,
        .anatomicRegionsInStudyCodeSequence, .retrieveURL, .availableTransferSyntaxUID, .specificCharacterSet,
        .numberOfPatientRelatedStudies, .numberOfPatientRelatedSeries, .numberOfPatientRelatedInstances,
        .numberOfStudyRelatedSeries, .numberOfStudyRelatedInstances, .numberOfSeriesRelatedInstances,
    ]

    /// What the catalog keeps of a study, whatever the store.
    static let study: Set<Tag> = [
        .studyInstanceUID, .studyDate, .studyTime, .accessionNumber, .modalitiesInStudy, .referringPhysicianName,
        .timezoneOffsetFromUTC, .patientName, .patientID, .issuerOfPatientID, .patientBirthDate, .patientSex, .studyID,
        .studyDescription, .institutionName,
    ]

    /// What the Healthcare API returns of a study beyond that.
    static let healthcareStudy: Set<Tag> = [
        .institutionAddress, .institutionCodeSequence, .referringPhysicianIdentificationSequence,
        .consultingPhysicianName, .consultingPhysicianIdentificationSequence, .issuerOfAccessionNumberSequence,
        .localNamespaceEntityID, .universalEntityID, .universalEntityIDType, .physiciansOfRecord,
        .physiciansOfRecordIdentificationSequence, .nameOfPhysiciansReadingStudy,
        .physiciansReadingStudyIdentificationSequence, .requestingServiceCodeSequence, .referencedStudySequence,
        .procedureCodeSequence, .reasonForPerformedProcedureCodeSequence, .personIdentificationCodeSequence,
        .personAddress, .personTelephoneNumbers, .personTelecomInformation,
    ]

    /// What other servers are asked for beyond that, of a study.
    static let otherStudy: Set<Tag> = [.requestedProcedureDescription, .requestingPhysician, .otherPatientIDs]

    /// What the catalog keeps of a series, whatever the store.
    static let series: Set<Tag> = [
        .seriesInstanceUID, .modality, .seriesDescription, .seriesNumber, .laterality, .seriesDate, .seriesTime,
        .performedProcedureStepStartDate, .performedProcedureStepStartTime, .requestAttributesSequence,
    ]

    /// Whether an answer of the level can have the attribute; of an instance only the store can tell.
    static func isKept(_ tag: Tag, at level: SearchLevel, in kind: GatewayStore.Kind) -> Bool {
        guard level < .instance else { return true }
        let isHealthcare = kind == .healthcare
        let ofStudy = self.study.contains(tag) || self.requiredOfStudy.contains(tag) || self.computed.contains(tag)
        if ofStudy || (isHealthcare ? self.healthcareStudy : self.otherStudy).contains(tag) { return true }
        guard level == .series else { return false }
        return self.series.contains(tag) || self.requiredOfSeries.contains(tag)
            || !isHealthcare && self.otherSeries.contains(tag)
    }

    /// What other servers are asked for beyond that, of a series.
    static let otherSeries: Set<Tag> = [
        .bodyPartExamined, .protocolName, .stationName, .operatorsName, .performedProcedureStepDescription,
    ]
}
