import ArgumentParser
import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOFoundationEssentialsCompat

/// `collimator search`: studies of a store, as a table or as JSON.
struct SearchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "Search a store for studies.",
        discussion: """
            What is given must match all together; without anything, everything is listed.

              collimator search --patient-name smi --from 2026-01-01
              collimator search --modality CT --limit 20
              collimator search --patient-id MRN-1 --json
            """
    )

    @OptionGroup(title: "Filters") var filters: StudyFilters

    @Option(help: "Only studies with a series of this kind, such as CT; repeat it for any of several.")
    var modality: [String] = []

    @Option(help: "The most studies to show.")
    var limit = 50

    @Flag(help: "Show JSON, one study on each line.")
    var json = false

    @OptionGroup(title: "Gateway") var gateway: GatewayOptions

    /// How many studies one request asks for.
    private static let pageSize = 200
    /// How many studies are looked at for a modality, which the archive cannot search for.
    private static let lookedAtMax = 2000

    func validate() throws {
        guard (1...10_000).contains(self.limit) else { throw ValidationError("The limit must be from 1 to 10000.") }
    }

    func run() async throws {
        let access = try self.gateway.access()
        let httpClient = HTTPClient(configuration: DICOMTransport.configuration())
        do {
            try await self.search(GatewayClient(access: access, httpClient: httpClient))
        } catch {
            try await httpClient.shutdown()
            throw error
        }
        try await httpClient.shutdown()
    }

    private func search(_ client: GatewayClient) async throws {
        if !self.modality.isEmpty {
            Console.standardError.line(
                "note: the archive cannot search for a modality; the studies found are looked at one by one."
            )
        }
        var shown: [(study: FoundStudy, json: String)] = []
        var lookedAt = 0
        var cursor: String?
        var isCut = false
        repeat {
            let page = try await self.page(client, cursor: cursor)
            cursor = page.nextCursor
            for study in page.items {
                guard shown.count < self.limit, self.modality.isEmpty || lookedAt < Self.lookedAtMax else {
                    isCut = true
                    cursor = nil
                    break
                }
                lookedAt += 1
                guard let found = try await self.detailed(study, client) else { continue }
                shown.append(found)
            }
        } while cursor != nil
        self.show(shown, isCut: isCut)
    }

    private func page(_ client: GatewayClient, cursor: String?) async throws -> FoundPage {
        let size = self.modality.isEmpty ? min(self.limit + 1, Self.pageSize) : Self.pageSize
        var parameters = self.filters.parameters + [("limit", String(size))]
        if let cursor { parameters.append(("cursor", cursor)) }
        let body = try await client.get("\(client.access.api)/studies?\(queryText(parameters))")
        return try Self.decode(FoundPage.self, body)
    }

    /// The study with what only its own page tells; nil where its series are of other kinds.
    private func detailed(
        _ study: FoundStudy,
        _ client: GatewayClient
    ) async throws -> (study: FoundStudy, json: String)? {
        let body = try await client.get("\(client.access.api)/studies/\(study.uid)")
        let full = try Self.decode(FoundStudy.self, body)
        let wanted = Set(self.modality.map { $0.uppercased() })
        guard wanted.isEmpty || !wanted.isDisjoint(with: full.modalities ?? []) else { return nil }
        return (full, String(buffer: body))
    }

    private func show(_ found: [(study: FoundStudy, json: String)], isCut: Bool) {
        let output = Console.standardOutput
        if self.json {
            for one in found { output.line(one.json) }
        } else if found.isEmpty {
            output.line("No study matches.")
        } else {
            var table = TextTable(header: FoundStudy.header)
            table.rows = found.map(\.study.cells)
            for line in table.lines(cellMax: 32) { output.line(line) }
        }
        if isCut { Console.standardError.line("note: there are more; ask for them with --limit.") }
    }

    private static func decode<Value: Decodable>(_ type: Value.Type, _ body: ByteBuffer) throws -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(body.readableBytesView))
        } catch {
            throw CommandFailure.notDone("The gateway's answer cannot be read; is it a Collimator?")
        }
    }
}
