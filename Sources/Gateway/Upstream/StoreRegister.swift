package import CollimatorCore

/// Where the stores that were made here are written down, so that they are there after a restart.
package struct StoreRegister: Sendable {
    /// Writes a store down; it returns once that would outlive a loss of power.
    package var add: @Sendable (_ store: RegisteredStore) async throws -> Void
    /// Strikes stores out.
    package var remove: @Sendable (_ names: [StoreName]) async throws -> Void

    package init(
        add: @escaping @Sendable (_ store: RegisteredStore) async throws -> Void,
        remove: @escaping @Sendable (_ names: [StoreName]) async throws -> Void
    ) {
        self.add = add
        self.remove = remove
    }

    /// Keeps nothing: the stores are gone with the process.
    package static let forgetful = StoreRegister(add: { _ in }, remove: { _ in })
}

/// A store that was made here, as it is written down.
package struct RegisteredStore: Hashable, Sendable {
    package let name: StoreName
    package let resource: DICOMStoreName

    package init(name: StoreName, resource: DICOMStoreName) {
        self.name = name
        self.resource = resource
    }
}
