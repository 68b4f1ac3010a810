package import DICOMweb

/// One attribute and what it must be (PS3.4 §C.2.2.2).
///
/// Put into a query by ``StudyCondition/matching(_:)``, which lets an index answer where there is one; otherwise it is
/// decided on the attributes that are kept, study after study.
package struct AttributeMatch: Hashable, Sendable {
    /// The attribute; more than one tag is a way through sequences, of which any item may match.
    package let path: [Tag]
    package let test: Test

    /// What a value must be; of an attribute with several values one must pass.
    package enum Test: Hashable, Sendable {
        /// One of these, as a whole (§C.2.2.2.1, §C.2.2.2.2); see ``AttributeValues`` for what counts as the same.
        case anyOf([String])
        /// The pattern, as a whole (§C.2.2.2.4).
        case pattern(WildcardPattern)
        /// A date, time or date-time from one to the other, as DICOM writes them; open where nil (§C.2.2.2.5). Values
        /// that are no date or time, and attributes that hold none, do not match.
        case range(from: String?, to: String?)
        /// Every word begins a word of the attribute (PS3.18 §8.3.4.2).
        case words([String])
    }

    package init(path: [Tag], test: Test) {
        precondition(!path.isEmpty, "a match names an attribute")
        self.path = path
        self.test = test
    }

    /// Whether a value of the attribute passes the test.
    package func matches(_ dataSet: DataSet) -> Bool { Self.allMatch([self], dataSet) }

    /// Whether all tests pass; those with a sequence in common must pass on the same item of it (§C.2.2.2.6).
    package static func allMatch(_ matches: [AttributeMatch], _ dataSet: DataSet) -> Bool {
        self.allMatch(matches, dataSet, depth: 0)
    }

    private static func allMatch(_ matches: [AttributeMatch], _ dataSet: DataSet, depth: Int) -> Bool {
        var inside: [Tag: [AttributeMatch]] = [:]
        for match in matches {
            let tag = match.path[depth]
            if match.path.count > depth + 1 {
                inside[tag, default: []].append(match)
            } else if !match.test.passes(AttributeValues(tag, in: dataSet)) {
                return false
            }
        }
        return inside.allSatisfy { tag, matches in
            dataSet.items(tag).contains { self.allMatch(matches, $0, depth: depth + 1) }
        }
    }
}

extension AttributeMatch.Test {
    /// Whether one of the values passes.
    func passes(_ values: AttributeValues) -> Bool {
        switch self {
        case .anyOf(let wanted):
            return wanted.contains { values.contain($0) }
        case .pattern(let pattern):
            if pattern.isUniversal { return true }
            return values.texts.contains { values.form == .name ? pattern.matches(name: $0) : pattern.matches($0) }
        case .range(let from, let to):
            guard case .dateTime(let kind) = values.form else { return false }
            guard let range = DateTimeRange(from: from, to: to, kind) else { return false }
            return values.texts.contains { range.contains($0) }
        case .words(let words):
            let there = values.words
            return words.flatMap { SearchText.typedWords($0) }.allSatisfy { word in
                there.contains { $0.unicodeScalars.starts(with: word.unicodeScalars) }
            }
        }
    }
}

/// A range of dates or times (PS3.4 §C.2.2.2.5).
struct DateTimeRange: Hashable, Sendable {
    let from: DateTimeText?
    let to: DateTimeText?
    private let kind: DateTimeText.Kind

    /// Nil where an end is no date or time.
    init?(from: String?, to: String?, _ kind: DateTimeText.Kind) {
        self.kind = kind
        self.from = from.flatMap { DateTimeText($0, kind) }
        self.to = to.flatMap { DateTimeText($0, kind) }
        guard (from == nil) == (self.from == nil), (to == nil) == (self.to == nil) else { return nil }
    }

    func contains(_ text: String) -> Bool {
        DateTimeText(text, self.kind).map { $0.isWithin(from: self.from, to: self.to) } ?? false
    }
}
