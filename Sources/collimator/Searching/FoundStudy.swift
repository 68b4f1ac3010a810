/// A study as the gateway describes it; only what the table shows.
struct FoundStudy: Decodable, Sendable {
    let uid: String
    let patient: Patient
    let date: String?
    let description: String?
    let accessionNumber: String?
    let modalities: [String]?
    let seriesCount: Int?

    struct Patient: Decodable, Sendable {
        let id: String?
        let name: Name?
        let birthDate: String?
        let sex: String?

        struct Name: Decodable, Sendable {
            let display: String
        }
    }

    /// The columns of the table.
    static let header = ["DATE", "PATIENT", "ID", "MODALITIES", "DESCRIPTION", "ACCESSION", "STUDY"]

    var cells: [String] {
        [
            self.date ?? "", self.patient.name?.display ?? "", self.patient.id ?? "",
            self.modalities?.joined(separator: " ") ?? "", self.description ?? "", self.accessionNumber ?? "",
            self.uid,
        ]
    }
}

/// One page of a list of studies.
struct FoundPage: Decodable, Sendable {
    let items: [FoundStudy]
    let nextCursor: String?
}
