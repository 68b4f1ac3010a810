internal import Foundation

/// Text as a person types it and as the index keeps it: without case, accents, width and the punctuation of names,
/// katakana as hiragana, and letters that are no other letter with an accent as they are commonly typed without them
/// (`ł` as `l`, `ø` as `o`, `ß` as `ss`).
///
/// Both sides of a comparison go through the same folding, so it only has to be stable, not right in every language.
package enum SearchText {
    /// The longest text that is indexed, in characters; a longer one is cut and is found by its beginning.
    package static let charactersMax = 256

    /// The number of the folding.
    ///
    /// One that gives other texts or words than before gets the next number: what was folded by an earlier one is built
    /// anew.
    package static let version = 2

    /// Lower case, without combining marks, compatibility forms unified, runs of spaces made one.
    package static func fold(_ text: some StringProtocol) -> String {
        if let simple = Self.foldASCII(text) { return simple }
        let folded = String(text.prefix(Self.charactersMax))
            .precomposedStringWithCompatibilityMapping
            .folding(options: [.caseInsensitive, .diacriticInsensitive, .widthInsensitive], locale: nil)
        // Half-width kana come out of the mapping with their voice marks still apart.
        return Self.squeeze(Self.plain(folded).precomposedStringWithCanonicalMapping)
    }

    /// The words of a text, folded: what stands between spaces and punctuation.
    ///
    /// An apostrophe or a hyphen divides and joins: `O'Brien` is found by `obrien`, by `o'brien` and by `brien`. Where
    /// names are written without a space, in ideographs, kana and hangul, family and given name are also one word:
    /// `山田^太郎` is found by `山田太郎`.
    package static func words(_ text: some StringProtocol) -> [String] {
        let folded = Self.fold(text)
        var words: [String] = []
        if let name = Self.undivided(folded) { words.append(name) }
        for part in folded.unicodeScalars.split(whereSeparator: Self.isDivider) {
            let pieces = part.split(whereSeparator: Self.isJoiner)
            if pieces.count > 1 { words.append(Self.joined(pieces)) }
            words.append(contentsOf: pieces.map { String($0) })
        }
        return words
    }

    /// The words that a searcher typed; each must begin a word of what is found.
    ///
    /// Unlike ``words(_:)`` a joined word stays one: `o'br` is `obr`.
    package static func typedWords(_ text: some StringProtocol) -> [String] {
        Self.fold(text).unicodeScalars.split(whereSeparator: Self.isDivider).compactMap { part in
            let joined = Self.joined(part.split(whereSeparator: Self.isJoiner))
            return joined.isEmpty ? nil : joined
        }
    }

    /// The first text after every text that begins with the prefix, in the order of UTF-8; nil where there is none.
    package static func upperBound(of prefix: String) -> String? {
        var scalars = Array(prefix.unicodeScalars)
        while let last = scalars.popLast() {
            // The surrogates are no scalars: what follows their predecessor is the first after them.
            let next = last.value == 0xD7FF ? 0xE000 : last.value + 1
            guard let scalar = Unicode.Scalar(next) else { continue }
            var text = String.UnicodeScalarView(scalars)
            text.append(scalar)
            return String(text)
        }
        return nil
    }

    /// Family and given name without anything between; nil for a name in letters that are written apart.
    private static func undivided(_ folded: String) -> String? {
        let components = folded.unicodeScalars.split(separator: "^", maxSplits: 2, omittingEmptySubsequences: false)
        guard components.count > 1, components.prefix(2).allSatisfy({ $0.contains(where: Self.isWrittenTogether) })
        else { return nil }
        return Self.joined(
            components.prefix(2).flatMap { $0.split { Self.isDivider($0) || Self.isJoiner($0) } }
        )
    }

    /// Hangul, kana and ideographs.
    private static func isWrittenTogether(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x1100...0x11FF, 0x3005, 0x3040...0x30FF, 0x3130...0x318F, 0x3400...0x9FFF, 0xAC00...0xD7FF,
            0xF900...0xFAFF, 0x20000...0x3FFFF:
            true
        default: false
        }
    }

    /// Katakana as hiragana, and letters that nothing takes apart as they are typed where they are not on the keys.
    private static func plain(_ text: String) -> String {
        var plain = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x30A1...0x30F6, 0x30FD...0x30FE:
                if let hiragana = Unicode.Scalar(scalar.value - 0x60) { plain.append(hiragana) }
            default:
                if let letters = Self.letters[scalar] {
                    plain.append(contentsOf: letters.unicodeScalars)
                } else {
                    plain.append(scalar)
                }
            }
        }
        return String(plain)
    }

    private static let letters: [Unicode.Scalar: String] = [
        "ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ħ": "h", "ı": "i", "ß": "ss",
    ]

    private static func joined(_ pieces: [Substring.UnicodeScalarView]) -> String {
        var joined = String.UnicodeScalarView()
        for piece in pieces { joined.append(contentsOf: piece) }
        return String(joined)
    }

    private static func isDivider(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case " ", "^", "=", ",", ".", "/", "\\", "(", ")", ";", "_", "・", "·": true
        default: false
        }
    }

    private static func isJoiner(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "'", "-", "’", "`", "‐": true
        default: false
        }
    }

    private static func squeeze(_ text: String) -> String {
        text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// The common case, without the tables of Unicode; nil where a byte is not ASCII.
    private static func foldASCII(_ text: some StringProtocol) -> String? {
        var bytes: [UInt8] = []
        var isAfterSpace = true
        for byte in text.utf8 {
            guard byte < 0x80 else { return nil }
            guard bytes.count < Self.charactersMax else { break }
            let isSpace = byte == 0x20 || (0x09...0x0D).contains(byte)
            if isSpace && isAfterSpace { continue }
            isAfterSpace = isSpace
            let isUpper = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
            bytes.append(isSpace ? 0x20 : isUpper ? byte | 0x20 : byte)
        }
        if bytes.last == 0x20 { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }
}
