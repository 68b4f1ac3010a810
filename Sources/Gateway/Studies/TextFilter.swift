import Catalog
import CollimatorCore

/// A filter whose value is text: what it looks at, how it compares, and what is said where it cannot.
struct TextFilter: Sendable {
    /// The name of the parameter.
    let name: String
    private let attribute: StudyAttribute
    private let manner: Manner
    private let fault: StaticString

    /// How a text is compared; case and accents never count.
    private enum Manner: Sendable {
        /// The whole value, with `*` and `?` where there are any.
        case value
        /// Each word begins a word of the value; one with `*` or `?` is a word of it.
        case words
        /// As ``words``, or with a caret a whole name as DICOM writes it.
        case personName
    }

    /// The most bytes that one value may have; the longest DICOM name is 3 × 64 characters of up to 4 bytes.
    static let valueBytesMax = 768
    /// The most words of one value.
    static let wordsMax = 16

    static let all: [TextFilter] = [
        TextFilter(
            name: "patientName",
            attribute: .patientName,
            manner: .personName,
            fault: """
                The parameter patientName takes up to 16 beginnings of parts of the name in any order, such as \
                "smi jo", also with the wildcards * and ? beside letters, or a whole name in DICOM's form such as \
                "Smith^John". It may not be empty.
                """
        ),
        TextFilter(
            name: "patientId",
            attribute: .patientID,
            manner: .value,
            fault: "The parameter patientId takes a whole identifier; the wildcards * and ? stand beside letters."
        ),
        TextFilter(
            name: "issuer",
            attribute: .issuerOfPatientID,
            manner: .value,
            fault: "The parameter issuer takes a whole name; the wildcards * and ? stand beside letters."
        ),
        TextFilter(
            name: "accessionNumber",
            attribute: .accessionNumber,
            manner: .value,
            fault: "The parameter accessionNumber takes a whole number; the wildcards * and ? stand beside letters."
        ),
        TextFilter(
            name: "description",
            attribute: .studyDescription,
            manner: .words,
            fault: """
                The parameter description takes up to 16 beginnings of words in any order, also with the wildcards \
                * and ? beside letters. It may not be empty.
                """
        ),
        TextFilter(
            name: "referringPhysician",
            attribute: .referringPhysicianName,
            manner: .personName,
            fault: """
                The parameter referringPhysician takes up to 16 beginnings of parts of the name in any order, also \
                with the wildcards * and ? beside letters, or a whole name in DICOM's form such as "Lee^Ann". It may \
                not be empty.
                """
        ),
        TextFilter(
            name: "institution",
            attribute: .institutionName,
            manner: .words,
            fault: """
                The parameter institution takes up to 16 beginnings of words in any order, also with the wildcards \
                * and ? beside letters. It may not be empty.
                """
        ),
    ]

    /// The conditions that the value stands for.
    func conditions(_ text: String) throws(CollimatorError) -> [StudyCondition] {
        guard Self.isSensible(text) else { throw self.refusal }
        switch self.manner {
        case .value: return [try self.whole(text)]
        case .words: return try self.words(text)
        case .personName:
            guard text.contains(where: { $0 == "^" || $0 == "=" }) else { return try self.words(text) }
            let groups = text.split(separator: "=").map(Self.trimmedName).filter { !$0.isEmpty }
            guard !groups.isEmpty else { throw self.refusal }
            return try groups.map { group throws(CollimatorError) in try self.whole(group) }
        }
    }

    /// The search that looks at everything: each word begins a word of one of several attributes.
    static func everywhere(_ text: String) throws(CollimatorError) -> StudyCondition {
        // A star at the end of a word says what the comparison does anyway.
        let words = SearchText.typedWords(text).map(Self.withoutLastStars)
        guard Self.isSensible(text), (1...Self.wordsMax).contains(words.count),
            words.allSatisfy({ !$0.isEmpty && !$0.contains(where: Self.isWildcard) })
        else {
            throw CollimatorError(
                .invalidInput,
                "q is not usable",
                publicDetail: """
                    The parameter q takes up to 16 beginnings of words; a star may end a word, other wildcards are \
                    for the parameters that name what they look at. It may not be empty.
                    """
            )
        }
        return .text(words)
    }

    private func whole(_ text: String) throws(CollimatorError) -> StudyCondition {
        guard text.contains(where: Self.isWildcard) else { return .anyOf(self.attribute, [text]) }
        guard let pattern = WildcardPattern(text), Self.saysSomething(text) else { throw self.refusal }
        return .pattern(self.attribute, pattern)
    }

    private func words(_ text: String) throws(CollimatorError) -> [StudyCondition] {
        let typed = SearchText.typedWords(text)
        guard let words = self.attribute.words, (1...Self.wordsMax).contains(typed.count) else { throw self.refusal }
        var beginnings: [String] = []
        var conditions: [StudyCondition] = []
        for word in typed {
            guard Self.saysSomething(word) else { throw self.refusal }
            let beginning = Self.withoutLastStars(word)
            if beginning.contains(where: Self.isWildcard) {
                guard let pattern = WildcardPattern(word) else { throw self.refusal }
                conditions.append(.pattern(words, pattern))
            } else {
                beginnings.append(beginning)
            }
        }
        return (beginnings.isEmpty ? [] : [.words(self.attribute, beginnings)]) + conditions
    }

    private var refusal: CollimatorError {
        CollimatorError(.invalidInput, "a text of the search is not usable", publicDetail: self.fault)
    }

    /// Whether the value can be compared at all: a backslash would mean two values.
    private static func isSensible(_ text: String) -> Bool {
        (1...Self.valueBytesMax).contains(text.utf8.count) && text.contains { !$0.isWhitespace }
            && !text.unicodeScalars.contains { $0 == "\\" || $0.value < 0x20 || $0 == "\u{7F}" }
    }

    /// Whether there is anything beside wildcards: alone they match everything.
    private static func saysSomething(_ text: String) -> Bool {
        text.contains { !Self.isWildcard($0) && $0 != "^" && $0 != " " }
    }

    private static func isWildcard(_ character: Character) -> Bool { character == "*" || character == "?" }

    private static func withoutLastStars(_ word: String) -> String {
        var word = word
        while word.last == "*" { word.removeLast() }
        return word
    }

    /// Without the delimiters that end a group, which mean nothing (PS3.5 §6.2.1.2).
    private static func trimmedName(_ group: Substring) -> String {
        var group = group[...]
        while group.last == "^" || group.last == " " { group.removeLast() }
        return String(group)
    }
}
