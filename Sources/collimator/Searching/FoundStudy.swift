/// A study as the gateway describes it; only what the table shows.
struct FoundStudy: Decodable, Sendable {
    let uid: String
    let store: String
    let patient: Patient
    let date: String?
    let description: String?
    let accessionNumber: String?
    let modalities: [String]?
    let instanceCount: Int?

    struct Patient: Decodable, Sendable {
        let id: String?
        let name: Name?

        struct Name: Decodable, Sendable {
            let display: String
        }
    }

    /// The columns of the table.
    static let header = [
        "DATE", "PATIENT", "ID", "MODALITIES", "IMAGES", "DESCRIPTION", "ACCESSION", "STORE", "STUDY",
    ]

    /// What nobody has counted stays empty.
    var cells: [String] {
        [
            self.date ?? "", self.patient.name?.display ?? "", self.patient.id ?? "",
            self.modalities?.joined(separator: " ") ?? "", self.instanceCount.map(String.init) ?? "",
            self.description ?? "", self.accessionNumber ?? "", self.store, self.uid,
        ]
    }
}

/// One page of a list of studies.
struct FoundPage<Study: Decodable & Sendable>: Decodable, Sendable {
    let items: [Study]
    let nextCursor: String?
    let total: Int?
    let totalIsLowerBound: Bool?
    let complete: Bool
}

/// How much of what there is was shown, in words.
struct FoundSum: Sendable, Equatable {
    let shown: Int
    let total: Int?
    let isLowerBound: Bool

    var line: String {
        guard let total else { return "\(self.shown) studies shown" }
        let bound = self.isLowerBound ? "at least " : ""
        return self.shown == total && !self.isLowerBound
            ? "\(total) \(total == 1 ? "study" : "studies")" : "\(self.shown) of \(bound)\(total) studies"
    }
}
