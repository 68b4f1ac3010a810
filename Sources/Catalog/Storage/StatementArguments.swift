internal import Persistence

/// The arguments of a statement while its text is put together: the text only ever holds their numbers.
struct StatementArguments {
    private(set) var values: [SQLValue] = []

    /// Adds an argument and returns its place in the text.
    mutating func bind(_ value: SQLValue) -> String {
        self.values.append(value)
        return "?\(self.values.count)"
    }

    /// Adds one argument for each value and returns their places, divided by commas.
    ///
    /// The last one is repeated up to the next power of two, so that lists of every length make few texts: each text is
    /// prepared once and kept.
    mutating func bindList(_ values: [SQLValue]) -> String {
        guard let last = values.last else { return "NULL" }
        var count = 1
        while count < values.count { count *= 2 }
        let padded = values + Array(repeating: last, count: count - values.count)
        return padded.map { self.bind($0) }.joined(separator: ", ")
    }

    subscript(index: Int) -> SQLValue {
        get { self.values[index] }
        set { self.values[index] = newValue }
    }
}
