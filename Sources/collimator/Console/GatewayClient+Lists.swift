import FoundationEssentials

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
}
