package import CollimatorCore
package import DICOMweb

/// A study as the upstream describes it, on its way into the catalog.
package struct StudyEntry: Hashable, Sendable {
    package var study: StudyUID
    /// Every attribute of the study level that is known (`includefield=all`).
    package var attributes: DataSet
    /// Further descriptions of the same study by instances that disagree with it; their values are found too.
    package var variants: [DataSet]
    /// Its series; nil where nobody has asked yet.
    package var series: [SeriesEntry]?

    package init(study: StudyUID, attributes: DataSet, variants: [DataSet] = [], series: [SeriesEntry]? = nil) {
        self.study = study
        self.attributes = attributes
        self.variants = variants
        self.series = series
    }

    /// The modalities of its series, each once, in alphabetical order; what the upstream said where the series are not
    /// known, else nil.
    package var modalities: [String]? {
        if let series { return series.modalities }
        let said = self.attributes.strings(.modalitiesInStudy)
        return said.isEmpty ? nil : Set(said).sorted()
    }

    /// How many instances it has; nil where one of its series was not counted.
    package var instanceCount: Int? {
        self.series?.instanceCount
    }

    /// What sorts it by time.
    package var moment: StudyMoment {
        StudyMoment(date: self.attributes.string(.studyDate), time: self.attributes.string(.studyTime))
    }
}

/// A series as the upstream describes it.
package struct SeriesEntry: Hashable, Sendable {
    package var series: SeriesUID
    /// Every attribute of the series level that is known.
    package var attributes: DataSet
    /// Nil where nobody has counted.
    package var instanceCount: Int?
    /// Who stored its instances, where every one of them was stored through us; else empty.
    ///
    /// This and ``references`` are not of the upstream's description, and have no part in whether that has changed.
    package var uploaders: Set<Principal> = []
    /// The series that its objects refer to; nil where nobody has read that.
    package var references: Set<SeriesUID>?

    /// Kinds of objects that are made from others and refer to them: segmentations, reports, presentation states, key
    /// objects and structure sets.
    package static let derivedModalities: Set<String> = ["SEG", "SR", "PR", "KO", "RTSTRUCT"]

    /// Whether it is of such a kind.
    package var isDerived: Bool { self.attributes.string(.modality).map(Self.derivedModalities.contains) ?? false }

    package init(series: SeriesUID, attributes: DataSet, instanceCount: Int? = nil) {
        self.series = series
        self.attributes = attributes
        self.instanceCount = instanceCount
    }
}

extension [SeriesEntry] {
    /// Their modalities, each once, in alphabetical order.
    package var modalities: [String] { Set(self.compactMap { $0.attributes.string(.modality) }).sorted() }

    /// How many instances they have; nil where one of them was not counted.
    package var instanceCount: Int? {
        self.reduce(0 as Int?) { sum, next in
            guard let sum, let count = next.instanceCount else { return nil }
            return sum + count
        }
    }
}
