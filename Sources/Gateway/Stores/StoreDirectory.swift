package import CollimatorCore

/// A configured store: our name for it, what it is, and the way to it.
package struct GatewayStore: Sendable {
    package let name: StoreName
    /// The resource name, where the store is one of the Healthcare API.
    package let resource: DICOMStoreName?
    package let upstream: StoreUpstream

    package init(name: StoreName, resource: DICOMStoreName?, upstream: StoreUpstream) {
        self.name = name
        self.resource = resource
        self.upstream = upstream
    }
}

/// The configured stores, in the order of their names.
package struct StoreDirectory: Sendable {
    package let all: [GatewayStore]
    private let byName: [StoreName: GatewayStore]

    /// A name that occurs twice is a programmer's error: the configuration has refused it before.
    package init(_ stores: [GatewayStore]) {
        self.all = stores.sorted { $0.name < $1.name }
        self.byName = Dictionary(uniqueKeysWithValues: stores.map { ($0.name, $0) })
    }

    package subscript(name: StoreName) -> GatewayStore? { self.byName[name] }
}
