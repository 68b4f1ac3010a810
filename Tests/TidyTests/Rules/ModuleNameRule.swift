/// A type with the name of its module makes every qualified name in that module ambiguous.
enum ModuleNameRule {
    private static let kinds: Set<Substring> = ["actor", "class", "enum", "protocol", "struct", "typealias"]

    static func typesNamedLikeTheirModule(_ file: SourceFile) -> [Violation] {
        file.code.enumerated().compactMap { index, line in
            let words = line.split { !($0.isLetter || $0.isNumber || $0 == "_") }
            for (kind, name) in zip(words, words.dropFirst()) where self.kinds.contains(kind) && name == file.module {
                return Violation(file, line: index + 1, "a type has the name of its module, \(name)")
            }
            return nil
        }
    }
}
