package import Catalog
package import CollimatorCore
internal import DICOMweb

/// Someone who is called when something changes.
package struct WebhookEndpoint: Hashable, Sendable {
    package let id: String
    package let url: String
    package let state: State
    package let filter: WebhookFilter
    package let policy: EventDataPolicy
    /// How many calls in a row have failed.
    package let failures: Int

    /// The principal whose rules decide what it gets.
    package var principalID: String { self.id }

    /// Whether it is called.
    package enum State: String, Sendable, CaseIterable {
        /// Nobody has shown yet that the endpoint wants to be called: it gets nothing but the challenge.
        case unproved
        case active
        /// It answered 410: it wants nothing any more.
        case gone
        /// It has failed for too long.
        case failing
        /// Somebody switched it off.
        case off
    }
}

/// Which events an endpoint asks for; an empty list asks for all.
package struct WebhookFilter: Hashable, Sendable, Codable {
    package var types: [String] = []
    package var stores: [String] = []
    package var modalities: [String] = []

    /// The most values of one list.
    package static let valuesMax = 100

    package init() {}

    /// - Throws: `invalid-input` for lists that are too long or name types that there are not.
    package func check() throws(CollimatorError) {
        let isKnown = self.types.allSatisfy { ChangeEvent.Kind(rawValue: $0) != nil }
        let isShort = [self.types, self.stores, self.modalities].allSatisfy { $0.count <= Self.valuesMax }
        guard isKnown, isShort, self.stores.allSatisfy({ StoreName($0) != nil }),
            self.modalities.allSatisfy({ (1...16).contains($0.utf8.count) })
        else {
            throw CollimatorError(
                .invalidInput,
                "the filter of an endpoint cannot be used",
                publicDetail: "The filter names types, stores or modalities that cannot be, or more than 100 of them."
            )
        }
    }

    func passes(_ event: ChangeEvent) -> Bool {
        guard self.types.isEmpty || self.types.contains(event.type.rawValue) else { return false }
        if !self.stores.isEmpty {
            guard let store = event.store, self.stores.contains(store.rawValue) else { return false }
        }
        guard !self.modalities.isEmpty else { return true }
        return event.attributes.strings(.modalitiesInStudy).contains { self.modalities.contains($0) }
    }
}
