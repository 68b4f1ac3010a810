import ArgumentParser
import CollimatorApp
import CollimatorCore
import FoundationEssentials
import NIOHTTP1

/// `collimator iam apply`: changes the IAM policies as planned.
struct IAMApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Change the IAM policies of a store and its dataset as the rules ask.",
        discussion: """
            It reads each policy, changes it and writes it back with its etag, again where others were quicker. Bindings that
            no rule asked for stay as they are. The credential is yours: an access token in GOOGLE_OAUTH_ACCESS_TOKEN or in a
            file, or a key file. It goes to the Healthcare API and never to the gateway.

              GOOGLE_OAUTH_ACCESS_TOKEN=$(gcloud auth print-access-token) collimator iam apply --store radiology
              collimator iam apply --store radiology --key-file me.json --yes
            """
    )

    @Option(help: "A file with an access token of yours (default: $GOOGLE_OAUTH_ACCESS_TOKEN).")
    var accessTokenFile: String?

    @Option(help: "A service-account key file of yours.")
    var keyFile: String?

    @Option(help: "Another address of the Healthcare API.")
    var endpoint: String?

    @Flag(help: "Do not ask before anything is changed.")
    var yes = false

    @OptionGroup(title: "Gateway") var gateway: GatewayOptions

    func validate() throws {
        guard self.accessTokenFile == nil || self.keyFile == nil else {
            throw ValidationError("Give either --access-token-file or --key-file.")
        }
    }

    func run() async throws {
        let credential = try self.credential(environment: ProcessInfo.processInfo.environment)
        try await GatewayClient.with(try self.gateway.access()) { client in
            let plan = try await Self.plan("plans", client)
            for line in plan.lines { Console.standardOutput.line(line) }
            guard plan.resources.allSatisfy(\.readable) else { throw plan.unreadable }
            Console.standardOutput.line(plan.summary)
            guard plan.drift == true else { return }
            try self.confirm()
            // What it adds is known for ours before it is there.
            guard try await Self.plan("applications", client).isSame(as: plan) else {
                throw CommandFailure.notDone("The rules or the policy were changed meanwhile.", remedy: "Look again.")
            }
            try await self.apply(plan, credential)
            let after = try await Self.plan("applications", client)
            guard after.drift == false else {
                throw CommandFailure.notDone(
                    "IAM is not yet as the rules ask.",
                    remedy: "`collimator iam plan` shows why."
                )
            }
            Console.standardOutput.line("IAM is as the rules ask.")
        }
    }

    private func apply(_ plan: IAMPlanText, _ credential: DirectPolicies.Credential) async throws {
        let policies = try await DirectPolicies.open(credential, endpoint: self.endpoint)
        do {
            for resource in plan.resources where !resource.isEmpty {
                guard let name = resource.name else {
                    throw CommandFailure.notDone("The gateway's plan names something else than a store and a dataset.")
                }
                let counts = try await policies.change(
                    name,
                    adding: resource.additions.map(\.grant),
                    removing: resource.removals.map(\.grant)
                )
                Console.standardOutput.line("\(name): \(counts.added) added, \(counts.removed) removed.")
            }
        } catch {
            try await policies.close()
            throw error
        }
        try await policies.close()
    }

    private static func plan(_ kind: String, _ client: GatewayClient) async throws -> IAMPlanText {
        let answer = try await client.call(.POST, "\(client.access.api)/iam/\(kind)")
        return try GatewayClient.decode(IAMPlanText.self, answer)
    }

    private func confirm() throws {
        if self.yes { return }
        guard Console.standardOutput.isTerminal else {
            throw CommandFailure.notDone("Nothing was changed: nobody is there to be asked.", remedy: "Give --yes.")
        }
        Console.standardOutput.raw("Change IAM? [y/N] ")
        guard let answer = readLine(), ["y", "yes"].contains(answer.lowercased()) else {
            throw CommandFailure.notDone("Nothing was changed.")
        }
    }

    /// Whose right it is; never found by itself, so that it is never that of a server.
    func credential(environment: [String: String]) throws -> DirectPolicies.Credential {
        if let keyFile { return .keyFile(path: keyFile) }
        if let accessTokenFile {
            let text = String(decoding: try PolicyInput.read(accessTokenFile), as: UTF8.self)
            return .accessToken(text.filter { !$0.isNewline && $0 != " " })
        }
        guard let token = environment["GOOGLE_OAUTH_ACCESS_TOKEN"], !token.isEmpty else {
            throw CommandFailure.notDone(
                "There is no Google credential.",
                remedy: "Set GOOGLE_OAUTH_ACCESS_TOKEN, or give --access-token-file or --key-file."
            )
        }
        return .accessToken(token)
    }
}
