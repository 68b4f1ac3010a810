import Catalog
import CollimatorCore

/// What the change feed was asked for.
struct EventListRequest: Sendable {
    let after: ChangeFeed.Position?
    let limit: Int
    /// Empty for all.
    let types: Set<ChangeEvent.Kind>
    /// Empty for all.
    let storeNames: [String]

    static let limits = 1...1_000
    static let limitStandard = 100

    /// Throws `invalid-input` for parameters that are unknown or say nothing.
    init(parsing query: String?) throws(CollimatorError) {
        let parameters = try QueryParameters(parsing: query)
        try parameters.refuseUnknown(
            known: ["after", "limit", "type", "store"],
            detail: "The request has an unknown parameter. Known are after, limit, type and store."
        )
        try self.init(parameters)
    }

    /// The same for a stream, which has no limit.
    init(parsingStream query: String?) throws(CollimatorError) {
        let parameters = try QueryParameters(parsing: query)
        try parameters.refuseUnknown(
            known: ["after", "type", "store"],
            detail: "The request has an unknown parameter. Known are after, type and store."
        )
        try self.init(parameters)
    }

    private init(_ parameters: QueryParameters) throws(CollimatorError) {
        self.limit =
            try parameters.integer(
                "limit",
                in: Self.limits,
                fault: "The limit is a whole number from 1 to 1000."
            ) ?? Self.limitStandard
        self.after = try parameters.single("after").map { text throws(CollimatorError) in
            try Self.position(text)
        }
        var types: Set<ChangeEvent.Kind> = []
        for text in parameters.values("type") {
            guard let type = ChangeEvent.Kind(rawValue: text) else {
                throw CollimatorError(
                    .invalidInput,
                    "a type in the query is no type of event",
                    publicDetail: "The type is not a type of event, such as study.stable."
                )
            }
            types.insert(type)
        }
        self.types = types
        self.storeNames = parameters.values("store")
    }

    /// Throws `invalid-input` for a text that is no position.
    static func position(_ text: String) throws(CollimatorError) -> ChangeFeed.Position {
        guard let position = ChangeFeed.Position(text) else {
            throw CollimatorError(
                .invalidInput,
                "a position of the change feed is none",
                publicDetail: "The position is not one that this service gave. Begin again without it."
            )
        }
        return position
    }
}
