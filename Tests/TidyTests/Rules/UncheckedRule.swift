/// Where a person, not the compiler, has proved that something may be shared between threads.
enum UncheckedRule {
    static let words = ["@unchecked Sendable", "nonisolated(unsafe)"]

    static func uses(in file: SourceFile) -> [Violation] {
        file.code.enumerated().flatMap { index, line in
            self.words.filter { line.contains($0) }.map { Violation(file, line: index + 1, $0) }
        }
    }

    /// The proof is a comment right above the declaration: an ordinary one, or documentation that names the word.
    static func unproved(in file: SourceFile) -> [Violation] {
        self.uses(in: file).filter { use in
            var above = use.line - 2
            var isProved = false
            while above >= 0, let text = self.commentOrAttribute(file.lines[above]) {
                isProved = isProved || (text.hasPrefix("//") && !text.hasPrefix("///")) || text.contains(use.message)
                above -= 1
            }
            return !isProved
        }.map { Violation(path: $0.path, line: $0.line, "\($0.message) without a comment above it that proves it") }
    }

    private static func commentOrAttribute(_ line: Substring) -> Substring? {
        let text = line.drop { $0 == " " }
        return text.hasPrefix("@") || text.hasPrefix("//") ? text : nil
    }
}
