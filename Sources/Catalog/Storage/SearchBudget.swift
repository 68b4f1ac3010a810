internal import CollimatorCore

/// What one search may still look at, and until when.
final class SearchBudget {
    /// How many rows may still be looked at.
    private(set) var rowsLeft: Int
    private let end: ContinuousClock.Instant

    init(rows: Int, time: Duration) {
        self.rowsLeft = rows
        self.end = ContinuousClock.now + time
    }

    /// Notes that so many rows were looked at.
    ///
    /// - Throws: ``SearchExhausted`` where that was too much.
    func spend(_ rows: Int) throws(SearchExhausted) {
        self.rowsLeft -= rows
        guard self.rowsLeft >= 0, ContinuousClock.now < self.end else { throw SearchExhausted() }
    }
}

/// A search has looked at all that it may; ``CatalogStore`` turns it into an answer.
struct SearchExhausted: Error {
    static let refusal = CollimatorError(
        .unprocessable,
        "a search looked at more than one search may",
        publicDetail: "The search would have to look at too many studies. Narrow it, for example by date."
    )
}
