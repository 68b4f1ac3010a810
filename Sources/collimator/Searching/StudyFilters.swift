import ArgumentParser

/// What is searched for.
struct StudyFilters: ParsableArguments {
    @Option(
        name: .customLong("patient-name"),
        help: "Beginnings of the parts of the name, such as \"smi jo\", also with * and ?; or as DICOM: \"Smith^John\"."
    )
    var patientName: String?

    @Option(name: .customLong("patient-id"), help: "The patient's identifier, also with * and ?.")
    var patientID: String?

    @Option(help: "Who issued the identifier, also with * and ?.")
    var issuer: String?

    @Option(name: .customLong("accession-number"), help: "The accession number, also with * and ?.")
    var accessionNumber: String?

    @Option(name: .customLong("study-uid"), help: "The UID of the study; repeat it for any of several.")
    var studyUIDs: [String] = []

    @Option(help: "Only studies with a series of this kind, such as CT; repeat it for any of several.")
    var modality: [String] = []

    @Option(help: "The first day, such as 2026-01-05.")
    var from: String?

    @Option(help: "The last day.")
    var to: String?

    @Option(help: "Beginnings of words of the study's description, also with * and ?.")
    var description: String?

    @Option(name: .customLong("referring-physician"), help: "The referring physician's name, as the patient's.")
    var referringPhysician: String?

    @Option(help: "Beginnings of words of the institution's name, also with * and ?.")
    var institution: String?

    @Option(name: .customLong("updated-since"), help: "Only what changed since, such as 2026-01-05T10:00:00Z.")
    var updatedSince: String?

    @Option(help: "Beginnings of words anywhere: names, identifiers, accession number, description.")
    var query: String?
}

/// The body of a search as the gateway takes it; what is nil is left out.
///
/// The filters go in a body and not in an address, where logs would keep them.
struct SearchRequest: Encodable, Sendable {
    var store: [String]?
    var patientName: String?
    var patientId: String?
    var issuer: String?
    var accessionNumber: String?
    var studyUid: [String]?
    var modality: [String]?
    var from: String?
    var to: String?
    var description: String?
    var referringPhysician: String?
    var institution: String?
    var updatedSince: String?
    var q: String?
    var sort: String?
    var limit: Int
    var cursor: String?

    init(_ filters: StudyFilters, stores: [String], sort: String?, limit: Int) {
        func several(_ values: [String]) -> [String]? { values.isEmpty ? nil : values }
        self.store = several(stores)
        self.patientName = filters.patientName
        self.patientId = filters.patientID
        self.issuer = filters.issuer
        self.accessionNumber = filters.accessionNumber
        self.studyUid = several(filters.studyUIDs)
        self.modality = several(filters.modality)
        self.from = filters.from
        self.to = filters.to
        self.description = filters.description
        self.referringPhysician = filters.referringPhysician
        self.institution = filters.institution
        self.updatedSince = filters.updatedSince
        self.q = filters.query
        self.sort = sort
        self.limit = limit
    }
}
