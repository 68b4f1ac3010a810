/// Collects the instances of a study page by page.
struct InstanceListing: Sendable {
    /// Instances that are asked for at a time.
    var pageSize = 5000
    /// The most that are collected; beyond it an instance that is there is told as stored anew, and nothing else is wrong.
    var countMax = 1_000_000

    /// The identifiers of all pages; one that has none counts all the same.
    ///
    /// A server may give fewer than it is asked for, so only a page with nothing on it is the end.
    func collect(
        _ page: (_ limit: Int, _ offset: Int) async throws -> [String?]
    ) async throws -> Set<String> {
        var found: Set<String> = []
        var offset = 0
        while offset < self.countMax {
            let entries = try await page(min(self.pageSize, self.countMax - offset), offset)
            guard !entries.isEmpty else { break }
            found.formUnion(entries.compactMap(\.self))
            offset += entries.count
        }
        return found
    }
}
