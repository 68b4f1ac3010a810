import Testing

@testable import collimator

@Suite("The instances that a destination has")
struct InstanceListingTests {
    /// Collects from a server that has so many and gives at most `cap` at a time.
    private static func collect(_ listing: InstanceListing, count: Int, cap: Int) async -> (found: Int, asked: Int) {
        var asked = 0
        let found = try? await listing.collect { limit, offset in
            asked += 1
            return (offset..<max(offset, min(count, offset + min(limit, cap)))).map { "1.\($0)" }
        }
        return (found?.count ?? -1, asked)
    }

    @Test("are all found where the server gives fewer at a time than it is asked for", arguments: [1, 3, 7, 10, 100])
    func capped(cap: Int) async {
        let result = await Self.collect(InstanceListing(pageSize: 10), count: 23, cap: cap)
        #expect(result.found == 23)
    }

    @Test("are asked for no more often than the limit allows, though the server never ends")
    func endless() async {
        let result = await Self.collect(InstanceListing(pageSize: 10, countMax: 50), count: .max, cap: 10)
        #expect(result == (50, 5))
    }

    @Test("one without an identifier counts as a place, not as an instance")
    func nameless() async throws {
        let pages: [[String?]] = [["1", nil], [nil, "2"], []]
        var offsets: [Int] = []
        let found = try await InstanceListing(pageSize: 2).collect { _, offset in
            offsets.append(offset)
            return pages[offsets.count - 1]
        }
        #expect(found == ["1", "2"])
        #expect(offsets == [0, 2, 4])
    }
}
