import Foundation

/// Whose log messages may be written: those of a module that redaction does not list are withheld, silently.
enum LogRule {
    /// Where the list is.
    static let listPath = "Sources/Telemetry/RedactionPolicy.swift"

    /// Modules that log and are not listed.
    static func unlistedModules(_ files: [SourceFile]) -> [Violation] {
        let listed = self.listedModules(files)
        var seen: Set<String> = []
        return files.compactMap { file in
            guard let place = ImportRule.imports(of: file).first(where: { $0.module == "Logging" }),
                !listed.contains(file.module), seen.insert(file.module).inserted
            else { return nil }
            return Violation(file, line: place.line, "\(file.module) logs, and \(self.listPath) does not list it")
        }
    }

    /// The names in the list of the running service's policy.
    static func listedModules(_ files: [SourceFile]) -> Set<String> {
        guard let file = files.first(where: { $0.path == self.listPath }) else { return [] }
        let start = file.code.firstIndex { $0.contains("modulesWithFixedMessages: [") } ?? file.code.endIndex
        let list = file.lines[start...].prefix { !$0.drop(while: \.isWhitespace).hasPrefix("]") }
        return Set(list.flatMap { ImportRule.quotedStrings(in: $0) })
    }
}
