/// What a search asks for (PS3.18 §8.3.4): attributes that must match, fields wanted, and which stretch of the answers.
///
/// ```swift
/// let query = SearchQuery.matching(.patientID, "4711")
///     .between(.studyDate, "20240101", "20241231")
///     .including(.fields([.studyDescription]))
///     .limited(to: 50)
/// ```
public struct SearchQuery: Hashable, Sendable {
    /// Attributes and the values they must have, in order.
    public private(set) var matches: [QueryItem] = []
    /// Whether names match by their sound or beginning, as the server sees it (PS3.18 §8.3.4.2).
    public var isFuzzy = false
    /// The attributes wanted.
    public var include = Include.default
    /// The greatest number of answers; none leaves it to the server.
    public var limit: Int?
    /// The number of answers to pass over.
    public var offset: Int?

    /// Makes a query that matches everything.
    public init() {}

    /// The attributes that a search gives.
    public enum Include: Hashable, Sendable {
        /// Those that the standard requires, and what the server adds.
        case `default`
        /// Those and the ones named.
        case fields([Tag])
        /// All that the server has.
        case all
    }

    /// A query for one value of an attribute.
    public static func matching(_ tag: Tag, _ value: String) -> SearchQuery {
        SearchQuery().matching(tag, value)
    }

    /// Also asks for one value of an attribute; what counts as a match is the attribute's and the server's affair.
    public func matching(_ tag: Tag, _ value: String) -> SearchQuery {
        self.with { $0.matches.append(QueryItem(Self.name(tag), value)) }
    }

    /// Also asks for a range of dates or times, either end open where it is `nil` (PS3.4 §C.2.2.2.5).
    public func between(_ tag: Tag, _ first: String?, _ last: String?) -> SearchQuery {
        self.with { $0.matches.append(QueryItem(Self.name(tag), "\(first ?? "")-\(last ?? "")")) }
    }

    /// Also asks for any of several identifiers (PS3.4 §C.2.2.2.2).
    public func matching(_ tag: Tag, anyOf values: [String]) -> SearchQuery {
        self.with { $0.matches.append(QueryItem(Self.name(tag), values.joined(separator: ","))) }
    }

    /// Matches names by their sound or beginning.
    public func fuzzy() -> SearchQuery {
        self.with { $0.isFuzzy = true }
    }

    /// Asks for other attributes than the default ones.
    public func including(_ include: Include) -> SearchQuery {
        self.with { $0.include = include }
    }

    /// Asks for one stretch of the answers.
    public func limited(to limit: Int, from offset: Int? = nil) -> SearchQuery {
        self.with {
            $0.limit = limit
            $0.offset = offset
        }
    }

    /// The parameters of the query, in order.
    public var items: [QueryItem] {
        var items = self.matches
        if self.isFuzzy { items.append(QueryItem("fuzzymatching", "true")) }
        switch self.include {
        case .default: break
        case .fields(let tags):
            if !tags.isEmpty { items.append(QueryItem("includefield", tags.map(Self.name).joined(separator: ","))) }
        case .all: items.append(QueryItem("includefield", "all"))
        }
        if let limit = self.limit { items.append(QueryItem("limit", String(limit))) }
        if let offset = self.offset { items.append(QueryItem("offset", String(offset))) }
        return items
    }

    private static func name(_ tag: Tag) -> String { tag.keyword ?? tag.hex }

    private func with(_ change: (inout SearchQuery) -> Void) -> SearchQuery {
        var query = self
        change(&query)
        return query
    }
}

/// A name and a value in a query, not yet encoded.
public struct QueryItem: Hashable, Sendable {
    /// The name.
    public let name: String
    /// The value.
    public let value: String

    /// Makes an item.
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    /// The items with their question mark, encoded; nothing for none.
    static func text(_ items: [QueryItem]) -> String {
        guard !items.isEmpty else { return "" }
        let pairs = items.map {
            "\(PercentEncoding.encode($0.name))=\(PercentEncoding.encode($0.value, leaving: ","))"
        }
        return "?" + pairs.joined(separator: "&")
    }
}
