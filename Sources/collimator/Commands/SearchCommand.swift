import ArgumentParser
import FoundationEssentials
import NIOCore
import NIOHTTP1

/// `collimator search`: studies of the stores, as a table or as JSON.
struct SearchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "Search the stores for studies.",
        discussion: """
            What is given must match all together; without anything, everything is listed. Case and accents never \
            count.

              collimator search --patient-name smi --from 2026-01-01
              collimator search --query "smith chest"
              collimator search --modality CT --modality MR --sort patientName --limit 20
              collimator search --patient-id "MRN-*" --store radiology --all --json
            """
    )

    @OptionGroup(title: "Filters") var filters: StudyFilters

    @Option(help: "Only this store, by the name it has in the gateway; repeat it for several (default: all).")
    var store: [String] = []

    @Option(help: "The order: date, patientName or updatedAt; downwards as --sort=-date (default: -date).")
    var sort: String?

    @Option(help: "The most studies to show (default: 50).")
    var limit: Int?

    @Flag(help: "Show all that match.")
    var all = false

    @Flag(help: "Show JSON, one study on each line.")
    var json = false

    @OptionGroup(title: "Gateway") var gateway: GatewayConnectionOptions

    /// How many studies one request asks for.
    private static let pageSize = 200
    private static let limitDefault = 50

    func validate() throws {
        guard !self.all || self.limit == nil else { throw ValidationError("Give --all or --limit, not both.") }
        guard (1...10_000).contains(self.limit ?? Self.limitDefault) else {
            throw ValidationError("The limit must be from 1 to 10000.")
        }
    }

    func run() async throws {
        try await GatewayClient.with(try self.gateway.access()) { client in
            if self.json { try await self.showJSON(client) } else { try await self.showTable(client) }
        }
    }

    private func showTable(_ client: GatewayClient) async throws {
        var table = TextTable(header: FoundStudy.header)
        let last = try await self.pages(FoundStudy.self, client) { table.rows.append(contentsOf: $0.map(\.cells)) }
        let output = Console.standardOutput
        if table.rows.isEmpty {
            output.line("No study matches.")
        } else {
            for line in table.lines(cellMax: 32) { output.line(line) }
            let sum = FoundSum(
                shown: table.rows.count,
                total: last.total,
                isLowerBound: last.totalIsLowerBound ?? false
            )
            output.line("\n\(sum.line)")
        }
    }

    private func showJSON(_ client: GatewayClient) async throws {
        try await self.pages(JSONTree.self, client) { items in
            for item in items { Console.standardOutput.line(try item.line) }
        }
    }

    /// Calls the closure with page after page, as far as they are wanted; gives the last.
    @discardableResult
    private func pages<Study>(
        _ type: Study.Type,
        _ client: GatewayClient,
        _ show: ([Study]) throws -> Void
    ) async throws -> FoundPage<Study> {
        let wanted = self.all ? Int.max : self.limit ?? Self.limitDefault
        var search = SearchRequest(self.filters, stores: self.store, sort: self.sort, limit: 1)
        var shown = 0
        while true {
            search.limit = min(wanted - shown, Self.pageSize)
            let body = try await client.call(
                .POST,
                "\(client.access.root)/studies/search",
                json: try JSONEncoder().encode(search)
            )
            let page = try GatewayClient.decode(FoundPage<Study>.self, body)
            try show(page.items)
            shown += page.items.count
            search.cursor = page.nextCursor
            guard search.cursor != nil, shown < wanted else {
                self.note(isCut: search.cursor != nil, isComplete: page.complete)
                return page
            }
        }
    }

    private func note(isCut: Bool, isComplete: Bool) {
        if isCut { Console.standardError.line("note: there are more; ask for them with --limit or --all.") }
        if !isComplete {
            Console.standardError.line(
                "note: the list is not complete yet: a store is still being indexed; see `collimator catalog status`."
            )
        }
    }
}
