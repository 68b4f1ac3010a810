import Catalog
package import CollimatorCore

/// What is known of a study, as far as rules can ask for it.
///
/// A study is described by many instances, which need not agree: every distinct value is here.
package struct AccessFacts: Sendable, Hashable {
    /// Every distinct value; the empty text stands for an instance that has none.
    package var values: [StudyProperty: Set<String>]
    package var patients: Set<PatientIdentity>
    /// Its series; nil where nobody knows them.
    package var series: [AccessSeriesFacts]?

    package init(
        values: [StudyProperty: Set<String>] = [:],
        patients: Set<PatientIdentity> = [],
        series: [AccessSeriesFacts]? = nil
    ) {
        self.values = values
        self.patients = patients
        self.series = series
    }

    /// The UIDs of its series; nil where nobody knows them.
    var seriesUIDs: Set<String>? { self.series.map { Set($0.map(\.uid)) } }
}

/// Properties of a study that are texts.
package enum StudyProperty: String, Sendable, CaseIterable {
    /// `YYYYMMDD`.
    case date
    case institution
    case referringPhysician
    case accessionNumber
    case description
}

/// A patient, as whoever issued the number knows it.
package struct PatientIdentity: Sendable, Hashable {
    package let id: String
    /// Nil where nothing says who issued it.
    package let issuer: String?

    package init(id: String, issuer: String?) {
        self.id = id
        self.issuer = issuer
    }
}

/// What is known of a series.
package struct AccessSeriesFacts: Sendable, Hashable {
    package var uid: String
    /// Every distinct modality; empty where none is known.
    package var modalities: Set<String>
    /// The series that its objects refer to; nil where nobody knows.
    package var references: Set<String>?
    /// Who stored its instances; empty where nobody knows.
    package var uploaders: Set<Principal>

    package init(
        uid: String,
        modalities: Set<String>,
        references: Set<String>? = nil,
        uploaders: Set<Principal> = []
    ) {
        self.uid = uid
        self.modalities = modalities
        self.references = references
        self.uploaders = uploaders
    }

    /// Whether it can only be of a kind that is made from other series: segmentations, reports, presentation states,
    /// key objects and structure sets.
    var isDerived: Bool {
        !self.modalities.isEmpty && self.modalities.isSubset(of: SeriesEntry.derivedModalities)
    }
}
