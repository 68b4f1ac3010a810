import AccessControl
import CollimatorCore

/// The stores that a caller may read.
struct ReadableStores: Sendable {
    let stores: StoreDirectory
    let authorizer: Authorizer

    /// All of them, in the order of their names.
    func all(for principal: Principal) -> [GatewayStore] {
        self.stores.all.filter { store in
            self.authorizer.decide(principal, .dicomWebRead, on: .store(store.name)).isAllowed
        }
    }

    /// Those that are named, or all where none is.
    ///
    /// A name of a store that is hidden from the caller gets the answer of one that nobody has heard of.
    func stores(named names: [String], for principal: Principal) throws(CollimatorError) -> [GatewayStore] {
        let readable = self.all(for: principal)
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
