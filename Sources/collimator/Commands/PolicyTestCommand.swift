import AccessControl
import ArgumentParser
import CollimatorCore
import Cryptography
import FoundationEssentials
import NIOCore

/// `collimator policy test`: asks a policy what it must answer.
struct PolicyTestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Check what a policy decides against cases in YAML.",
        discussion: """
            A case has a caller, a permission, a resource with its attributes, and what is expected: docs/access.md. The \
            policy is the one in the file, else that of --policy, else the one in force at the gateway. It ends with status \
            1 where the policy decides something else.

              collimator policy test docs/policies/referrer-portal.yaml
              collimator policy test cases.yaml --policy policy.json
            """
    )

    @Argument(help: "A file with cases.")
    var file: String

    @Option(help: "A file with the policy, as JSON or YAML (default: in the file of the cases, else the one in force).")
    var policy: String?

    @OptionGroup(title: "Gateway") var gateway: GatewayConnectionOptions

    func run() async throws {
        let now = Int64(WallClock.live.now().timeIntervalSince1970)
        let cases = try Self.faultsInWords(of: self.file) {
            try PolicyCases(try YAMLDocument.read(self.file), now: now)
        }
        let policy: AccessPolicy
        if let path = self.policy {
            policy = try Self.faultsInWords(of: path) { try PolicyDocument.policy(try YAMLDocument.read(path)) }
        } else if let inside = cases.policy {
            policy = inside
        } else {
            policy = try await self.inForce()
        }
        let compiled = try Self.faultsInWords(of: "the policy") { try CompiledPolicy(policy, version: 0) }
        try Self.check(cases.cases, compiled)
    }

    private static func check(_ cases: [PolicyCase], _ policy: CompiledPolicy) throws {
        var failed = 0
        for one in cases {
            let (decision, isExpected) = one.answer(of: policy)
            let rule = decision.ruleID.map { " by \($0)" } ?? ""
            let end = isExpected ? "" : ": expected \(one.expectation), decided \(Self.words(decision))"
            Console.standardOutput.line(TextTable.clean("\(isExpected ? "ok    " : "FAILED") \(one.name)\(end)"))
            if isExpected, !rule.isEmpty { Console.standardOutput.line("       decided\(rule)") }
            if !isExpected { failed += 1 }
        }
        guard failed == 0 else {
            Console.standardOutput.line("\(failed) of \(cases.count) cases failed.")
            throw CommandFailure.inPart
        }
        Console.standardOutput.line("\(cases.count) cases: all as expected.")
    }

    private static func words(_ decision: AccessDecision) -> String {
        let extent =
            switch decision.extent {
            case .series(let series): " of \(series.sorted().joined(separator: ", "))"
            case .whole, .nothing: ""
            }
        let rule = decision.ruleID.map { " by \($0)" } ?? ""
        return "\(decision.isAllowed ? "allow" : "deny")\(rule)\(extent) (\(decision.reason.rawValue))"
    }

    private func inForce() async throws -> AccessPolicy {
        var found: AccessPolicy?
        try await GatewayClient.with(try self.gateway.access()) { client in
            let body = try await client.get("\(client.access.root)/access/policy")
            guard let document = StrictJSON(parsing: Array(buffer: body), bytesMax: GatewayClient.answerBytesMax) else {
                throw CommandFailure.notDone("The gateway's answer cannot be read; is it a Collimator?")
            }
            found = try Self.faultsInWords(of: "the gateway's policy") { try PolicyDocument.policy(document) }
        }
        guard let found else { throw CommandFailure.notDone("There is no policy to ask.") }
        return found
    }

    /// Every fault on a line of its own.
    private static func faultsInWords<Value>(of what: String, _ read: () throws -> Value) throws -> Value {
        do {
            return try read()
        } catch let faults as PolicyFaults {
            let lines = faults.faults.map { fault in
                "- " + (fault.place.isEmpty ? "" : "\(fault.place): ") + fault.problem.rawValue
            }
            throw CommandFailure.notDone((["\(TextTable.clean(what)) has faults:"] + lines).joined(separator: "\n"))
        }
    }
}
