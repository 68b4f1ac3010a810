import ArgumentParser
import FoundationEssentials
import NIOCore
import NIOHTTP1

/// `collimator catalog`: the gateway's index of the stores.
struct CatalogCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "catalog",
        abstract: "See how current the gateway's index of the stores is, or make it anew.",
        discussion: """
            Searches are answered from an index that the gateway keeps of every store.

              collimator catalog status
              collimator catalog rebuild --store radiology
            """,
        subcommands: [CatalogStatusCommand.self, CatalogRebuildCommand.self]
    )
}

/// `collimator catalog status`: a line for each store.
struct CatalogStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show how current the index of each store is.",
        discussion: """
              collimator catalog status
              collimator catalog status --store radiology --json
            """
    )

    @Option(help: "Only this store, by the name it has in the gateway (default: all).")
    var store: String?

    @Flag(help: "Show JSON, one store on each line.")
    var json = false

    @OptionGroup(title: "Gateway") var gateway: GatewayConnectionOptions

    func run() async throws {
        let access = try self.gateway.access(to: self.store ?? "radiology")
        try await GatewayClient.with(access) { client in
            if self.json {
                for store in try await self.stores(JSONTree.self, client) {
                    Console.standardOutput.line(try store.line)
                }
                return
            }
            var table = TextTable(header: CatalogedStore.header)
            table.rows = try await self.stores(CatalogedStore.self, client).map(\.cells)
            for line in table.lines(cellMax: 32) { Console.standardOutput.line(line) }
        }
    }

    private func stores<Store: Decodable>(_ type: Store.Type, _ client: GatewayClient) async throws -> [Store] {
        guard self.store == nil else {
            return [try GatewayClient.decode(Store.self, try await client.get(client.access.api))]
        }
        return try GatewayClient.decode(ListedItems<Store>.self, try await client.get("\(client.access.root)/stores"))
            .items
    }
}

/// `collimator catalog rebuild`: has the index of a store made anew.
struct CatalogRebuildCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebuild",
        abstract: "Make the index of a store anew; the store itself stays as it is.",
        discussion: """
            Until it is done searches of the store are not complete, and say so.

              collimator catalog rebuild --store radiology
            """
    )

    @Option(help: "The store, by the name it has in the gateway.")
    var store: String

    @OptionGroup(title: "Gateway") var gateway: GatewayConnectionOptions

    func run() async throws {
        try await GatewayClient.with(try self.gateway.access(to: self.store)) { client in
            _ = try await client.call(.POST, "\(client.access.api)/catalog-rebuilds")
            Console.standardOutput.line(
                "The index of \(self.store) is being made anew; `collimator catalog status` shows how far it is."
            )
        }
    }
}

/// A list of the gateway that is one page long.
private struct ListedItems<Item: Decodable>: Decodable {
    let items: [Item]
}

/// A store as the gateway describes it; only what the table shows.
struct CatalogedStore: Decodable, Sendable {
    let name: String
    let studyCount: Int?
    let catalog: Catalog?

    struct Catalog: Decodable, Sendable {
        let phase: String
        let progressPercent: Int?
        let asOf: String?
        let complete: Bool
    }

    /// The columns of the table.
    static let header = ["STORE", "STATE", "PROGRESS", "STUDIES", "AS OF"]

    var cells: [String] {
        [
            self.name, self.catalog?.phase ?? "not indexed", self.catalog?.progressPercent.map { "\($0) %" } ?? "",
            self.studyCount.map(String.init) ?? "", self.catalog?.asOf ?? "",
        ]
    }
}
