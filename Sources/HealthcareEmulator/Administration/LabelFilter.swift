/// A condition on labels, such as `labels.team=radiology AND NOT labels.stage=test`: what the `filter` of a list of
/// DICOM stores may hold.
struct LabelFilter: Sendable {
    /// The longest text that is parsed, in bytes.
    static let textBytesMax = 4096
    /// How deep parentheses and negations may nest.
    static let depthMax = 32

    private indirect enum Condition: Sendable {
        case equals(key: String, value: String)
        case present(key: String)
        case not(Condition)
        case all([Condition])
        case any([Condition])
    }

    private let condition: Condition

    /// Nil where the text is no such condition.
    init?(_ text: String) {
        guard text.utf8.count <= Self.textBytesMax, let tokens = Self.tokens(text) else { return nil }
        var parser = Parser(rest: tokens[...])
        guard let condition = parser.alternatives(depth: 0), parser.rest.isEmpty else { return nil }
        self.condition = condition
    }

    /// Whether labels satisfy the condition.
    func matches(_ labels: [String: String]) -> Bool {
        Self.matches(self.condition, labels)
    }

    private static func matches(_ condition: Condition, _ labels: [String: String]) -> Bool {
        switch condition {
        case .equals(let key, let value): labels[key] == value
        case .present(let key): labels[key] != nil
        case .not(let inner): !self.matches(inner, labels)
        case .all(let inner): inner.allSatisfy { self.matches($0, labels) }
        case .any(let inner): inner.contains { self.matches($0, labels) }
        }
    }

    private enum Token: Hashable, Sendable {
        case word(String)
        case quoted(String)
        case opening, closing, equals, colon
    }

    private static func tokens(_ text: String) -> [Token]? {
        var tokens: [Token] = []
        var rest = text[...]
        while let first = rest.first {
            rest = rest.dropFirst()
            switch first {
            case " ": continue
            case "(": tokens.append(.opening)
            case ")": tokens.append(.closing)
            case "=": tokens.append(.equals)
            case ":": tokens.append(.colon)
            case "\"":
                guard let end = rest.firstIndex(of: "\"") else { return nil }
                tokens.append(.quoted(String(rest[..<end])))
                rest = rest[end...].dropFirst()
            default:
                let word = String(first) + rest.prefix { !" ()=:\"".contains($0) }
                rest = rest.dropFirst(word.count - 1)
                tokens.append(.word(word))
            }
        }
        return tokens
    }

    private struct Parser {
        var rest: ArraySlice<Token>

        mutating func alternatives(depth: Int) -> Condition? {
            guard depth <= LabelFilter.depthMax, let first = self.conjunction(depth: depth) else { return nil }
            var conditions = [first]
            while self.skip(.word("OR")) {
                guard let next = self.conjunction(depth: depth) else { return nil }
                conditions.append(next)
            }
            return conditions.count == 1 ? first : .any(conditions)
        }

        private mutating func conjunction(depth: Int) -> Condition? {
            guard let first = self.factor(depth: depth) else { return nil }
            var conditions = [first]
            while self.skip(.word("AND")) {
                guard let next = self.factor(depth: depth) else { return nil }
                conditions.append(next)
            }
            return conditions.count == 1 ? first : .all(conditions)
        }

        private mutating func factor(depth: Int) -> Condition? {
            guard depth <= LabelFilter.depthMax else { return nil }
            if self.skip(.word("NOT")) { return self.factor(depth: depth + 1).map { .not($0) } }
            if self.skip(.opening) {
                guard let inner = self.alternatives(depth: depth + 1), self.skip(.closing) else { return nil }
                return inner
            }
            return self.comparison()
        }

        private mutating func comparison() -> Condition? {
            guard case .word(let name)? = self.rest.popFirst(), name.hasPrefix("labels."),
                DICOMStoreSchema.isLabelKey(name.dropFirst(7))
            else { return nil }
            let key = String(name.dropFirst(7))
            if self.skip(.colon) { return self.skip(.word("*")) ? .present(key: key) : nil }
            guard self.skip(.equals) else { return nil }
            switch self.rest.popFirst() {
            case .word(let value)?, .quoted(let value)?: return .equals(key: key, value: value)
            default: return nil
            }
        }

        private mutating func skip(_ token: Token) -> Bool {
            guard self.rest.first == token else { return false }
            self.rest = self.rest.dropFirst()
            return true
        }
    }
}
