/// Rows of text in columns, cut to the width of a terminal.
struct TextTable: Sendable {
    let header: [String]
    var rows: [[String]] = []

    /// The lines, the header first.
    ///
    /// A cell wider than `cellMax` is cut with an ellipsis; the last column never is.
    func lines(cellMax: Int) -> [String] {
        let all = ([self.header] + self.rows).map { row in
            row.enumerated().map { index, cell in
                index == row.count - 1 ? Self.clean(cell) : Self.cut(Self.clean(cell), to: cellMax)
            }
        }
        let widths = self.header.indices.map { column in all.map { Self.width($0[column]) }.max() ?? 0 }
        return all.map { row in
            let cells = row.enumerated().map { index, cell in
                index == row.count - 1
                    ? cell : cell + String(repeating: " ", count: max(widths[index] - Self.width(cell), 0))
            }
            return cells.joined(separator: "  ")
        }
    }

    private static func cut(_ text: String, to length: Int) -> String {
        guard Self.width(text) > length else { return text }
        var kept = ""
        var width = 1
        for character in text {
            width += Self.width(character)
            guard width <= length else { break }
            kept.append(character)
        }
        return kept + "…"
    }

    /// Control characters could steer the terminal and come from files of strangers.
    static func clean(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { Self.isControl($0) ? " " : $0 }))
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format
    }

    private static func width(_ text: String) -> Int { text.reduce(0) { $0 + Self.width($1) } }

    /// Ideographs take two cells of a terminal.
    private static func width(_ character: Character) -> Int {
        guard let scalar = character.unicodeScalars.first else { return 0 }
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
            0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }
}
