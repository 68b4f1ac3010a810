/// Every type and function that another module of the package can use says what it is.
///
/// The formatter checks what is `public`, properties included. Here, for `package`, a property or initialiser may rest
/// on the comment of its type, and the requirement of a well-known protocol on that protocol's.
enum DocumentationRule {
    static func undocumented(_ file: SourceFile) -> [Violation] {
        if file.isGenerated { return [] }
        return file.code.indices.compactMap { index in
            guard let kind = self.exportedKind(of: file.code[index]), !self.isWitness(file.code[index]),
                !self.hasDocumentation(above: index, in: file)
            else {
                return nil
            }
            return Violation(file, line: index + 1, "`\(kind)` for other modules without a documentation comment")
        }
    }

    /// `package struct`, `public func` …; nil where the line exports nothing of its own.
    private static func exportedKind(of line: Substring) -> String? {
        let kinds: Set<Substring> = ["actor", "class", "enum", "func", "macro", "protocol", "struct", "typealias"]
        var isExported = false
        for word in line.split(whereSeparator: { $0 == " " || $0 == "(" || $0 == "<" || $0 == "?" || $0 == ":" }) {
            if word == "package" || word == "public" || word == "open" {
                isExported = true
            } else if word == "override" || word == "import" || word == "extension" {
                return nil
            } else if kinds.contains(word) {
                // `final class func` is a function: the word after `class` decides.
                if word == "class", line.contains("class func") || line.contains("class var") { continue }
                return isExported ? String(word) : nil
            } else if !isExported, !word.hasPrefix("@"), !self.modifiers.contains(word) {
                return nil
            }
        }
        return nil
    }

    /// What a well-known protocol asks for: operators, hashing, coding, iteration, `Service` and `LogHandler`.
    private static let witnesses = [
        "func ==", "func <", "func hash(into", "func encode(to", "func makeAsyncIterator()", "func makeIterator()",
        "func next()", "func run() async throws {", "func log(event: LogEvent)",
    ]

    private static func isWitness(_ line: Substring) -> Bool {
        self.witnesses.contains { line.contains($0) }
    }

    private static let modifiers: Set<Substring> = [
        "final", "static", "nonisolated", "indirect", "mutating", "consuming", "borrowing", "convenience", "required",
    ]

    private static func hasDocumentation(above index: Int, in file: SourceFile) -> Bool {
        var above = index - 1
        while above >= 0, file.lines[above].drop(while: { $0 == " " }).hasPrefix("@") { above -= 1 }
        guard above >= 0 else { return false }
        let text = file.lines[above].drop { $0 == " " }
        return text.hasPrefix("///") || text.hasSuffix("*/")
    }
}
