/// The forms of a person name that searches are answered with.
///
/// PS3.5 §6.2, VR PN: up to three component groups separated by `=` (alphabetic, ideographic, phonetic), each of up to
/// five components separated by `^`.
struct PersonNameKeys: Sendable, Hashable {
    /// The alphabetic group without padding; nil where it is empty.
    let alphabetic: String?
    /// All groups without padding; nil where there is none but the alphabetic one.
    let groups: String?
    /// The folded words of all groups, each once, in ascending order.
    let tokens: [String]

    /// The most words of a name that are kept.
    static let tokenCountMax = 64
    /// The longest word that is kept, in Unicode scalars.
    static let tokenLengthMax = 64

    init(_ name: String) {
        let groups = name.split(separator: "=", maxSplits: 2, omittingEmptySubsequences: false).map(Self.trimmedGroup)
        let first = groups.first ?? ""
        self.alphabetic = first.isEmpty ? nil : first
        let isMore = groups.dropFirst().contains { !$0.isEmpty }
        self.groups = isMore ? Self.withoutTrailingEmpty(groups).joined(separator: "=") : nil
        self.tokens = Self.words(of: name)
    }

    /// The folded words of a text, each once, in ascending order.
    static func words(of text: String) -> [String] {
        let words = text.unicodeScalars.split { !Self.isOfWord($0) }
            .prefix(Self.tokenCountMax)
            .map { NameFolding.fold($0.prefix(Self.tokenLengthMax)) }
            .filter { !$0.isEmpty }
        return Array(Set(words)).sorted()
    }

    /// A letter, a digit or a mark on one belongs to a word; everything else parts words.
    private static func isOfWord(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .nonspacingMark,
            .spacingMark, .enclosingMark, .decimalNumber, .letterNumber, .otherNumber:
            true
        default:
            false
        }
    }

    private static func trimmedGroup(_ group: Substring) -> String {
        let components = group.split(separator: "^", omittingEmptySubsequences: false).map {
            String(trimmingSpaces($0))
        }
        return self.withoutTrailingEmpty(components).joined(separator: "^")
    }

    private static func withoutTrailingEmpty(_ parts: [String]) -> ArraySlice<String> {
        parts[...(parts.lastIndex { !$0.isEmpty } ?? -1)]
    }
}

/// The text without the spaces and NULs that DICOM pads values with.
func trimmingSpaces(_ text: some StringProtocol) -> String {
    let isPadding: (Unicode.Scalar) -> Bool = { $0 == " " || $0 == "\0" }
    let rest = Substring(text).unicodeScalars.drop(while: isPadding)
    guard let end = rest.lastIndex(where: { !isPadding($0) }) else { return "" }
    return String(rest[...end])
}
