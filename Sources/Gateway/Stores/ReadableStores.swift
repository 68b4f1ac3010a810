import Catalog
import CollimatorCore
import Identity

/// The stores of which a caller may read anything.
struct ReadableStores: Sendable {
    let stores: StoreDirectory
    let judge: any AccessJudge

    /// All of them, in the order of their names.
    func all(for caller: Caller) -> [GatewayStore] {
        self.stores.all.filter { store in
            !self.judge.visibility(for: caller, of: store.name).isNothing
        }
    }

    /// Those that are named, or all where none is.
    ///
    /// A name of a store that is hidden from the caller gets the answer of one that nobody has heard of.
    func stores(named names: [String], for caller: Caller) throws(CollimatorError) -> [GatewayStore] {
        let readable = self.all(for: caller)
        guard !names.isEmpty else { return readable }
        let known = Set(readable.map(\.name.rawValue))
        guard names.allSatisfy(known.contains) else {
            throw CollimatorError(
                .invalidInput,
                "a search names a store that the caller may not read or that is not there",
                publicDetail: "The parameter store names no store that the caller may read."
            )
        }
        return readable.filter { names.contains($0.name.rawValue) }
    }
}
