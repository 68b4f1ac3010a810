import Catalog
import CollimatorCore

/// How a page of a list of studies is to be: how long, from where on, with what.
struct ListWish: Sendable {
    /// How many studies a page has at the most.
    let limit: Int
    let total: TotalWish
    /// Whether the series of each study are listed too.
    let includesSeries: Bool
    /// Where the page before ended, as its answer said.
    let cursor: String?

    /// The parameters that say it.
    static let known: Set<String> = ["limit", "cursor", "total", "include"]
    private static let limitDefault = 50
    private static let limits = 1...200

    init(_ parameters: QueryParameters) throws(CollimatorError) {
        let limit = try parameters.integer("limit", in: Self.limits, fault: "The limit must be from 1 to 200.")
        self.limit = limit ?? Self.limitDefault
        self.cursor = try parameters.single("cursor")
        switch try parameters.single("total") {
        case nil: self.total = .bounded
        case "exact": self.total = .exact
        default:
            throw CollimatorError(
                .invalidInput,
                "an unknown way to count",
                publicDetail: "The parameter total takes exact; without it all are counted up to a limit."
            )
        }
        switch try parameters.single("include") {
        case nil: self.includesSeries = false
        case "series": self.includesSeries = true
        default:
            throw CollimatorError(
                .invalidInput,
                "a list is asked to include something unknown",
                publicDetail: "The parameter include takes series in a list of studies."
            )
        }
    }
}
