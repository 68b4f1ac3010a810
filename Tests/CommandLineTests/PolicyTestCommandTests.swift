import AccessControl
import ArgumentParser
import CollimatorApp
import Cryptography
import Foundation
import NIOCore
import TestSupport
import Testing

@testable import collimator

@Suite("collimator policy test")
struct PolicyTestCommandTests {
    private static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    /// In the order of docs/access.md.
    private static let files = [
        "referrer-portal", "research-cohort", "teaching-files", "vendor-uploads", "second-hospital",
    ]

    private static func cases(_ name: String) throws -> PolicyCases {
        let path = Self.repository.appending(path: "docs/policies/\(name).yaml").path
        return try PolicyCases(try YAMLDocument.read(path), now: 0)
    }

    @Test(
        "each worked case of docs/access.md decides as its cases say, and allows and denies something",
        arguments: files
    )
    func workedCases(name: String) throws {
        let cases = try Self.cases(name)
        let policy = try CompiledPolicy(try #require(cases.policy), version: 1)
        for one in cases.cases {
            let (decision, isExpected) = one.answer(of: policy)
            #expect(isExpected, "\(one.name): \(decision)")
        }
        let answers = cases.cases.map { $0.answer(of: policy).decision.isAllowed }
        #expect(answers.contains(true) && answers.contains(false))
        // A policy without rules denies all, and so fails.
        #expect(!cases.cases.allSatisfy { $0.answer(of: .empty).isExpected })
    }

    @Test("the policies are those that docs/access.md shows")
    func document() throws {
        let text = try String(contentsOf: Self.repository.appending(path: "docs/access.md"), encoding: .utf8)
        let blocks = text.components(separatedBy: "```json\n").dropFirst().compactMap {
            $0.components(separatedBy: "```").first
        }
        #expect(blocks.count == Self.files.count)
        for (name, block) in zip(Self.files, blocks) {
            let shown = try PolicyDocument.policy(try #require(StrictJSON(parsing: Array(block.utf8))))
            #expect(try Self.cases(name).policy == shown, "\(name)")
            #expect(text.contains("policies/\(name).yaml"))
        }
    }

    private static func parse(_ yaml: String) throws -> PolicyCases {
        try PolicyCases(try YAMLDocument.parse(yaml, "cases.yaml"), now: 0)
    }

    @Test("a case that expects another answer, rule or part is not met")
    func unmet() throws {
        let text = try String(
            contentsOf: Self.repository.appending(path: "docs/policies/research-cohort.yaml"),
            encoding: .utf8
        )
        for (old, new) in [
            ("expect: allow", "expect: deny"), ("rule: trial-ct", "rule: another"),
            ("series: [1.2.3.1]", "series: [1.2.3.1, 1.2.3.2]"),
        ] {
            let cases = try Self.parse(text.replacing(old, with: new))
            let policy = try CompiledPolicy(try #require(cases.policy), version: 1)
            #expect(cases.cases.count { !$0.answer(of: policy).isExpected } == 1, "\(new)")
        }
    }

    @Test("every fault of a file is named by its place")
    func faults() throws {
        let yaml = """
            cases:
              - {caller: ann, permission: read, resource: nowhere, expect: perhaps}
              - {caller: client:a, permission: healthcare.dicomStores.get, resource: stores/a, expect: deny, extra: 1}
              - {caller: client:a, permission: healthcare.dicomStores.get, resource: stores/a, expect: deny}
            """
        let faults = try #require(throws: PolicyFaults.self) { try Self.parse(yaml) }
        #expect(Set(faults.faults.map(\.place)) == ["cases[0]", "cases[1]"])
        let problems = faults.faults.filter { $0.place == "cases[0]" }.map(\.problem)
        #expect(problems == [.badPrincipal, .unknownPermission, .badResource, .wrongKind])
        for text in ["cases: []", "cases: {}", "[]", "rules: []"] {
            #expect(throws: PolicyFaults.self) { try Self.parse(text) }
        }
    }

    @Test("what is no YAML, or names a member twice, is refused", arguments: ["a: [", "a: 1\na: 2", "", "? [a]\n: 1"])
    func unreadable(text: String) {
        #expect(throws: CommandFailure.self) { try YAMLDocument.parse(text, "x") }
    }

    @Test("names that stand for others do not grow without end")
    func aliases() {
        let lines = (1...9).map { level in
            "l\(level): &l\(level) [\(Array(repeating: "*l\(level - 1)", count: 10).joined(separator: ", "))]"
        }
        let text = "l0: &l0 [x, x, x, x, x, x, x, x, x, x]\n" + lines.joined(separator: "\n")
        #expect(throws: CommandFailure.self) { try YAMLDocument.parse(text, "x") }
    }

    @Test("numbers stay as they are written")
    func numbers() throws {
        let value = try YAMLDocument.parse("{a: 1.20, b: 007, c: true, d: 'true', e: null}", "x")
        #expect(
            value
                == .object([
                    "a": .string("1.20"), "b": .string("007"), "c": .boolean(true), "d": .string("true"), "e": .null,
                ])
        )
    }
}

@Suite("collimator iam")
struct IAMCommandTests {
    @Test("takes a credential only from who gives it, and never two")
    func credential() throws {
        let none = try IAMApplyCommand.parse([])
        #expect(throws: CommandFailure.self) { try none.credential(environment: [:]) }
        // What a server would find by itself is not looked at.
        let server = ["GOOGLE_APPLICATION_CREDENTIALS": "/etc/server.json"]
        #expect(throws: CommandFailure.self) { try none.credential(environment: server) }
        guard case .accessToken("t") = try none.credential(environment: ["GOOGLE_OAUTH_ACCESS_TOKEN": "t"]) else {
            Issue.record("the token of the environment is not taken")
            return
        }
        guard case .keyFile("k") = try IAMApplyCommand.parse(["--key-file", "k"]).credential(environment: [:]) else {
            Issue.record("the key file is not taken")
            return
        }
        #expect(throws: (any Error).self) {
            try IAMApplyCommand.parse(["--key-file", "k", "--access-token-file", "t"])
        }
    }

    @Test("reads who is who, each member once")
    func pairs() throws {
        let pairs = try IAMImportCommand.pairs(["user:a@example.org=user:google/a=b"])
        #expect(pairs == ["user:a@example.org": "user:google/a=b"])
        #expect(throws: CommandFailure.self) { try IAMImportCommand.pairs(["user:a@example.org"]) }
        #expect(throws: CommandFailure.self) { try IAMImportCommand.pairs(["m=p", "m=q"]) }
    }

    @Test("shows a plan without what could steer the terminal")
    func plan() throws {
        let text = """
            {"policyVersion":1,"drift":true,"unmapped":[{"rule":"b","reason":"no-iam-member"}],"resources":[
            {"resource":"projects/p\\u001b[2J","readable":true,"removals":[],
            "additions":[{"role":"r","member":"m","rules":["a"],"beyond":["x"]}]}]}
            """
        let plan = try JSONDecoder().decode(IAMPlanText.self, from: Data(text.utf8))
        #expect(!plan.lines.joined().unicodeScalars.contains { $0.value < 0x20 })
        #expect(plan.lines.contains("  + r  m  (for a; allows there also x)"))
        #expect(plan.summary == "1 to add, 0 to remove.")
        #expect(plan.resources.first?.name == nil)
    }

    @Test("a problem is shown with every fault that it lists")
    func faults() {
        let body = ByteBuffer(
            string: #"{"title":"T","detail":"D","errors":[{"place":"a","problem":"p"},{"place":"","problem":"q"}]}"#
        )
        #expect(GatewayClient.detail(body) == "D\n- a: p\n- q")
        #expect(GatewayClient.detail(ByteBuffer(string: #"{"title":"T"}"#)) == "T")
    }
}
