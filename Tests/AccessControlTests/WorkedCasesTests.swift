import CollimatorCore
import Cryptography
import Foundation
import TestSupport
import Testing

@testable import AccessControl

@Suite("docs/access.md")
struct WorkedCasesTests {
    private static func document() throws -> String {
        let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try String(contentsOf: repository.appending(path: "docs/access.md"), encoding: .utf8)
    }

    @Test("every policy of the five cases is sound, and reads back as it was written")
    func cases() throws {
        let blocks = try Self.document().components(separatedBy: "```json\n").dropFirst()
        for block in blocks {
            let text = try #require(block.components(separatedBy: "```").first)
            let document = try #require(StrictJSON(parsing: Array(text.utf8)))
            let policy = try PolicyDocument.policy(document)
            let written = try #require(StrictJSON(parsing: Array(PolicyDocument.text(policy).utf8)))
            #expect(policy.faults().isEmpty)
            #expect(try PolicyDocument.policy(written) == policy)
        }
        #expect(blocks.count == 5)
    }

    @Test("names each predefined role with the IAM role that it maps to", arguments: RoleTable.predefined)
    func roles(role: Role) throws {
        let row = try Self.document().split(separator: "\n").first { $0.hasPrefix("| `\(role.name)` |") }
        let last = role.iamRole.map { "| `\($0)` |" } ?? "| none |"
        #expect(row?.hasSuffix(last) == true)
    }

    @Test("says what a binding gives beyond the rule that it stands for", arguments: RoleTable.predefined)
    func beyond(role: Role) throws {
        let row = try Self.document().split(separator: "\n").first { $0.hasPrefix("| direct `\(role.name)` |") }
        guard let iam = role.iamRole.flatMap({ IAMRoleTable.row($0) }) else {
            #expect(row == nil)
            return
        }
        let beyond = IAMRoleTable.beyond(role).map { "`\($0)`" }.joined(separator: ", ")
        #expect(
            row.map(String.init)
                == "| direct `\(role.name)` | \(iam.place.rawValue) | \(beyond.isEmpty ? "nothing" : beyond) |"
        )
    }
}
