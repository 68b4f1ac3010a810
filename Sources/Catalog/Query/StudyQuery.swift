package import CollimatorCore

/// What is asked of the catalog: studies of some stores that meet every condition, in an order, a page at a time.
package struct StudyQuery: Hashable, Sendable {
    /// Where to look; none finds nothing.
    package var stores: [StoreName]
    /// What may be seen of them.
    package var visibility: CatalogVisibility
    /// All must hold.
    package var conditions: [StudyCondition]
    package var order: StudyOrder
    /// How many studies a page has at the most.
    package var limit: Int
    /// The last study of the page before; nil for the first page.
    package var after: ListPosition?
    /// How many matching studies are passed over, after ``after``; for protocols that page by number.
    package var offset = 0
    /// How far the matches are counted.
    package var total = TotalWish.bounded

    /// The most conditions of one query.
    package static let conditionsMax = 32

    package init(
        stores: [StoreName],
        visibility: CatalogVisibility,
        conditions: [StudyCondition] = [],
        order: StudyOrder = StudyOrder(.moment, isDescending: true),
        limit: Int,
        after: ListPosition? = nil
    ) {
        self.stores = stores
        self.visibility = visibility
        self.conditions = conditions
        self.order = order
        self.limit = limit
        self.after = after
    }
}

/// How far the matches of a query are counted.
package enum TotalWish: Hashable, Sendable {
    /// Not at all: the total is a lower bound.
    case none
    /// As far as a list shows: see ``SearchEffort/totalMax``.
    case bounded
    /// To the end, unless that takes longer than ``SearchEffort/exactTotalTime``.
    case exact
}

/// One thing that must hold of a study.
package enum StudyCondition: Hashable, Sendable {
    /// The attribute has one of these values, case and accents apart; none of them holds of no study.
    case anyOf(StudyAttribute, [String])
    /// Every word begins a word of the attribute (PS3.18 §8.3.4.2, fuzzy matching).
    case words(StudyAttribute, [String])
    /// A value of the attribute matches as a whole (PS3.4 §C.2.2.2.4).
    case pattern(StudyAttribute, WildcardPattern)
    /// The study was on one of these days, `YYYYMMDD`; open where nil (PS3.4 §C.2.2.2.5).
    case days(from: Int?, to: Int?)
    /// The catalog's entry of the study changed after this number of the change sequence.
    case changedAfter(Int64)
    /// The catalog's entry of the study changed at this time or later, in milliseconds since 1970.
    case updatedSince(milliseconds: Int64)
    /// Each word begins a word of the patient's name, ID or its issuer, the accession number, the study's description
    /// or ID, the referring physician's or the institution's name.
    case text([String])
    /// Decided on the attributes that are kept, study after study.
    case attribute(AttributeMatch)
    /// Somebody may see it; made of ``StudyQuery/visibility``.
    case visible(VisibleStudies)
}

/// The order of a list.
package struct StudyOrder: Hashable, Sendable {
    package let key: Key
    package let isDescending: Bool

    package init(_ key: Key, isDescending: Bool) {
        self.key = key
        self.isDescending = isDescending
    }

    /// What is compared; studies that agree on it are ordered by the catalog's own number, so that every order is total.
    package enum Key: String, Sendable, CaseIterable {
        /// Date and time.
        case moment
        /// The patient's name, folded; studies without one come first.
        case patientName
        /// The catalog's change sequence.
        case change
    }
}

/// Where a page ended: the sort key and the number of its last study.
///
/// It says nothing of how many rows came before, so rows that arrive or leave meanwhile neither repeat nor skip others.
package struct ListPosition: Hashable, Sendable {
    package let key: Key
    package let study: Int64

    package init(key: Key, study: Int64) {
        self.key = key
        self.study = study
    }

    /// A sort key's value.
    package enum Key: Hashable, Sendable {
        case number(Int64)
        case text(String)
    }
}
