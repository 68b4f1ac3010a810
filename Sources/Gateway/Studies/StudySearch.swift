import Catalog
import CollimatorCore

/// A study search as a client asks for it, by query or by body.
struct StudySearch: Sendable {
    let conditions: [StudyCondition]
    let order: StudyOrder
    /// How the page is to be: see ``ListWish``.
    let wish: ListWish
    /// The stores named, none for all that the caller may read.
    let storeNames: [String]
    /// As they came, for the address of the next page.
    let parameters: QueryParameters

    /// What may be given more than once; a store in a search over several alone.
    static let repeatable: Set<String> = ["store", "modality", "studyUid"]

    /// The parameters of a search in one store.
    static let known: Set<String> = StudyFilters.known.union(ListWish.known).union(["sort"])

    /// Whether the name means something in a search over stores.
    static func isKnown(_ name: String) -> Bool {
        name == "store" || Self.known.contains(name)
    }

    /// A search of one store; throws `invalid-input` with what is wrong.
    static func ofOneStore(_ parameters: QueryParameters) throws(CollimatorError) -> StudySearch {
        try parameters.refuseUnknown(
            known: Self.known,
            detail: """
                The search has an unknown parameter. Known are patientName, patientId, issuer, accessionNumber, \
                studyUid, modality, from, to, description, referringPhysician, institution, updatedSince, q, sort, \
                limit, cursor, total and include.
                """
        )
        return try StudySearch(parameters)
    }

    /// A search of every store that the caller may read, or of those named.
    static func ofEveryStore(_ parameters: QueryParameters) throws(CollimatorError) -> StudySearch {
        try parameters.refuseUnknown(
            known: Self.known.union(["store"]),
            detail: """
                The search has an unknown parameter. Known are store, patientName, patientId, issuer, \
                accessionNumber, studyUid, modality, from, to, description, referringPhysician, institution, \
                updatedSince, q, sort, limit, cursor, total and include.
                """
        )
        return try StudySearch(parameters)
    }

    private init(_ parameters: QueryParameters) throws(CollimatorError) {
        self.conditions = try StudyFilters.conditions(parameters)
        self.order = try Self.order(parameters.single("sort"))
        self.wish = try ListWish(parameters)
        self.storeNames = parameters.values("store")
        self.parameters = parameters
    }

    /// The same for searches that find the same in the same order, and for no others: what a cursor is bound to.
    ///
    /// `place` is the store of a search in one.
    func fingerprint(in place: StoreName?) -> String {
        let filters = self.parameters.items.filter { !ListWish.known.contains($0.name) && $0.name != "sort" }
            .map { "\($0.name)=\($0.value.utf8.count):\($0.value)" }
        let order = "\(self.order.key.rawValue) \(self.order.isDescending)"
        return (["studies", place?.rawValue ?? "", order] + filters.sorted()).joined(separator: "\n")
    }

    private static func order(_ text: String?) throws(CollimatorError) -> StudyOrder {
        switch text {
        case nil, "-date": StudyOrder(.moment, isDescending: true)
        case "date": StudyOrder(.moment, isDescending: false)
        case "patientName": StudyOrder(.patientName, isDescending: false)
        case "-patientName": StudyOrder(.patientName, isDescending: true)
        case "updatedAt": StudyOrder(.change, isDescending: false)
        case "-updatedAt": StudyOrder(.change, isDescending: true)
        default:
            throw CollimatorError(
                .invalidInput,
                "an unknown order",
                publicDetail: """
                    The parameter sort takes date, -date, patientName, -patientName, updatedAt and -updatedAt.
                    """
            )
        }
    }
}
