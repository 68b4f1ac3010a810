import Foundation
import Testing

/// What the documents promise about tests.
@Suite("The threat model")
struct DocumentTests {
    @Test("names only tests that there are")
    func namedTests() throws {
        let references = try Self.references(in: Self.read("docs/threat-model.md"))
        #expect(references.count > 20)
        for reference in references {
            #expect(!reference.title.isEmpty, "\(reference.file)")
            let text = try? Self.read("Tests/\(reference.file)")
            #expect(text?.contains(reference.title) == true, "\(reference.file): \(reference.title)")
        }
    }

    @Test("has a form in which a missing test is seen")
    func references() {
        let text = "answer | `ATests/B.swift: holds always`; `Acceptance/c.py: test_d` and `make test` and `a: b`"
        #expect(
            Self.references(in: text) == [
                Reference(file: "ATests/B.swift", title: "holds always"),
                Reference(file: "Acceptance/c.py", title: "test_d"),
            ]
        )
    }

    private struct Reference: Equatable {
        let file: String
        let title: String
    }

    /// `folder/file: title` between backticks.
    private static func references(in text: String) -> [Reference] {
        text.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset % 2 == 1 }
            .compactMap { _, span in
                guard let colon = span.range(of: ": ") else { return nil }
                let file = span[..<colon.lowerBound]
                guard file.hasSuffix(".swift") || file.hasSuffix(".py") else { return nil }
                return Reference(file: String(file), title: String(span[colon.upperBound...]))
            }
    }

    private static func read(_ path: String) throws -> String {
        try String(contentsOf: SourceTree.root.appendingPathComponent(path), encoding: .utf8)
    }
}
