import ArgumentParser
import FoundationEssentials
import NIOCore

/// `collimator audit`: who saw and did what.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "See who saw and did what, and whether the record of it is whole.",
        discussion: """
              collimator audit list --study 1.2.826.0.1.3680043.8.498.1
              collimator audit list --patient-id MRN-1 --issuer HOSP
              collimator audit verify
            """,
        subcommands: [AuditListCommand.self, AuditVerifyCommand.self]
    )
}

/// `collimator audit list`: the latest records that match.
struct AuditListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Show who saw and did what, the latest first.",
        discussion: """
              collimator audit list --caller client:viewer-7 --from 2026-01-01T00:00:00Z
              collimator audit list --outcome refused --limit 500 --json
            """
    )

    @Option(help: "Only what this principal did, such as client:viewer-7.")
    var caller: String?

    @Option(help: "Only what was done in this store.")
    var store: String?

    @Option(help: "Only what was done to this study, by its UID.")
    var study: String?

    @Option(name: .customLong("patient-id"), help: "Only what was done to studies of this patient.")
    var patientID: String?

    @Option(help: "Only patients whose ID was given out by this one.")
    var issuer: String?

    @Option(help: "Only what needs this permission, such as healthcare.dicomStores.dicomWebRead.")
    var action: String?

    @Option(help: "Only success, refused or failed.")
    var outcome: String?

    @Option(help: "Not before this time, such as 2026-01-05T10:41:12Z.")
    var from: String?

    @Option(help: "Before this time.")
    var to: String?

    @Option(help: "The most records to show.")
    var limit = 50

    @Flag(help: "Show JSON, one record on each line.")
    var json = false

    @OptionGroup(title: "Gateway") var gateway: GatewayConnectionOptions

    private static let pageSize = 200

    func validate() throws {
        guard (1...100_000).contains(self.limit) else {
            throw ValidationError("The limit must be from 1 to 100000.")
        }
    }

    func run() async throws {
        try await GatewayClient.with(try self.gateway.access()) { client in
            if self.json {
                try await self.pages(JSONTree.self, client) { items in
                    for item in items { Console.standardOutput.line(try item.line) }
                }
                return
            }
            var table = TextTable(header: ListedAuditRecord.header)
            try await self.pages(ListedAuditRecord.self, client) { table.rows.append(contentsOf: $0.map(\.cells)) }
            for line in table.lines(cellMax: 64) { Console.standardOutput.line(line) }
        }
    }

    /// Calls the closure with page after page, as far as they are wanted.
    private func pages<Record: Decodable>(
        _ type: Record.Type,
        _ client: GatewayClient,
        _ show: ([Record]) throws -> Void
    ) async throws {
        var left = self.limit
        var cursor: String?
        repeat {
            var address = URLComponents()
            address.queryItems = self.filters(limit: min(left, Self.pageSize), cursor: cursor)
            // A plus stands for itself in addresses and for a space in forms.
            let query = (address.percentEncodedQuery ?? "").replacing("+", with: "%2B")
            let page = try GatewayClient.decode(
                AuditRecordPage<Record>.self,
                try await client.get("\(client.access.root)/audit?\(query)")
            )
            try show(page.items)
            left -= page.items.count
            cursor = page.nextCursor
        } while cursor != nil && left > 0
    }

    private func filters(limit: Int, cursor: String?) -> [URLQueryItem] {
        let filters = [
            ("caller", self.caller), ("store", self.store), ("study", self.study), ("patientId", self.patientID),
            ("issuer", self.issuer), ("action", self.action), ("outcome", self.outcome), ("from", self.from),
            ("to", self.to), ("cursor", cursor), ("limit", String(limit)),
        ]
        return filters.compactMap { name, value in value.map { URLQueryItem(name: name, value: $0) } }
    }
}

/// `collimator audit verify`: whether the chain is whole.
struct AuditVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check that no record was changed, put in or taken out.",
        discussion: """
            Note the number and the hash that it prints in another place, and compare them later.

              collimator audit verify
            """
    )

    @OptionGroup(title: "Gateway") var gateway: GatewayConnectionOptions

    func run() async throws {
        try await GatewayClient.with(try self.gateway.access()) { client in
            let answer = try GatewayClient.decode(
                AuditVerificationAnswer.self,
                try await client.get("\(client.access.root)/audit/verification")
            )
            guard answer.intact else {
                throw CommandFailure.notDone("The audit was changed: record \(answer.brokenAt ?? 0) is not as it was.")
            }
            Console.standardOutput.line(
                "The audit is whole: \(answer.records) records, to number \(answer.head.number), \(answer.head.hash)."
            )
        }
    }
}

/// A page of the audit.
private struct AuditRecordPage<Record: Decodable>: Decodable {
    let items: [Record]
    let nextCursor: String?
}

/// What following the chain has shown.
private struct AuditVerificationAnswer: Decodable {
    let intact: Bool
    let records: Int
    let brokenAt: Int64?
    let head: Head

    struct Head: Decodable {
        let number: Int64
        let hash: String
    }
}

/// A record as the table shows it.
private struct ListedAuditRecord: Decodable {
    let time: String
    let caller: String
    let outcome: String
    let route: String
    let store: String?
    let study: String?
    let patient: Patient?
    let count: Int

    struct Patient: Decodable {
        let id: String
    }

    static let header = ["TIME", "CALLER", "OUTCOME", "COUNT", "STORE", "STUDY", "PATIENT", "ROUTE"]

    var cells: [String] {
        [
            self.time, self.caller, self.outcome, String(self.count), self.store ?? "", self.study ?? "",
            self.patient?.id ?? "", self.route,
        ]
    }
}
