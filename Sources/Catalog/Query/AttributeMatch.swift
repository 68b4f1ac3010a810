package import DICOMweb

/// One attribute and what it must be, decided on the attributes themselves (PS3.4 §C.2.2.2).
///
/// Where no index holds the attribute the catalog decides this way, study after study.
package struct AttributeMatch: Hashable, Sendable {
    /// The attribute; more than one tag is a way through sequences, of which any item may match.
    package let path: [Tag]
    package let test: Test

    /// What a value must be.
    package enum Test: Hashable, Sendable {
        /// One of these, as a whole, case and accents apart (§C.2.2.2.1, §C.2.2.2.2).
        case anyOf([String])
        /// The pattern, as a whole (§C.2.2.2.4).
        case pattern(WildcardPattern)
        /// A date, time or date-time from one to the other, as DICOM writes them; open where nil (§C.2.2.2.5).
        case range(from: String?, to: String?)
        /// Every word begins a word of the value (PS3.18 §8.3.4.2).
        case words([String])
    }

    package init(path: [Tag], test: Test) {
        precondition(!path.isEmpty, "a match names an attribute")
        self.path = path
        self.test = test
    }

    /// Whether a value of the attribute passes the test.
    package func matches(_ dataSet: DataSet) -> Bool {
        self.matches(dataSet, self.path[...])
    }

    private func matches(_ dataSet: DataSet, _ path: ArraySlice<Tag>) -> Bool {
        guard let tag = path.first else { return false }
        guard path.count == 1 else {
            return dataSet.items(tag).contains { self.matches($0, path.dropFirst()) }
        }
        return Self.texts(of: tag, in: dataSet).contains(where: self.passes)
    }

    private func passes(_ text: String) -> Bool {
        switch self.test {
        case .anyOf(let values):
            let folded = SearchText.fold(text)
            return values.contains { SearchText.fold($0) == folded }
        case .pattern(let pattern):
            return pattern.matches(SearchText.fold(text))
        case .range(let from, let to):
            let value = Self.comparable(text)
            guard !value.isEmpty else { return false }
            // A bound that is less precise than the value holds for all that begins with it.
            return from.map { value >= Self.comparable($0) } ?? true
                && (to.map { value <= Self.comparable($0) || value.hasPrefix(Self.comparable($0)) } ?? true)
        case .words(let words):
            let there = SearchText.words(text)
            return words.flatMap { SearchText.typedWords($0) }.allSatisfy { word in
                there.contains { $0.unicodeScalars.starts(with: word.unicodeScalars) }
            }
        }
    }

    private static func texts(of tag: Tag, in dataSet: DataSet) -> [String] {
        if dataSet[tag]?.vr == .PN, let name = dataSet.personName(tag) {
            return [name.alphabetic, name.ideographic, name.phonetic].compactMap { $0 }.map(SearchKeys.trimmedName)
        }
        return dataSet.strings(tag)
    }

    /// A date or time without the punctuation of older files.
    private static func comparable(_ text: String) -> String {
        text.filter { $0 != ":" && $0 != " " && $0 != "-" && !($0 == "." && text.count == 10) }
    }
}
