internal import DICOMweb
internal import Persistence

/// Where in the index of values the studies of a condition stand: one way to find candidates without reading the rest.
struct ValueRange {
    /// The condition of the query, by its index.
    let condition: Int
    /// No study has the condition that is in none of these.
    let intervals: [ValueInterval]
    /// What a value within the intervals must pass besides; nil where all pass.
    var test: AttributeMatch.Test?
    /// Whether every study of the range meets the whole condition.
    let isExact: Bool

    /// The ranges of the conditions; some conditions have several, of which each alone holds every answer.
    static func all(of conditions: [StudyCondition]) -> [ValueRange] {
        conditions.enumerated().flatMap { index, condition in self.ranges(of: condition, at: index) }
    }

    private static func ranges(of condition: StudyCondition, at index: Int) -> [ValueRange] {
        switch condition {
        case .anyOf(.studyInstanceUID, _):
            return []
        case .anyOf(let attribute, let values):
            let keys = Set(values.map(attribute.form.comparable)).filter { !$0.isEmpty }
            let intervals = keys.sorted().map { ValueInterval(attribute: attribute, bounds: .equal($0)) }
            return [ValueRange(condition: index, intervals: intervals, isExact: true)]
        case .words(let attribute, let words):
            guard let further = attribute.words else { return [] }
            return self.ranges(ofWords: words, in: [attribute, further], at: index)
        case .text(let words):
            return self.ranges(ofWords: words, in: StudyAttribute.freeTextWords, at: index)
        case .pattern(let attribute, let pattern):
            if let whole = attribute.whole {
                let intervals = [whole, attribute].map { ValueInterval.prefix(pattern.prefix, of: $0) }
                return [ValueRange(condition: index, intervals: intervals, isExact: false)]
            }
            guard let interval = ValueInterval(attribute, pattern) else { return [] }
            let isExact = pattern.isDecided(by: interval)
            return [
                ValueRange(
                    condition: index,
                    intervals: [interval],
                    test: isExact ? nil : .pattern(pattern),
                    isExact: isExact
                )
            ]
        case .attribute(let match):
            return self.range(of: match, at: index).map { [$0] } ?? []
        case .days, .changedAfter, .updatedSince, .visible:
            return []
        }
    }

    private static func ranges(
        ofWords words: [String],
        in attributes: [StudyAttribute],
        at index: Int
    ) -> [ValueRange] {
        let typed = words.flatMap { SearchText.typedWords($0) }
        return typed.map { word in
            ValueRange(
                condition: index,
                intervals: attributes.map { .prefix(word, of: $0) },
                isExact: typed.count == 1
            )
        }
    }

    /// Of what stays an attribute's test: ranges of dates and times, and names with several groups, which are all in the
    /// index, though not together.
    private static func range(of match: AttributeMatch, at index: Int) -> ValueRange? {
        guard match.path.count == 1, let attribute = StudyAttribute(match.path[0]), attribute != .studyInstanceUID
        else { return nil }
        switch match.test {
        case .range(let from, let to):
            guard case .dateTime(let kind) = attribute.form, let range = DateTimeRange(from: from, to: to, kind)
            else { return ValueRange(condition: index, intervals: [], isExact: true) }
            let interval = ValueInterval.range(range, of: attribute)
            return ValueRange(condition: index, intervals: [interval], test: match.test, isExact: true)
        case .anyOf(let values):
            let groups = values.compactMap { PersonName(parsing: $0).groups.first }
            let keys = Set(groups.map(attribute.form.comparable)).filter { !$0.isEmpty }
            let intervals = keys.sorted().map { ValueInterval(attribute: attribute, bounds: .equal($0)) }
            return ValueRange(condition: index, intervals: intervals, isExact: false)
        case .pattern, .words:
            return nil
        }
    }

    /// Whether its studies are those of one value, in order of time.
    var isOneValue: Bool {
        self.isExact && self.test == nil && self.intervals.count == 1 && self.intervals[0].isOneValue
    }

    /// What keeps the studies of the range in memory; nil where it is not of one stretch of values.
    var setKey: StudySets.Key? {
        guard self.test == nil, let bounds = self.intervals.first?.bounds,
            self.intervals.allSatisfy({ $0.bounds == bounds })
        else { return nil }
        return StudySets.Key(attributes: self.intervals.map(\.attribute), bounds: bounds)
    }

    /// Whether a value of the index passes.
    func passes(_ value: String) -> Bool {
        guard let test, let attribute = self.intervals.first?.attribute else { return true }
        return test.passes(AttributeValues(form: attribute.form, texts: [value]))
    }
}

extension ValueInterval {
    /// Where values that match the pattern may be; nil where it matches everything.
    init?(_ attribute: StudyAttribute, _ pattern: WildcardPattern) {
        guard !pattern.isUniversal else { return nil }
        // Delimiters that end a name's group are not kept.
        let prefix = attribute.form == .name ? SearchKeys.trimmedName(pattern.prefix) : pattern.prefix
        if pattern.isLiteral {
            self.init(attribute: attribute, bounds: .equal(prefix))
        } else {
            self = .prefix(prefix, of: attribute)
        }
    }
}

extension WildcardPattern {
    /// Whether everything in the interval matches.
    func isDecided(by interval: ValueInterval) -> Bool {
        switch interval.bounds {
        case .equal: true
        case .between(let first, _): self.isPrefix && first == self.prefix
        }
    }
}
