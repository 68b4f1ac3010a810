package import CollimatorCore
import Synchronization

/// A store that callers reach under a name of ours: what it is, and the way to it.
package struct GatewayStore: Sendable {
    package let name: StoreName
    /// The resource name, where the store is one of the Healthcare API.
    package let resource: DICOMStoreName?
    package let upstream: StoreUpstream
    /// The administrative side of the Healthcare API, where the store is one of its stores.
    package let healthcare: HealthcareUpstream?
    /// Whether the store was made through this service, rather than named in its configuration.
    package let isMadeHere: Bool
    /// Who gave out the patient IDs of instances that do not say so themselves (0010,0021); nil where nobody knows.
    package var issuerOfPatientID: String?
    /// Whether thumbnails also show pixels that may say who the patient is (PS3.18 §10.4.3.3.4).
    package var showsBurnedInPictures = false

    package init(
        name: StoreName,
        resource: DICOMStoreName?,
        upstream: StoreUpstream,
        healthcare: HealthcareUpstream? = nil,
        isMadeHere: Bool = false
    ) {
        self.name = name
        self.resource = resource
        self.upstream = upstream
        self.healthcare = healthcare
        self.isMadeHere = isMadeHere
    }

    /// What the store is: it decides how a search is put.
    package var kind: Kind { self.resource == nil ? .dicomweb : .healthcare }

    /// The kinds of stores.
    package enum Kind: String, Sendable, CaseIterable {
        /// A store of the Healthcare API.
        case healthcare
        /// Any other DICOMweb server.
        case dicomweb
    }
}

/// Hears of stores that are made and deleted through this service, before the caller is answered.
package struct StoreObserver: Sendable {
    /// A store was made, and is known to callers next.
    package var added: @Sendable (_ store: GatewayStore) async -> Void
    /// A store was deleted, and is known to nobody any more.
    package var removed: @Sendable (_ store: StoreName) async -> Void

    package init(
        added: @escaping @Sendable (_ store: GatewayStore) async -> Void,
        removed: @escaping @Sendable (_ store: StoreName) async -> Void
    ) {
        self.added = added
        self.removed = removed
    }

    /// Nobody listens.
    package static let none = StoreObserver(added: { _ in }, removed: { _ in })
}

/// The stores of the service, in the order of their names: the configured ones, and those that were made here since.
///
/// It is shared by everyone who asks for stores; each question is answered from one consistent state.
package final class StoreDirectory: Sendable {
    /// The most stores that can be made here, so that the directory and what is kept of it stay small.
    package static let madeStoresMax = 1_000

    private let state: Mutex<State>
    private let observer: StoreObserver

    /// A name that occurs twice is a programmer's error: the configuration has refused it before.
    package init(_ stores: [GatewayStore], observer: StoreObserver = .none) {
        self.observer = observer
        self.state = Mutex(
            State(byName: Dictionary(uniqueKeysWithValues: stores.map { ($0.name, $0) }), reserved: [])
        )
    }

    package var all: [GatewayStore] {
        self.state.withLock { $0.byName.values.sorted { $0.name < $1.name } }
    }

    package subscript(name: StoreName) -> GatewayStore? {
        self.state.withLock { $0.byName[name] }
    }

    /// The store of that resource name.
    package subscript(resource: DICOMStoreName) -> GatewayStore? {
        self.state.withLock { $0.byName.values.first { $0.resource == resource } }
    }

    /// Keeps a name for a store that is about to be made, so that of two requests only one makes it.
    ///
    /// Whoever reserves a name must ``add(_:)`` a store of it or ``release(_:)`` it.
    /// - Throws: `conflict` where the name or the resource is taken, `rate-limited` where there are too many stores.
    func reserve(_ name: StoreName, for resource: DICOMStoreName) throws(CollimatorError) {
        let refusal: CollimatorError? = self.state.withLock { state in
            guard state.byName[name] == nil, !state.reserved.contains(name),
                !state.byName.values.contains(where: { $0.resource == resource })
            else { return Self.nameTaken }
            guard state.byName.values.count(where: \.isMadeHere) + state.reserved.count < Self.madeStoresMax else {
                return Self.tooMany
            }
            state.reserved.insert(name)
            return nil
        }
        if let refusal { throw refusal }
    }

    /// Gives a reserved name back.
    func release(_ name: StoreName) {
        self.state.withLock { _ = $0.reserved.remove(name) }
    }

    /// Makes the store known, first to the observer.
    func add(_ store: GatewayStore) async {
        await self.observer.added(store)
        self.state.withLock { state in
            state.reserved.remove(store.name)
            state.byName[store.name] = store
        }
    }

    /// Forgets stores that were made here; a configured store stays.
    func remove(_ names: [StoreName]) async {
        let removed = self.state.withLock { state in
            names.filter { name in
                guard state.byName[name]?.isMadeHere == true else { return false }
                state.byName[name] = nil
                return true
            }
        }
        for name in removed { await self.observer.removed(name) }
    }

    private struct State: Sendable {
        var byName: [StoreName: GatewayStore]
        var reserved: Set<StoreName>
    }

    private static var nameTaken: CollimatorError {
        CollimatorError(
            .conflict,
            "the store's name is taken",
            publicDetail: "A store that would have this name exists already. Choose another id."
        )
    }

    private static var tooMany: CollimatorError {
        CollimatorError(
            .rateLimited,
            "too many stores were made here",
            publicDetail: "No more stores can be made through this service."
        )
    }
}
