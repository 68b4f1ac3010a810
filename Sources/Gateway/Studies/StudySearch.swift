import CollimatorCore
import DICOMweb

/// A study search as a client asks for it, by query or by body.
struct StudySearch: Sendable {
    let filters: StudyFilters
    /// How many studies the client wants at most.
    let limit: Int
    /// The stores named, none for all that the caller may read.
    let storeNames: [String]
    /// As they came, for the address of the next page.
    let parameters: QueryParameters
    private let cursor: String?

    static let limitDefault = 50
    static let limits = 1...200

    /// What can be searched for now, in every store.
    private static let known: Set<String> = [
        "patientName", "patientId", "accessionNumber", "studyUid", "from", "to", "referringPhysician", "limit",
        "cursor",
    ]
    /// What only an index can answer.
    static let notYetAvailable: Set<String> = [
        "modality", "issuer", "description", "institution", "updatedSince", "q", "sort",
    ]
    /// What a search over several stores may name more than once.
    static let repeatable: Set<String> = ["store", "modality"]

    /// Whether the name means something in a search over stores.
    static func isKnown(_ name: String) -> Bool {
        name == "store" || Self.known.contains(name) || Self.notYetAvailable.contains(name)
    }

    /// A search of one store; throws `invalid-input` with what is wrong.
    static func ofOneStore(_ parameters: QueryParameters) throws(CollimatorError) -> StudySearch {
        try parameters.refuseUnknown(
            known: Self.known.union(Self.notYetAvailable),
            detail: """
                The search has an unknown parameter. Known are patientName, patientId, accessionNumber, studyUid, \
                from, to, referringPhysician, limit and cursor.
                """
        )
        return try StudySearch(parameters)
    }

    /// A search of every store that the caller may read, or of those named.
    static func ofEveryStore(_ parameters: QueryParameters) throws(CollimatorError) -> StudySearch {
        try parameters.refuseUnknown(
            known: Self.known.union(Self.notYetAvailable).union(["store"]),
            detail: """
                The search has an unknown parameter. Known are store, patientName, patientId, accessionNumber, \
                studyUid, from, to, referringPhysician, limit and cursor.
                """
        )
        return try StudySearch(parameters)
    }

    private init(_ parameters: QueryParameters) throws(CollimatorError) {
        guard !parameters.items.contains(where: { Self.notYetAvailable.contains($0.name) }) else {
            throw CollimatorError(
                .invalidInput,
                "a parameter needs the index",
                publicDetail: """
                    The parameters modality, issuer, description, institution, updatedSince, q and sort are not yet \
                    available.
                    """
            )
        }
        self.filters = try StudyFilters(parameters)
        let limit = try parameters.integer("limit", in: Self.limits, fault: "The limit must be from 1 to 200.")
        self.limit = limit ?? Self.limitDefault
        self.storeNames = parameters.values("store")
        self.cursor = try parameters.single("cursor")
        self.parameters = parameters
    }

    /// Where the list over these stores begins; throws for a cursor that is not one of this search over these.
    func position(in stores: [GatewayStore]) throws(CollimatorError) -> ListCursor {
        guard let cursor = self.cursor else { return .beginning }
        return try ListCursor(parsing: cursor, of: self.fingerprint(of: stores))
    }

    /// The text of a cursor of this search over these stores.
    func text(of cursor: ListCursor, in stores: [GatewayStore]) -> String {
        cursor.text(of: self.fingerprint(of: stores))
    }

    private func fingerprint(of stores: [GatewayStore]) -> String {
        (stores.map(\.name.rawValue) + ["", self.filters.fingerprint]).joined(separator: "\n")
    }
}
