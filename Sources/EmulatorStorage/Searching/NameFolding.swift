/// Makes words comparable that differ in case and accents only.
enum NameFolding {
    /// The word in lower case and without accents.
    ///
    /// Accents go where they are of the Latin, Greek or Cyrillic script: as combining marks and in composed letters,
    /// strokes included (`ø` is found as `o`). Marks of other scripts are vowels or tones and stay.
    static func fold(_ word: some Sequence<Unicode.Scalar>) -> String {
        var folded = String.UnicodeScalarView()
        for scalar in word {
            for lower in scalar.properties.lowercaseMapping.unicodeScalars where !self.isAccent(lower) {
                folded.append(contentsOf: self.base(of: lower))
            }
        }
        return String(folded)
    }

    /// The block of combining diacritical marks.
    private static func isAccent(_ scalar: Unicode.Scalar) -> Bool { (0x0300...0x036F).contains(scalar.value) }

    /// What stands for a letter that is in lower case.
    private static func base(of scalar: Unicode.Scalar) -> [Unicode.Scalar] {
        guard scalar.value >= 0x80 else { return [scalar] }
        switch scalar {
        case "ß": return ["s", "s"]
        case "æ": return ["a", "e"]
        case "œ": return ["o", "e"]
        // The Turkish letter without a dot, to which its capital folds in other languages.
        case "ı": return ["i"]
        case "ς": return ["σ"]
        default: break
        }
        // Only these blocks hold composed letters of the three scripts.
        guard (0x00C0...0x04FF).contains(scalar.value) || (0x1E00...0x1FFF).contains(scalar.value) else {
            return [scalar]
        }
        return [self.withoutAccent(scalar)]
    }

    /// The letter that the character's Unicode name says it is made of: `LATIN SMALL LETTER E WITH ACUTE` is of `e`.
    private static func withoutAccent(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        guard let name = scalar.properties.name, let end = name.firstRange(of: " WITH ")?.lowerBound else {
            return scalar
        }
        return self.plainLetters[String(name[..<end])] ?? scalar
    }

    /// The letters without accents, by Unicode name.
    private static let plainLetters: [String: Unicode.Scalar] = {
        let blocks: [ClosedRange<UInt32>] = [0x61...0x7A, 0x03B1...0x03C9, 0x0430...0x045F]
        let letters = blocks.joined().compactMap { Unicode.Scalar($0) }
        return Dictionary(letters.map { ($0.properties.name ?? "", $0) }) { first, _ in first }
    }()
}
