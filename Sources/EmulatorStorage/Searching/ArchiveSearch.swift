package import CollimatorCore
package import DICOMweb

/// A question to the index: which studies, series or instances match, and which attributes are wanted.
package struct ArchiveSearch: Sendable, Hashable {
    package var store: DICOMStoreName
    package var level: SearchLevel
    /// The study of the request's path.
    package var study: StudyUID?
    /// The series of the request's path.
    package var series: SeriesUID?
    /// Conditions that all must hold; a key of a level below `level` must not be among them.
    package var match: [SearchMatch]
    package var include: IncludeSelection
    package var limit: Int
    /// How many matches are passed over.
    ///
    /// Their index entries are stepped over one by one, so a page costs time in proportion to `offset + limit`, though
    /// nothing of the passed rows is read.
    package var offset: Int
    /// What the bulk data URIs of an answer begin with: the URL of the store's DICOMweb service.
    package var dicomWebRoot: String

    package init(
        store: DICOMStoreName,
        level: SearchLevel,
        match: [SearchMatch] = [],
        include: IncludeSelection = .default,
        limit: Int = 100,
        offset: Int = 0,
        dicomWebRoot: String
    ) {
        self.store = store
        self.level = level
        self.match = match
        self.include = include
        self.limit = limit
        self.offset = offset
        self.dicomWebRoot = dicomWebRoot
    }
}

/// One condition of a search.
package enum SearchMatch: Sendable, Hashable {
    /// The attribute has exactly this value. A person name without `=` is compared with the alphabetic group, one with
    /// `=` with all groups; padding and trailing empty components do not count.
    case equals(SearchKey, String)
    /// The study's date lies between the two, both included; an absent bound leaves that side open. `YYYYMMDD` each.
    case studyDate(from: String?, through: String?)
    /// Every word of the text begins a word of the patient's name; case and accents do not count.
    case fuzzyPatientName(String)
}

/// Which attributes a search returns.
package enum IncludeSelection: Sendable, Hashable {
    /// Those that the level and the levels above return by default.
    case `default`
    /// Those and everything else that can be had at the level.
    case all
    /// Those of the default and these.
    case fields([Tag])
}
