import CollimatorCore
import Cryptography
import Hummingbird

/// One page of a list that is in memory and in the order of its ids.
struct AccessPage: Sendable {
    let limit: Int
    /// The id that the page before ended with.
    let after: String?

    static let limits = 1...200
    static let limitStandard = 50
    private static let cursorBytesMax = 4_096

    init(parsing query: String?) throws(CollimatorError) {
        let parameters = try QueryParameters(parsing: query)
        try parameters.refuseUnknown(
            known: ["limit", "cursor"],
            detail: "The request has an unknown parameter. Known are limit and cursor."
        )
        self.limit =
            try parameters.integer("limit", in: Self.limits, fault: "The limit is a whole number from 1 to 200.")
            ?? Self.limitStandard
        self.after = try parameters.single("cursor").map { text throws(CollimatorError) in
            guard text.utf8.count <= Self.cursorBytesMax, let bytes = Base64URL.decode(text), !bytes.isEmpty,
                let id = String(validating: bytes, as: UTF8.self)
            else {
                throw Self.foreignCursor
            }
            return id
        }
    }

    static var foreignCursor: CollimatorError {
        CollimatorError(
            .invalidInput,
            "the cursor is not one of this list",
            publicDetail: "The cursor does not belong to this list. Begin again without one."
        )
    }

    /// The items of the page, from all that there are.
    func answer<Item>(
        _ all: [Item],
        id: (Item) -> String,
        body: (Item) -> JSONValue,
        to request: Request
    ) -> Response {
        let rest = all.drop { item in self.after.map { id(item) <= $0 } ?? false }
        let items = rest.prefix(self.limit)
        let cursor = rest.count > items.count ? items.last.map { Base64URL.encode(Array(id($0).utf8)) } : nil
        let answer = JSONValue.object([
            ("items", .array(items.map(body))),
            ("nextCursor", .text(cursor)),
        ])
        return jsonAnswer(answer, to: request)
    }
}
