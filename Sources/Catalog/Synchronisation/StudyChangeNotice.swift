package import CollimatorCore
package import DICOMweb

/// A study became another one in the catalog, and how that came to be known.
///
/// What the first backfill and a rebuild bring is told to nobody, and neither is counting, which completes what is known.
package struct StudyChangeNotice: Hashable, Sendable {
    package let store: StoreName
    package let study: StudyUID
    package let kind: Kind
    package let origin: Origin

    package init(store: StoreName, study: StudyUID, kind: Kind, origin: Origin) {
        self.store = store
        self.study = study
        self.kind = kind
        self.origin = origin
    }

    /// What became of the study.
    package enum Kind: String, Sendable, CaseIterable {
        case created
        case updated
        case deleted
    }

    /// Who said so; where several did, the last of this list.
    package enum Origin: Int, Sendable, CaseIterable, Comparable {
        /// Nobody: the catalog and the store were found to differ.
        case reconciled
        /// An event of the store.
        case noticed
        /// It was written through this service.
        case written

        package static func < (left: Origin, right: Origin) -> Bool { left.rawValue < right.rawValue }
    }
}
