internal import CollimatorCore
internal import DICOMweb
internal import Persistence

/// Conditions as SQL on one row `s` of the table `study`, with what SQL cannot say left over.
///
/// The text is put together from fixed pieces and never from values, and the number of pieces is bounded, so that
/// statements are prepared once.
struct StudyFilter {
    /// Joined by AND; empty where everything passes.
    private(set) var pieces: [String] = []
    /// What is decided on the values in the index.
    private var values: [(attribute: StudyAttribute, test: AttributeMatch.Test)] = []
    /// Patterns of which a word of either attribute must match one.
    private var wordPatterns: [(whole: StudyAttribute, words: StudyAttribute, pattern: WildcardPattern)] = []
    /// What is decided on the attributes that are kept.
    private var matches: [AttributeMatch] = []
    /// What may be seen, where that is not decided by the rows alone.
    private var visible: VisibleStudies?
    /// How the statement names the study's number.
    private let study: String
    /// How many of the pieces are about nothing but the study's number.
    private var piecesOfNumber = 0

    /// `stores` are nil where every study is in one of those that are asked for.
    init(
        _ conditions: [StudyCondition],
        stores: [Int64]?,
        of study: String = "s.id",
        _ arguments: inout StatementArguments
    ) {
        self.study = study
        if let stores {
            self.pieces.append("s.store IN (\(arguments.bindList(stores.map { .integer($0) })))")
        }
        for condition in conditions { self.add(condition, &arguments) }
    }

    /// The test, true where there is nothing to test.
    var sql: String { self.pieces.isEmpty ? "1 = 1" : self.pieces.joined(separator: " AND ") }

    /// Whether it asks for anything of the study's row but its number.
    var needsStudy: Bool { self.piecesOfNumber < self.pieces.count }

    /// Whether everything passes.
    var isEmpty: Bool { self.pieces.isEmpty && self.isWholeInSQL }

    /// Whether nothing is left over.
    var isWholeInSQL: Bool {
        self.values.isEmpty && self.wordPatterns.isEmpty && self.matches.isEmpty && self.visible == nil
    }

    private mutating func add(_ condition: StudyCondition, _ arguments: inout StatementArguments) {
        switch condition {
        case .anyOf(let attribute, let values):
            let keys = Set(values.map(attribute.form.comparable)).filter { !$0.isEmpty }.sorted()
            guard !keys.isEmpty else { return self.pieces.append("1 = 0") }
            let list = arguments.bindList(keys.map { .text($0) })
            guard attribute != .studyInstanceUID else { return self.pieces.append("s.uid IN (\(list))") }
            let test = "v.value IN (\(list))"
            self.add("v.attribute = \(arguments.bind(.integer(attribute.rawValue))) AND \(test)")
        case .words(let attribute, let words):
            guard let further = attribute.words else { return self.values.append((attribute, .words(words))) }
            self.add(words: words, in: [attribute, further], &arguments)
        case .text(let words):
            self.add(words: words, in: StudyAttribute.freeTextWords, &arguments)
        case .pattern(let attribute, let pattern):
            if let whole = attribute.whole {
                self.add(prefix: pattern.prefix, in: [whole, attribute], &arguments)
                self.wordPatterns.append((whole, attribute, pattern))
                return
            }
            guard let interval = ValueInterval(attribute, pattern) else { return }
            self.add(interval.sql(&arguments))
            if !pattern.isDecided(by: interval) { self.values.append((attribute, .pattern(pattern))) }
        case .days:
            let moments = MomentRange([condition])
            guard !moments.isEverything else { return }
            self.pieces.append("s.moment >= \(arguments.bind(.integer(moments.first)))")
            self.pieces.append("s.moment <= \(arguments.bind(.integer(moments.last)))")
        case .changedAfter(let number):
            self.pieces.append("s.change > \(arguments.bind(.integer(number)))")
        case .updatedSince(let milliseconds):
            self.pieces.append("s.updatedAt >= \(arguments.bind(.integer(milliseconds)))")
        case .attribute(let match):
            self.add(match, &arguments)
        case .visible(let visible):
            self.pieces.append(visible.sql(&arguments))
            if visible.needsRest { self.visible = visible }
        }
    }

    private mutating func add(_ match: AttributeMatch, _ arguments: inout StatementArguments) {
        guard match.path.count == 1, let attribute = StudyAttribute(match.path[0]), attribute != .studyInstanceUID
        else { return self.matches.append(match) }
        switch match.test {
        case .range(let from, let to):
            guard case .dateTime(let kind) = attribute.form, let range = DateTimeRange(from: from, to: to, kind)
            else { return self.pieces.append("1 = 0") }
            self.add(ValueInterval.range(range, of: attribute).sql(&arguments))
            self.values.append((attribute, match.test))
        case .words:
            self.values.append((attribute, match.test))
        case .anyOf, .pattern:
            self.matches.append(match)
        }
    }

    /// Every word must begin a word.
    private mutating func add(
        words: [String],
        in attributes: [StudyAttribute],
        _ arguments: inout StatementArguments
    ) {
        for word in words.flatMap({ SearchText.typedWords($0) }) {
            self.add(prefix: word, in: attributes, &arguments)
        }
    }

    /// A value of one of the attributes must begin so.
    ///
    /// The sign keeps the engine from looking for each attribute by itself: the values of a study stand together, and to read
    /// all of them costs a quarter of that for two attributes, and less for more.
    private mutating func add(
        prefix: String,
        in attributes: [StudyAttribute],
        _ arguments: inout StatementArguments
    ) {
        let list = arguments.bindList(attributes.map { .integer($0.rawValue) })
        var test = "+v.attribute IN (\(list)) AND v.value >= \(arguments.bind(.text(prefix)))"
        if let bound = SearchText.upperBound(of: prefix) { test += " AND v.value < \(arguments.bind(.text(bound)))" }
        self.add(test)
    }

    private mutating func add(_ test: String) {
        self.pieces.append("EXISTS (SELECT 1 FROM studyValue v WHERE v.study = \(self.study) AND \(test))")
        self.piecesOfNumber += 1
    }

    /// Whether what SQL could not say holds of the study.
    func passesRest(_ study: Int64, on connection: any SQLConnection) throws -> Bool {
        for (attribute, test) in self.values {
            let texts = try connection.query(
                "SELECT value FROM studyValue WHERE study = ?1 AND attribute = ?2",
                [.integer(study), .integer(attribute.rawValue)]
            ).map { try $0.text(0) }
            guard test.passes(AttributeValues(form: attribute.form, texts: texts)) else { return false }
        }
        for (whole, words, pattern) in self.wordPatterns {
            let texts = try connection.query(
                "SELECT value FROM studyValue WHERE study = ?1 AND attribute IN (?2, ?3)",
                [.integer(study), .integer(whole.rawValue), .integer(words.rawValue)]
            ).map { try $0.text(0) }
            let there = texts.flatMap { SearchText.words($0) }
            guard there.contains(where: { pattern.matches($0) }) else { return false }
        }
        if let visible, try !visible.shows(study, on: connection) { return false }
        guard !self.matches.isEmpty else { return true }
        return try MatchableStudy(study, on: connection)?.matches(self.matches) ?? false
    }
}
