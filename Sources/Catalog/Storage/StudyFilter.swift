internal import CollimatorCore
internal import DICOMweb
internal import Persistence

/// The conditions of a query as SQL on one row `s` of the table `study`, with what SQL cannot say left over.
///
/// The text is put together from fixed pieces and never from values, and the number of pieces is bounded, so that
/// statements are prepared once.
struct StudyFilter {
    /// Joined by AND; empty where everything passes.
    private(set) var sql: [String] = []
    private(set) var arguments: [SQLValue] = []
    /// Patterns of which SQL only checks the beginning.
    private(set) var residual: [(attribute: StudyAttribute, pattern: WildcardPattern)] = []
    /// What is decided on the attributes that are kept.
    private(set) var matches: [AttributeMatch] = []

    /// `argument` is the number of the first parameter that is free.
    init(stores: [Int64], conditions: [StudyCondition], firstArgument: Int) {
        self.nextArgument = firstArgument
        self.sql.append("s.store IN (\(stores.map { self.bind(.integer($0)) }.joined(separator: ", ")))")
        for condition in conditions { self.add(condition) }
    }

    private var nextArgument: Int

    private mutating func bind(_ value: SQLValue) -> String {
        self.arguments.append(value)
        defer { self.nextArgument += 1 }
        return "?\(self.nextArgument)"
    }

    private mutating func add(_ condition: StudyCondition) {
        switch condition {
        case .anyOf(let attribute, let values):
            guard !values.isEmpty else {
                self.sql.append("1 = 0")
                return
            }
            let list = values.map { self.bind(.text(SearchText.fold($0))) }.joined(separator: ", ")
            self.addValue(attribute, "v.value IN (\(list))")
        case .words(let attribute, let words):
            for word in words.flatMap({ SearchText.typedWords($0) }) {
                self.addRange(attribute.words ?? attribute, beginningWith: word)
            }
        case .pattern(let attribute, let pattern):
            self.add(attribute, pattern)
        case .days(let from, let to):
            if let from { self.sql.append("s.moment >= \(self.bind(.integer(StudyMoment.first(of: from).rawValue)))") }
            if let to { self.sql.append("s.moment <= \(self.bind(.integer(StudyMoment.last(of: to).rawValue)))") }
            if from != nil || to != nil { self.sql.append("s.moment > 0") }
        case .changedAfter(let number):
            self.sql.append("s.change > \(self.bind(.integer(number)))")
        case .updatedSince(let milliseconds):
            self.sql.append("s.updatedAt >= \(self.bind(.integer(milliseconds)))")
        case .text(let words):
            for word in words.flatMap({ SearchText.typedWords($0) }) { self.addText(beginningWith: word) }
        case .attribute(let match):
            self.matches.append(match)
        }
    }

    private mutating func addText(beginningWith prefix: String) {
        var test = "v.value >= \(self.bind(.text(prefix)))"
        if let bound = SearchText.upperBound(of: prefix) { test += " AND v.value < \(self.bind(.text(bound)))" }
        let attributes = StudyAttribute.freeText.map { "\(($0.words ?? $0).rawValue)" }.joined(separator: ", ")
        self.sql.append(
            "EXISTS (SELECT 1 FROM studyValue v WHERE v.study = s.id AND v.attribute IN (\(attributes)) AND \(test))"
        )
    }

    private mutating func add(_ attribute: StudyAttribute, _ pattern: WildcardPattern) {
        if pattern.isLiteral {
            self.addValue(attribute, "v.value = \(self.bind(.text(pattern.prefix)))")
        } else {
            self.addRange(attribute, beginningWith: pattern.prefix)
            if !pattern.isPrefix { self.residual.append((attribute, pattern)) }
        }
    }

    private mutating func addRange(_ attribute: StudyAttribute, beginningWith prefix: String) {
        var test = "v.value >= \(self.bind(.text(prefix)))"
        if let bound = SearchText.upperBound(of: prefix) { test += " AND v.value < \(self.bind(.text(bound)))" }
        self.addValue(attribute, test)
    }

    private mutating func addValue(_ attribute: StudyAttribute, _ test: String) {
        let number = self.bind(.integer(attribute.rawValue))
        self.sql.append(
            "EXISTS (SELECT 1 FROM studyValue v WHERE v.study = s.id AND v.attribute = \(number) AND \(test))"
        )
    }

    /// Whether what SQL could not say holds of the study.
    func passesResidual(_ study: Int64, on connection: any SQLConnection) throws -> Bool {
        for (attribute, pattern) in self.residual {
            let values = try connection.query(
                "SELECT value FROM studyValue WHERE study = ?1 AND attribute = ?2",
                [.integer(study), .integer(attribute.rawValue)]
            )
            guard try values.contains(where: { pattern.matches(try $0.text(0)) }) else { return false }
        }
        guard !self.matches.isEmpty else { return true }
        guard let row = try connection.queryOne("SELECT attributes FROM study WHERE id = ?1", [.integer(study)])
        else { return false }
        let attributes = try DICOMJSON.dataSet(from: try row.blob(0))
        return self.matches.allSatisfy { $0.matches(attributes) }
    }
}
