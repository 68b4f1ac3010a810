/// How long a file and a function may be.
///
/// What is longer is about two things.
enum LengthRule {
    static let fileLinesMax = 400
    static let functionLinesMax = 70

    static func longFiles(_ file: SourceFile) -> [Violation] {
        // The last line of a file ends in a newline, which the split shows as one more, empty, line.
        let count = file.lines.last?.isEmpty == true ? file.lines.count - 1 : file.lines.count
        guard count > self.fileLinesMax, !file.isGenerated else { return [] }
        return [Violation(file, line: count, "\(count) lines in one file; \(self.fileLinesMax) at most")]
    }

    static func longFunctions(_ file: SourceFile) -> [Violation] {
        if file.isGenerated { return [] }
        return self.functions(in: file).filter { $0.lineCount > self.functionLinesMax }.map { function in
            Violation(
                file,
                line: function.firstLine,
                "\(function.lineCount) lines in one function; \(self.functionLinesMax) at most"
            )
        }
    }

    struct Function: Hashable {
        let firstLine: Int
        let lineCount: Int
    }

    /// Every function, initialiser, subscript and property that has a body.
    static func functions(in file: SourceFile) -> [Function] {
        file.code.indices.compactMap { index in
            guard self.declares(file.code[index]), let last = self.lastLine(ofBodyFrom: index, in: file.code) else {
                return nil
            }
            return Function(firstLine: index + 1, lineCount: last - index + 1)
        }
    }

    private static func declares(_ line: Substring) -> Bool {
        for word in line.split(whereSeparator: { $0 == " " || $0 == "(" || $0 == "<" || $0 == "?" }) {
            switch word {
            case "func", "init", "deinit", "subscript", "var": return true
            case "static", "class", "final", "mutating", "nonmutating", "override", "consuming", "borrowing",
                "convenience", "required", "lazy", "weak", "public", "package", "internal", "private", "fileprivate",
                "async", "indirect", "prefix", "postfix", "infix", "isolated", "nonisolated", "unsafe)":
                continue
            default:
                if word.hasPrefix("@") || word.hasPrefix("nonisolated") || word.hasSuffix(")") { continue }
                return false
            }
        }
        return false
    }

    /// The index of the line that closes the body, or nil where there is none (a protocol's requirement).
    private static func lastLine(ofBodyFrom start: Int, in code: [Substring]) -> Int? {
        var parentheses = 0
        var braces = 0
        for index in code.indices[start...] {
            if index > start, braces == 0, parentheses == 0, !self.continuesSignature(code[index]) { return nil }
            for byte in code[index].utf8 {
                switch byte {
                case UInt8(ascii: "("), UInt8(ascii: "["): parentheses += 1
                case UInt8(ascii: ")"), UInt8(ascii: "]"): parentheses -= 1
                case UInt8(ascii: "{"): braces += 1
                case UInt8(ascii: "}"):
                    braces -= 1
                    if braces == 0 { return index }
                    if braces < 0 { return nil }
                default: break
                }
            }
        }
        return nil
    }

    private static func continuesSignature(_ line: Substring) -> Bool {
        let trimmed = line.drop { $0 == " " }
        return trimmed.isEmpty
            || ["{", ")", "->", "throws", "async", "where", "rethrows", "=", "."].contains { trimmed.hasPrefix($0) }
    }
}
