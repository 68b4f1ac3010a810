package import CollimatorCore

/// What somebody may see of each store; of a store that is not named, nothing.
package struct CatalogVisibility: Hashable, Sendable {
    private var ofEach: [StoreName: StoreVisibility]
    private let others: StoreVisibility

    package init(_ stores: [StoreName: StoreVisibility]) {
        self.ofEach = stores
        self.others = .nothing
    }

    private init(others: StoreVisibility) {
        self.ofEach = [:]
        self.others = others
    }

    /// All of every store: for work of the program itself and never for somebody's list.
    package static let everything = CatalogVisibility(others: .everything)

    package subscript(store: StoreName) -> StoreVisibility { self.ofEach[store] ?? self.others }
}

/// What somebody may see of one store: what is allowed and not denied.
package struct StoreVisibility: Hashable, Sendable {
    /// Whether all is allowed that is not denied.
    package var allowsAll: Bool
    package var allowed: StudySelection
    package var denied: StudySelection

    package init(
        allowsAll: Bool = false,
        allowed: StudySelection = StudySelection(),
        denied: StudySelection = StudySelection()
    ) {
        self.allowsAll = allowsAll
        self.allowed = allowed
        self.denied = denied
    }

    package static let everything = StoreVisibility(allowsAll: true)
    package static let nothing = StoreVisibility()

    /// Whether nothing can be visible, whatever there is.
    package var isNothing: Bool { !self.allowsAll && self.allowed.isEmpty }
}

/// Studies that selectors pick or that are named.
package struct StudySelection: Hashable, Sendable {
    /// The keys of selectors.
    package var selectors: Set<String>
    /// Studies by UID, with how much of each.
    package var studies: NamedStudies

    package init(selectors: Set<String> = [], studies: NamedStudies = [:]) {
        self.selectors = selectors
        self.studies = studies
    }

    /// Adds what the other selects.
    package mutating func formUnion(_ other: StudySelection) {
        if self.selectors.isEmpty {
            self.selectors = other.selectors
        } else {
            self.selectors.formUnion(other.selectors)
        }
        self.studies.formUnion(other.studies)
    }

    package var isEmpty: Bool { self.selectors.isEmpty && self.studies.isEmpty }
}
