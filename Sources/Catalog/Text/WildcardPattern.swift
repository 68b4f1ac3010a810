/// A value with wildcards (PS3.4 §C.2.2.2.4): `*` stands for any text, `?` for any one character.
///
/// It is folded as the index is, and matched against folded values. Matching takes time in proportion to the product of
/// the lengths at worst, and both are bounded.
package struct WildcardPattern: Hashable, Sendable {
    /// The most `*` of one pattern.
    package static let starsMax = 16

    /// What the value must be, piece by piece.
    private let symbols: [Symbol]

    /// The text before the first wildcard, folded: every match begins with it.
    package let prefix: String

    /// Nil where the pattern has more than ``starsMax`` stars or is longer than what is indexed.
    package init?(_ text: String) {
        guard text.count <= SearchText.charactersMax else { return nil }
        var symbols: [Symbol] = []
        for scalar in SearchText.fold(text).unicodeScalars {
            switch scalar {
            case "*": if symbols.last != .anyText { symbols.append(.anyText) }
            case "?": symbols.append(.anyCharacter)
            default: symbols.append(.scalar(scalar))
            }
        }
        guard symbols.count(where: { $0 == .anyText }) <= Self.starsMax else { return nil }
        self.symbols = symbols
        var prefix = String.UnicodeScalarView()
        prefix.append(contentsOf: symbols.prefix { $0.literal != nil }.compactMap(\.literal))
        self.prefix = String(prefix)
    }

    /// Whether the pattern holds no wildcard at all.
    package var isLiteral: Bool { self.symbols.allSatisfy { $0.literal != nil } }

    /// Whether everything matches, also the absence of a value: the pattern is nothing but stars (§C.2.2.2.4).
    package var isUniversal: Bool { self.symbols == [.anyText] }

    /// Whether everything that begins with ``prefix`` matches: the pattern's only wildcard is a `*` at its end.
    package var isPrefix: Bool {
        self.symbols.last == .anyText && self.symbols.dropLast().allSatisfy { $0.literal != nil }
    }

    /// Whether the folded value matches as a whole.
    package func matches(_ folded: String) -> Bool {
        let value = Array(folded.unicodeScalars)
        var position = 0
        var symbol = 0
        // Where to go on when what follows the last star did not fit: the star takes one character more.
        var retry: (symbol: Int, position: Int)?
        while position < value.count {
            if symbol < self.symbols.count, self.symbols[symbol] == .anyText {
                retry = (symbol + 1, position)
                symbol += 1
            } else if symbol < self.symbols.count, self.symbols[symbol].accepts(value[position]) {
                symbol += 1
                position += 1
            } else if let last = retry {
                retry = (last.symbol, last.position + 1)
                symbol = last.symbol
                position = last.position + 1
            } else {
                return false
            }
        }
        return self.symbols[symbol...].allSatisfy { $0 == .anyText }
    }

    /// Whether a folded component group of a name matches: delimiters that end a group may be there or not, so that
    /// `Doe^Jane^*` and `Doe^Jane` mean the same (PS3.5 §6.2.1.2).
    package func matches(name group: String) -> Bool {
        if self.matches(group) { return true }
        guard self.symbols.contains(.scalar("^")) else { return false }
        let missing = max(0, Self.delimitersMax - group.unicodeScalars.count { $0 == "^" })
        return (0..<missing).contains { self.matches(group + String(repeating: "^", count: $0 + 1)) }
    }

    /// A component group has five components.
    private static let delimitersMax = 4

    /// One piece of a pattern.
    private enum Symbol: Hashable, Sendable {
        case scalar(Unicode.Scalar)
        case anyCharacter
        case anyText

        var literal: Unicode.Scalar? {
            if case .scalar(let scalar) = self { scalar } else { nil }
        }

        func accepts(_ scalar: Unicode.Scalar) -> Bool {
            switch self {
            case .scalar(let own): own == scalar
            case .anyCharacter: true
            case .anyText: false
            }
        }
    }
}
