import FoundationEssentials

/// An item of a list, as a row of a table.
protocol ListedRow: Decodable, Sendable {
    static var header: [String] { get }
    var cells: [String] { get }
}

extension GatewayClient {
    /// A page of a list.
    private struct Page<Item: Decodable>: Decodable {
        let items: [Item]
        let nextCursor: String?
    }

    /// The items of a list, from all of its pages.
    func allItems<Item: Decodable>(_ type: Item.Type, at url: String) async throws -> [Item] {
        var items: [Item] = []
        var cursor: String?
        repeat {
            let query = "?limit=200" + (cursor.map { "&cursor=\($0)" } ?? "")
            let page = try Self.decode(Page<Item>.self, try await self.get(url + query))
            items += page.items
            cursor = page.nextCursor
        } while cursor != nil
        return items
    }

    /// Prints a list: as a table, or as JSON with an item on each line.
    func show<Row: ListedRow>(
        _ type: Row.Type,
        at path: String,
        asJSON: Bool,
        cellMax: Int = 64
    ) async throws {
        let url = "\(self.access.root)\(path)"
        if asJSON {
            for item in try await self.allItems(JSONTree.self, at: url) {
                Console.standardOutput.line(try item.line)
            }
            return
        }
        var table = TextTable(header: Row.header)
        table.rows = try await self.allItems(Row.self, at: url).map(\.cells)
        for line in table.lines(cellMax: cellMax) { Console.standardOutput.line(line) }
    }
}
