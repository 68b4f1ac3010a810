package import DICOMweb

/// Picks studies, or some series of them, by what the catalog knows about them.
///
/// What it picks is kept as rows, worked out when the study or the set of selectors changes, so that a list joins rows
/// and evaluates nothing. The catalog does not know what a selector is for.
package struct StudySelector: Sendable {
    /// Says all of what is picked: rows that were kept under a key are taken for those of any selector with this key,
    /// also by a later start of the program.
    package let key: String
    /// The only study of which anything is picked; nil where it may be any.
    ///
    /// There may be a hundred thousand of these: they cost nothing when another study comes.
    package let study: StudyUID?
    /// What is picked of a study.
    package let part: @Sendable (StudyEntry) -> StudyPart

    package init(
        key: String,
        study: StudyUID? = nil,
        part: @escaping @Sendable (StudyEntry) -> StudyPart
    ) {
        self.key = key
        self.study = study
        self.part = part
    }
}

/// How much of a study.
package enum StudyPart: Hashable, Sendable {
    case nothing
    /// These series and nothing else; of what is denied, none where there may be some later.
    case series(Set<SeriesUID>)
    /// All that is in it, also what comes later.
    case whole

    /// Some series; nothing where there are none.
    package init(_ series: Set<SeriesUID>) {
        self = series.isEmpty ? .nothing : .series(series)
    }

    /// All that is in one or the other.
    package func union(_ other: StudyPart) -> StudyPart {
        switch (self, other) {
        case (.whole, _), (_, .whole): .whole
        case (.nothing, let part), (let part, .nothing): part
        case (.series(let some), .series(let others)): .series(some.union(others))
        }
    }

    /// What is left of it without the other; `all` are the series of the study.
    ///
    /// Where some may be taken from the whole, what is left are the series that are known: one that comes later may be of
    /// those that are taken. Of a study whose series nobody knows nothing is left then.
    package func subtracting(_ other: StudyPart, of all: @autoclosure () throws -> Set<SeriesUID>) rethrows -> StudyPart
    {
        switch (self, other) {
        case (_, .whole), (.nothing, _): return .nothing
        case (_, .nothing): return self
        case (.series(let some), .series(let taken)): return StudyPart(some.subtracting(taken))
        case (.whole, .series(let taken)):
            return StudyPart(try all().subtracting(taken))
        }
    }
}
