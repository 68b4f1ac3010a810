package import CollimatorCore
internal import FoundationEssentials

extension CatalogStore {
    /// Notes that what the catalog holds of the store is all that the store has, as of now, as if a first walk had just
    /// ended; its entries were put with sweep 1.
    ///
    /// For a catalog that was filled by other means than the synchronisation: whoever opens it next finds it current.
    package func markComplete(_ store: StoreName) async throws {
        var state = StoreState()
        state.lastSweep = 1
        state.isComplete = true
        state.asOfMilliseconds = Int64(self.clock.now().timeIntervalSince1970 * 1_000)
        state.expectedStudies = try await self.count(in: store)
        try await self.setState(try state.encoded(), of: store)
    }
}
