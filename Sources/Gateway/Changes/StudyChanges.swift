package import CollimatorCore
package import DICOMweb

/// Something that was written through the gateway and changed what a study is.
///
/// It says that the study is to be looked at again, not what is in it now: whoever hears of it asks the store.
package struct StudyChange: Hashable, Sendable {
    package let store: StoreName
    package let study: StudyUID
    package let kind: Kind

    package init(_ kind: Kind, of study: StudyUID, in store: StoreName) {
        self.kind = kind
        self.study = study
        self.store = store
    }

    /// What was done.
    package enum Kind: String, Sendable, CaseIterable {
        /// At least one instance was stored, or was there already.
        case stored
        /// The study, a series or an instance of it was deleted, or its deletion was begun.
        case deleted
    }
}

/// Hears of every study that was written through the gateway, whichever tree the request came by.
///
/// It is called once per study and request, after the upstream has answered and before the caller is answered; it must
/// return quickly and cannot fail the request.
package struct StudyChanges: Sendable {
    package var report: @Sendable (_ change: StudyChange) async -> Void

    package init(report: @escaping @Sendable (_ change: StudyChange) async -> Void) {
        self.report = report
    }

    /// Nobody listens.
    package static let unheard = StudyChanges { _ in }
}
