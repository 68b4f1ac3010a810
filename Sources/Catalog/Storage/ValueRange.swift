internal import Persistence

/// Where in the index of values the studies of a condition stand: one way to find candidates without reading the rest.
struct ValueRange {
    let attribute: StudyAttribute
    let bounds: Bounds
    /// What the values within the bounds must match besides.
    let pattern: WildcardPattern?

    enum Bounds {
        /// One value: its studies stand in order of time.
        case equal(String)
        /// From the prefix on to its upper bound.
        case prefix(String)
    }

    /// The ranges of the conditions, of which each alone holds every answer; conditions that name several values have none.
    static func all(of conditions: [StudyCondition]) -> [ValueRange] {
        conditions.flatMap { condition -> [ValueRange] in
            switch condition {
            case .anyOf(let attribute, let values):
                guard let value = values.first, values.count == 1 else { return [] }
                return [ValueRange(attribute: attribute, bounds: .equal(SearchText.fold(value)), pattern: nil)]
            case .words(let attribute, let words):
                return words.flatMap { SearchText.typedWords($0) }.map {
                    ValueRange(attribute: attribute.words ?? attribute, bounds: .prefix($0), pattern: nil)
                }
            case .pattern(let attribute, let pattern):
                if pattern.isLiteral {
                    return [ValueRange(attribute: attribute, bounds: .equal(pattern.prefix), pattern: nil)]
                }
                return [
                    ValueRange(
                        attribute: attribute,
                        bounds: .prefix(pattern.prefix),
                        pattern: pattern.isPrefix ? nil : pattern
                    )
                ]
            case .days, .changedAfter, .updatedSince, .text, .attribute:
                return []
            }
        }
    }

    /// The test on a row `v` of the table `studyValue`, with parameters from `?1` on.
    private var test: (sql: String, arguments: [SQLValue]) {
        let attribute = SQLValue.integer(self.attribute.rawValue)
        switch self.bounds {
        case .equal(let value):
            return ("v.attribute = ?1 AND v.value = ?2", [attribute, .text(value)])
        case .prefix(let prefix):
            guard let bound = SearchText.upperBound(of: prefix) else {
                return ("v.attribute = ?1 AND v.value >= ?2", [attribute, .text(prefix)])
            }
            return ("v.attribute = ?1 AND v.value >= ?2 AND v.value < ?3", [attribute, .text(prefix), .text(bound)])
        }
    }

    /// How many rows the range has, counted no further than the limit.
    func estimate(upTo limit: Int, on connection: any SQLConnection) throws -> Int {
        let (test, arguments) = self.test
        let row = try connection.queryOne(
            """
            SELECT COUNT(*) FROM (SELECT 1 FROM studyValue v WHERE \(test) LIMIT ?\(arguments.count + 1)) AS counted
            """,
            arguments + [.integer(limit)]
        )
        return Int(try row?.integer(0) ?? 0)
    }

    /// The studies of the range whose values match the pattern, each once.
    func studies(on connection: any SQLConnection) throws -> [Int64] {
        let (test, arguments) = self.test
        var studies: Set<Int64> = []
        try connection.forEach("SELECT v.study, v.value FROM studyValue v WHERE \(test)", arguments) { row in
            if let pattern, !pattern.matches(try row.text(1)) { return }
            studies.insert(try row.integer(0))
        }
        return studies.sorted()
    }
}
