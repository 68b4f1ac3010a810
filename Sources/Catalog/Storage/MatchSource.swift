internal import Persistence

/// A study on its way into a page.
struct Candidate: Hashable {
    let study: Int64
    let key: ListPosition.Key
}

/// Gives the studies that match, in the order of the list, one at a time.
protocol MatchSource {
    /// The next match, nil after the last.
    ///
    /// - Throws: ``SearchExhausted`` where it was not found within the limits.
    mutating func next() throws -> Candidate?
}

extension StudyOrder {
    /// Whether the first stands before the second in the list.
    func precedes(_ first: Candidate, _ second: Candidate) -> Bool {
        let isLess: Bool
        switch (first.key, second.key) {
        case (.number(let left), .number(let right)) where left != right: isLess = left < right
        case (.text(let left), .text(let right)) where left != right:
            // The order of UTF-8, as in the database.
            isLess = left.utf8.lexicographicallyPrecedes(right.utf8)
        default:
            guard first.study != second.study else { return false }
            isLess = first.study < second.study
        }
        return isLess != self.isDescending
    }
}

extension StudyOrder.Key {
    /// The column that is compared.
    var column: String {
        switch self {
        case .moment: "moment"
        case .patientName: "sortName"
        case .change: "change"
        }
    }

    /// Reads the key out of a row.
    func value(of row: SQLRow, at index: Int) throws -> ListPosition.Key {
        self == .patientName ? .text(try row.text(index)) : .number(try row.integer(index))
    }
}

extension ListPosition.Key {
    /// The key as an argument.
    var argument: SQLValue {
        switch self {
        case .number(let number): .integer(number)
        case .text(let text): .text(text)
        }
    }
}
