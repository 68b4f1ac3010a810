import Foundation

/// Which module may import which: the order of the list is the direction, and the manifest says the rest.
///
/// The compiler does not hold this: an import that the manifest does not declare compiles as soon as some other target
/// brings the module in.
struct ImportRule {
    /// Ours, from the top down; a module imports only modules further down.
    static let order = [
        "collimator", "CollimatorApp", "Gateway", "Webhooks", "Imaging", "Identity", "AccessControl", "Catalog",
        "Audit", "HealthcareAPI",
        "HealthcareEmulator", "EmulatorStorage", "PhantomStudies", "Archives", "DICOMFiles", "DICOMweb", "Persistence",
        "Cryptography", "ImageCodec", "EmbeddedFiles", "Telemetry", "CollimatorCore", "CArchive", "CDCMTK",
        "CEmbeddedFiles", "CLibJWT", "COpenSSL", "CPageCache", "CVips",
    ]

    /// Modules that exactly one of ours may see, so that a library can be replaced in one place.
    static let owners = [
        "CArchive": "Archives", "CDCMTK": "DICOMFiles", "CEmbeddedFiles": "EmbeddedFiles", "CLibJWT": "Cryptography",
        "COpenSSL": "Cryptography", "CPageCache": "HealthcareEmulator", "CVips": "ImageCodec", "GRDB": "Persistence",
        "SQLite3": "Persistence",
    ]

    /// Who speaks HTTP as a server.
    static let servers: Set = ["CollimatorApp", "Gateway", "HealthcareEmulator"]

    /// What the emulator stands on; it and the gateway meet over HTTP only.
    static let emulatorMayImport: Set = [
        "EmulatorStorage", "Archives", "DICOMFiles", "DICOMweb", "Persistence", "Cryptography", "ImageCodec",
        "Telemetry", "CollimatorCore", "CPageCache",
    ]

    /// What each of our targets lists as its dependencies among our targets.
    let declared: [String: Set<String>]

    func violations(in file: SourceFile) -> [Violation] {
        ImportRule.imports(of: file).compactMap { line, imported in
            self.complaint(about: imported, in: file.module).map { Violation(file, line: line, $0) }
        }
    }

    private func complaint(about imported: String, in module: String) -> String? {
        if let owner = ImportRule.owners[imported], owner != module {
            return "only \(owner) may import \(imported)"
        }
        if imported.hasPrefix("Hummingbird"), !ImportRule.servers.contains(module) {
            return "\(module) must not know the HTTP server \(imported)"
        }
        if module == "Gateway", ["AsyncHTTPClient", "NIOHTTPClient"].contains(imported) {
            return "Gateway must not speak HTTP outwards itself"
        }
        guard let target = ImportRule.order.firstIndex(of: imported) else { return nil }
        if module == "DICOMweb" { return "DICOMweb is a library of its own and must not import \(imported)" }
        guard let source = ImportRule.order.firstIndex(of: module) else {
            return "\(module) has no place in the order of modules"
        }
        if target <= source { return "\(module) must not import \(imported), which stands above it" }
        if module == "HealthcareEmulator", !ImportRule.emulatorMayImport.contains(imported) {
            return "the emulator must not import \(imported)"
        }
        if self.declared[module]?.contains(imported) != true {
            return "Package.swift does not list \(imported) as a dependency of \(module)"
        }
        return nil
    }

    /// The modules that a file imports, with the line of each.
    static func imports(of file: SourceFile) -> [(line: Int, module: String)] {
        file.code.enumerated().compactMap { index, line in
            let words = line.split(separator: " ")
            guard let keyword = words.firstIndex(of: "import"), keyword + 1 < words.count else { return nil }
            guard words[..<keyword].allSatisfy(ImportRule.mayStandBeforeImport) else { return nil }
            let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
            let name = kinds.contains(words[keyword + 1]) ? words.dropFirst(keyword + 2).first : words[keyword + 1]
            return name.flatMap { $0.split(separator: ".").first }.map { (index + 1, String($0)) }
        }
    }

    private static func mayStandBeforeImport(_ word: Substring) -> Bool {
        word.hasPrefix("@") || ["public", "package", "internal", "fileprivate", "private"].contains(word)
    }

    /// Reads `name:` and `dependencies:` of each target from the text of the manifest.
    static func declaredDependencies(inManifest text: String) -> [String: Set<String>] {
        var result: [String: Set<String>] = [:]
        let targets = text.split(separator: "arget(").dropFirst()
        for target in targets {
            let quoted = ImportRule.quotedStrings(in: target)
            guard let name = quoted.first, ImportRule.order.contains(name) else { continue }
            guard let list = target.range(of: "dependencies: [")?.upperBound else { continue }
            let end = target[list...].firstIndex(of: "]") ?? target.endIndex
            result[name, default: []].formUnion(ImportRule.quotedStrings(in: target[list..<end]))
        }
        return result
    }

    static func quotedStrings(in text: Substring) -> [String] {
        text.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset % 2 == 1 }
            .map { String($0.element) }
    }
}
