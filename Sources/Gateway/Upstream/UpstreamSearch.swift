package import DICOMweb

/// A search as the upstream understands it (PS3.18 §10.6), already validated.
package struct UpstreamSearch: Hashable, Sendable {
    /// What is searched for, and where.
    package enum Scope: Hashable, Sendable {
        case studies
        case series(of: StudyUID)
        /// Series of the whole store.
        case allSeries
        case instances(of: StudyUID)
        /// Instances of the whole store.
        case allInstances
    }

    package var scope: Scope
    /// Attributes and the values they must have.
    package var matches: [Match]
    /// Whether the patient's name is compared term by term as a prefix.
    package var isFuzzy: Bool
    /// Attributes wanted beyond those that the upstream gives anyway.
    package var includedFields: [Tag]
    /// Whether every attribute that the upstream has is wanted, whatever ``includedFields`` says.
    package var includesAllFields = false
    package var limit: Int
    package var offset: Int

    package init(_ scope: Scope, matches: [Match] = [], isFuzzy: Bool = false, limit: Int, offset: Int = 0) {
        self.scope = scope
        self.matches = matches
        self.isFuzzy = isFuzzy
        self.includedFields = []
        self.limit = limit
        self.offset = offset
    }

    /// One attribute and the value it must have.
    package struct Match: Hashable, Sendable {
        package let tag: Tag
        package let value: String

        package init(_ tag: Tag, _ value: String) {
            self.tag = tag
            self.value = value
        }
    }
}
