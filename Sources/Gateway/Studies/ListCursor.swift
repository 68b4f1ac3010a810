import CollimatorCore
import Cryptography

/// Where a list over one or more stores goes on, in a form that a client passes back and cannot read meaning into.
///
/// A check over the position, the filters and the stores goes with it: a cursor of another search, or one that was
/// changed, is refused and not silently misread. The check is no secret and guards nothing: each page decides access
/// anew.
struct ListCursor: Hashable, Sendable {
    /// Which of the stores searched, in their order; those before it are exhausted.
    var store = 0
    /// Where in that store's list.
    var offset = 0
    /// How many studies the pages before have shown.
    var shown = 0

    /// The upstream goes no further than this.
    static let offsetMax = 1_000_000
    private static let version: UInt8 = 2
    private static let checkBytes = 8

    /// The beginning of the list.
    static let beginning = ListCursor()

    init(store: Int = 0, offset: Int = 0, shown: Int = 0) {
        self.store = store
        self.offset = offset
        self.shown = shown
    }

    /// Throws `invalid-input` for a text that is no cursor of this search.
    init(parsing text: String, of search: String) throws(CollimatorError) {
        let bytes = Base64URL.decode(text) ?? []
        guard bytes.count == 1 + 3 * 4 + Self.checkBytes, bytes[0] == Self.version else { throw Self.unusable }
        let numbers = [1, 5, 9].map { start in bytes[start..<(start + 4)].reduce(0) { $0 << 8 | Int($1) } }
        self.init(store: numbers[0], offset: numbers[1], shown: numbers[2])
        guard self.text(of: search) == text else { throw Self.unusable }
    }

    /// The text for the client; `search` says what is searched and where.
    func text(of search: String) -> String {
        let position = [self.store, self.offset, self.shown].flatMap { number in
            [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: UInt32(clamping: number) >> UInt32($0)) }
        }
        let bytes = [Self.version] + position
        return Base64URL.encode(bytes + SHA256.hash(bytes + Array(search.utf8)).prefix(Self.checkBytes))
    }

    private static var unusable: CollimatorError {
        CollimatorError(
            .invalidInput,
            "the cursor is not one of this search",
            publicDetail: "The cursor does not belong to this search. Begin again without one."
        )
    }
}
