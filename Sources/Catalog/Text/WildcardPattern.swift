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
        for character in SearchText.fold(text) {
            switch character {
            case "*": if symbols.last != .anyText { symbols.append(.anyText) }
            case "?": symbols.append(.anyCharacter)
            default: symbols.append(.character(character))
            }
        }
        guard symbols.count(where: { $0 == .anyText }) <= Self.starsMax else { return nil }
        self.symbols = symbols
        self.prefix = String(symbols.prefix { $0.literal != nil }.compactMap(\.literal))
    }

    /// Whether the pattern holds no wildcard at all.
    package var isLiteral: Bool { self.symbols.allSatisfy { $0.literal != nil } }

    /// Whether everything that begins with ``prefix`` matches: the pattern's only wildcard is a `*` at its end.
    package var isPrefix: Bool {
        self.symbols.last == .anyText && self.symbols.dropLast().allSatisfy { $0.literal != nil }
    }

    /// Whether the folded value matches as a whole.
    package func matches(_ folded: String) -> Bool {
        let value = Array(folded)
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

    /// One piece of a pattern.
    private enum Symbol: Hashable, Sendable {
        case character(Character)
        case anyCharacter
        case anyText

        var literal: Character? {
            if case .character(let character) = self { character } else { nil }
        }

        func accepts(_ character: Character) -> Bool {
            switch self {
            case .character(let own): own == character
            case .anyCharacter: true
            case .anyText: false
            }
        }
    }
}
