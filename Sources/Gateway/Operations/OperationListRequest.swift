import CollimatorCore
import Cryptography

/// What a list of operations was asked for.
struct OperationListRequest: Sendable {
    let limit: Int
    let store: StoreName?
    let cursor: OperationCursor?

    static let limits = 1...200
    static let limitStandard = 50

    init(parsing query: String?) throws(CollimatorError) {
        let parameters = try QueryParameters(parsing: query)
        try parameters.refuseUnknown(
            known: ["store", "limit", "cursor"],
            detail: "The request has an unknown parameter. Known are store, limit and cursor."
        )
        self.limit =
            try parameters.integer(
                "limit",
                in: Self.limits,
                fault: "The limit is a whole number from 1 to 200."
            ) ?? Self.limitStandard
        self.store = try parameters.single("store").map { text throws(CollimatorError) in
            guard let name = StoreName(text) else {
                throw CollimatorError(
                    .invalidInput,
                    "the store in the query is no store name",
                    publicDetail: "The store is not a store name."
                )
            }
            return name
        }
        self.cursor = try parameters.single("cursor").map { text throws(CollimatorError) in
            guard let cursor = OperationCursor(text) else {
                throw CollimatorError(
                    .invalidInput,
                    "the cursor is not one of this list",
                    publicDetail: "The cursor does not belong to this list. Begin again without one."
                )
            }
            return cursor
        }
    }
}

/// Where a list of operations goes on: the dataset, by a check of its name, and the upstream's own token in it.
struct OperationCursor: Hashable, Sendable {
    let dataset: [UInt8]
    /// Nil for the beginning of the dataset.
    let token: String?

    private static let version: UInt8 = 1
    private static let checkBytes = 8
    private static let textBytesMax = 2_048

    init(dataset: DatasetName, token: String?) {
        self.dataset = Self.check(dataset)
        self.token = token
    }

    /// Nil where the text is no cursor.
    init?(_ text: String) {
        guard text.utf8.count <= Self.textBytesMax, let bytes = Base64URL.decode(text), bytes.first == Self.version,
            bytes.count >= 1 + Self.checkBytes,
            let token = String(validating: bytes[(1 + Self.checkBytes)...], as: UTF8.self)
        else { return nil }
        self.dataset = Array(bytes[1..<(1 + Self.checkBytes)])
        self.token = token.isEmpty ? nil : token
    }

    var text: String { Base64URL.encode([Self.version] + self.dataset + Array((self.token ?? "").utf8)) }

    func names(_ dataset: DatasetName) -> Bool { self.dataset == Self.check(dataset) }

    private static func check(_ dataset: DatasetName) -> [UInt8] {
        Array(SHA256.hash(dataset.description.utf8).prefix(Self.checkBytes))
    }
}
